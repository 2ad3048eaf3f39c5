"""A line's ledger as people read it: the sums of this hour over its gateways, and samples per second.

Rule: the rate is what was received between two sayings of the ledger, by the log's own time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.core.results import Value
from pipeline.view.words import Words

HOUR_MS = 3_600_000
SHORTEST_MS = 2_000  # of less a rate says nothing
ENDS = ("stored", "duplicate", "conflict", "expired", "rejected", "waiting")
USUAL = frozenset({"stored", "duplicate", "expired", "rejected"})


@dataclass(slots=True)
class Counts:
    """`rows`: counts by (gateway, hour), of the newest two hours; `fresh`: received since the last saying."""

    rows: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    rate: float | None = None
    fresh: int | None = None
    said_ms: int | None = None

    def note(self, gateway: str, hour_ms: int, values: Mapping[str, Value], is_first: bool) -> None:
        """One row of the ledger; of one that was said before we looked, we cannot tell what of it is fresh."""
        counted = {name: value for name, value in values.items() if isinstance(value, int)}
        received = counted.get("received", 0)
        before = self.rows.get((gateway, hour_ms), {}).get("received", 0 if is_first else received)
        self.fresh = (self.fresh or 0) + received - before
        self.rows[gateway, hour_ms] = counted
        newest = max(hour for _, hour in self.rows)
        self.rows = {key: row for key, row in self.rows.items() if key[1] >= newest - HOUR_MS}

    def close(self, append_ms: int, began_ms: int) -> None:
        """The record that was said at `append_ms` has been read; nothing is known of the pace before `began_ms`."""
        if self.fresh is None:
            return
        since_ms = began_ms if self.said_ms is None else self.said_ms
        if began_ms <= since_ms < append_ms:
            if append_ms - since_ms < SHORTEST_MS:
                return
            self.rate = self.fresh * 1000 / (append_ms - since_ms)
        self.said_ms, self.fresh = append_ms, None

    def hour(self) -> dict[str, int]:
        """The newest hour, summed over gateways."""
        newest = max((hour for _, hour in self.rows), default=0)
        return summed(row for (_, hour), row in self.rows.items() if hour == newest)


def summed(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        for name, count in row.items():
            found[name] = found.get(name, 0) + count
    return found


def equation(counts: Mapping[str, int], words: Words) -> str:
    """The law of the ledger; what is rare stands there only where it happened.

    >>> equation({"received": 9, "stored": 7, "rejected": 2, "conflict": 0}, Words("en"))
    'received 9 = stored 7 + duplicate 0 + too late 0 + rejected 2, missing 0'
    """
    ends = [name for name in ENDS if name in USUAL or counts.get(name)]
    sums = " + ".join(f"{words[name]} {words.whole(counts.get(name, 0))}" for name in ends)
    missing = counts.get("gap", 0)
    gap = words["gap"].upper() if missing else words["gap"]
    return f"{words['received']} {words.whole(counts.get('received', 0))} = {sums}, {gap} {words.whole(missing)}"
