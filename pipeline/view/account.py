"""What became of samples that were sent: the ledger of their line, before and after.

Rule: nothing is assumed. What the ledger does not say within its time is said to be unknown; others that send on the
same line at the same time are counted too.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from connectors.local_store import LocalStore
from pipeline.view.records import moment

FATES = ("stored", "duplicate", "conflict", "expired", "rejected")
SAID = {"conflict": "contradicting", "expired": "too late"}
SETTLED_S = 45.0
"""The ledger leaves every 10 s, at a heartbeat; the newest samples close when their source pauses."""


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger of one line in a store of this machine, as it stood when this was made; no store: nothing."""

    store: Path
    line: str
    before: Mapping[str, int]

    @classmethod
    def open(cls, store: Path, line: str) -> "Account":
        return cls(store, line, _counts(store, line))

    def since(self) -> dict[str, int]:
        now = _counts(self.store, self.line)
        return {name: now.get(name, 0) - self.before.get(name, 0) for name in FATES}

    def said(self, samples: int, horizon: str) -> tuple[str, bool]:
        """What to tell, and whether anything was stored."""
        found = self.since()
        settled = sum(found.values())
        if not settled:
            return f"{self.line}: none of them is in the ledger; is `parkpulse run` up, on the same broker?", False
        counts = ", ".join(f"{SAID.get(name, name)} {count}" for name, count in found.items())
        waiting = f", not settled yet {samples - settled}" if settled < samples else ""
        why = self._why_late(found["expired"], horizon) if found["expired"] else ""
        return f"{self.line}: of {samples} samples: {counts}{waiting}{why}", found["stored"] > 0

    def _why_late(self, late: int, horizon: str) -> str:
        reach = _reach(self.store, self.line)
        stands = f"; results of the line reach to {moment(reach)}" if reach is not None else ""
        return (
            f"\n{self.line}: {late} samples came too late: more than correction_horizon ({horizon}) behind the line"
            f"{stands}; or their minute began longer ago than that; they are kept in late.v1; replay to a unit or line "
            "of its own, or without --keep-time"
        )


def _counts(store: Path, line: str) -> dict[str, int]:
    if not store.exists():
        return {}
    with closing(LocalStore(store)) as opened:
        table = opened.read("ledger", line)
    sums = table.select(pl.col(name).sum() for name in FATES if name in table.columns)
    return {name: int(sums[name].item()) for name in sums.columns}


def _reach(store: Path, line: str) -> int | None:
    with closing(LocalStore(store)) as opened:
        found = opened.extents("metric", line)
    return max((extent.last_ms + extent.window_s * 1000 for extent in found), default=None)
