"""Rows in time that wait for their pane to close, by pane and in log order within one.

Rule: a row leaves when its source's clock has passed the end of its pane; what stays keeps its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.order import Rows, joined
from pipeline.core.registry import Codes

PANE_MS = 1_000
FEW = 8


@dataclass(slots=True)
class OpenRows:
    """`waiting` i64 by source code: how many rows of it are here (sources past its end have none)."""

    panes: dict[int, list[Rows]] = field(default_factory=dict)
    waiting: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    size: int = 0

    def __len__(self) -> int:
        return self.size

    def add(self, rows: Rows, source_of: Codes) -> None:
        """source_of: i32 by series code."""
        if not len(rows):
            return
        self.size += len(rows)
        came = np.bincount(source_of.take(rows.series))
        self.waiting = grown(self.waiting, len(came), 0)
        self.waiting[: len(came)] += came
        for pane, part in _by_pane(rows):
            self.panes.setdefault(pane, []).append(part)

    def take_due(self, closed: npt.NDArray[np.int64], source_of: Codes) -> Rows:
        """Removes and returns the rows with t < closed[source] (i64 by source code)."""
        before = closed.take(source_of)
        upto = int(closed.max(initial=np.iinfo(np.int64).min))
        out: list[Rows] = []
        for pane in sorted(pane for pane in self.panes if pane * PANE_MS < upto):
            rows = joined(self.panes[pane])
            due = rows.t < before.take(rows.series)
            if due.all():
                del self.panes[pane]
                out.append(rows)
                continue
            self.panes[pane] = [rows.take(np.flatnonzero(~due))]
            out.append(rows.take(np.flatnonzero(due)))
        found = joined(out)
        self.size -= len(found)
        gone = np.bincount(source_of.take(found.series))
        self.waiting[: len(gone)] -= gone
        return found

    def counts(self, source: int, source_of: Codes, since: int) -> Iterator[tuple[int, int]]:
        """(pane, its rows of one source) from pane `since` on, the oldest first."""
        own = source_of == source
        for pane in sorted(pane for pane in self.panes if pane >= since):
            yield pane, sum(int(np.count_nonzero(own.take(chunk.series))) for chunk in self.panes[pane])

    def all(self) -> Rows:
        """All rows, as they wait."""
        return joined([chunk for chunks in self.panes.values() for chunk in chunks])


def _by_pane(rows: Rows) -> Iterator[tuple[int, Rows]]:
    pane = rows.t // PANE_MS
    low, high = int(pane.min()), int(pane.max())
    if low == high:
        yield low, rows
    elif high - low < FEW:
        small = (pane - low).astype(np.uint8)
        for k in range(high - low + 1):
            index = np.flatnonzero(small == k)
            if len(index):
                yield low + k, rows.take(index)
    else:
        order = np.argsort(pane, kind="stable")
        ordered = pane.take(order)
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        for start, index in zip(starts.tolist(), np.split(order, starts[1:]), strict=True):
            yield int(ordered[start]), rows.take(index)
