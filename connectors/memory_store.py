"""The store of tests: results by identity and transitions by (id, transition), in dictionaries.

Rule: it keeps and reads exactly as connectors/local_store.py does; `tests/contract/test_sink.py` holds both to it.
"""

from collections.abc import Sequence

import polars as pl

from connectors.codecs import alerts_json, results_json
from pipeline.core.equipment import is_below
from pipeline.core.ports import Unstorable
from pipeline.core.results import Extent, Result, Transition

Identity = tuple[str, str, str, int, int, str]


class MemoryStore:
    """Sink and reader of one process; everything is gone with it."""

    def __init__(self) -> None:
        self._results: dict[Identity, Result] = {}
        self._alerts: dict[tuple[str, int], Transition] = {}

    def write(self, results: Sequence[Result], alerts: Sequence[Transition]) -> Sequence[Unstorable]:
        for r in results:
            identity = (r.kind, r.equipment, r.name, r.window_s, r.window_start, r.product or "")
            stored = self._results.get(identity)
            if stored is None or r.revision >= stored.revision:
                self._results[identity] = r
        for t in alerts:
            self._alerts.setdefault((t.id, t.transition), t)
        return ()

    def read(
        self,
        kind: str,
        equipment: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
        window_s: int | None = None,
    ) -> pl.DataFrame:
        """Results of one kind at `equipment` and below, with since_ms <= window_start < until_ms."""
        return results_json.read_table(
            [
                results_json.store_row(r)
                for r in list(self._results.values())
                if r.kind == kind
                and is_below(r.equipment, equipment)
                and _is_between(r.window_start, since_ms, until_ms)
                and window_s in (None, r.window_s)
            ]
        )

    def read_alerts(
        self, equipment: str = "", since_ms: int | None = None, until_ms: int | None = None
    ) -> pl.DataFrame:
        """Transitions at `equipment` and below, with since_ms <= event_time_ms < until_ms."""
        return alerts_json.read_table(
            [
                alerts_json.store_row(t)
                for t in list(self._alerts.values())
                if is_below(t.equipment, equipment) and _is_between(t.event_time_ms, since_ms, until_ms)
            ]
        )

    def equipment(self, kind: str) -> list[str]:
        """Paths that have results of one kind, sorted."""
        return sorted({r.equipment for r in list(self._results.values()) if r.kind == kind})

    def extents(self, kind: str, equipment: str = "") -> list[Extent]:
        """What there is of one kind at `equipment` and below, shortest windows first."""
        starts: dict[int, list[int]] = {}
        for r in list(self._results.values()):
            if r.kind == kind and is_below(r.equipment, equipment):
                starts.setdefault(r.window_s, []).append(r.window_start)
        return [Extent(window_s, min(found), max(found)) for window_s, found in sorted(starts.items())]

    def close(self) -> None:
        """Nothing to give back."""


def _is_between(t: int, since_ms: int | None, until_ms: int | None) -> bool:
    return (since_ms is None or t >= since_ms) and (until_ms is None or t < until_ms)
