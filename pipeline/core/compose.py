"""Windows of a series, composed out of its panes, one accumulator for each series and window length.

Rules: panes of a series come in order, so a window is complete when a later pane opens the next one; a window that
the line's clock has passed is published as it stands and again when it changes; windows are aligned to the epoch.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.reduce import Cells, Flags, Floats, Ints

NONE = np.iinfo(np.int64).min

FLOATS = ("ref", "total", "square", "least", "most", "last", "mean_after", "peak")
INTS = ("start", "n", "last_t", "cover")
FLAGS = ("live", "dirty", "published")


@dataclass(slots=True)
class Windows:
    """Columns by series code (accumulators) or by window (tables that leave). `start` NONE: nothing yet."""

    start: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    n: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    last_t: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    cover: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    ref: Floats = field(default_factory=lambda: np.zeros(0))
    total: Floats = field(default_factory=lambda: np.zeros(0))
    square: Floats = field(default_factory=lambda: np.zeros(0))
    least: Floats = field(default_factory=lambda: np.zeros(0))
    most: Floats = field(default_factory=lambda: np.zeros(0))
    last: Floats = field(default_factory=lambda: np.zeros(0))
    mean_after: Floats = field(default_factory=lambda: np.zeros(0))
    peak: Floats = field(default_factory=lambda: np.zeros(0))
    live: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    dirty: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    published: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))

    def grow(self, size: int) -> None:
        for name in FLOATS:
            setattr(self, name, grown(getattr(self, name), size, 0.0))
        for name in INTS:
            setattr(self, name, grown(getattr(self, name), size, NONE if name == "start" else 0))
        for name in FLAGS:
            setattr(self, name, grown(getattr(self, name), size, False))

    def reset(self, codes: npt.NDArray[np.integer]) -> None:
        """Begins anew: what has not left leaves no more."""
        self.start[codes], self.dirty[codes], self.published[codes] = NONE, False, False

    def take(self, index: npt.NDArray[np.integer]) -> "Windows":
        return Windows(**{name: getattr(self, name).take(index) for name in (*INTS, *FLOATS, *FLAGS)})


@dataclass(frozen=True, slots=True)
class Table:
    """Windows that may leave: their series codes, their length (ms) and their columns."""

    width: int
    series: npt.NDArray[np.int32]
    columns: Windows

    def without(self, codes: npt.NDArray[np.integer]) -> "Table":
        """The windows of other series."""
        rest = np.flatnonzero(~np.isin(self.series, codes))
        return Table(self.width, self.series[rest], self.columns.take(rest))


def fold(windows: Windows, cells: Cells, lead_until: Ints, hold_ms: Ints, width: int) -> list[Table]:
    """Adds cells to the accumulators; returns the windows that are complete and not yet out.

    lead_until i64 by cell: how far the sample before the cell's first one covers; hold_ms i64 by series code.
    """
    start = cells.start // width * width
    left: list[Table] = []
    for chosen in _ranks(cells.series):
        series, begin = cells.series[chosen], start[chosen]
        opens = windows.start[series] != begin
        done = series[opens & windows.dirty[series]]
        if len(done):
            left.append(Table(width, done, windows.take(done)))
        if opens.any():
            _open(windows, cells, chosen[opens], begin[opens], lead_until)
        if not opens.all():
            _merge(windows, cells, chosen[~opens], hold_ms)
    return left


def _ranks(series: npt.NDArray[np.int32]) -> list[npt.NDArray[np.intp]]:
    """Places of the first cells of all series, of the second ones, and so on."""
    first = np.append(True, series[1:] != series[:-1])
    place = np.arange(len(series))
    if first.all():
        return [place]
    rank = place - np.maximum.accumulate(np.where(first, place, 0))
    return np.split(np.argsort(rank, kind="stable"), np.cumsum(np.bincount(rank))[:-1])


def _places(codes: npt.NDArray[np.integer]) -> npt.NDArray[np.integer] | slice:
    """The same places, as a slice where rising codes have no hole: it costs a fraction."""
    low, high = int(codes[0]), int(codes[-1]) + 1
    return slice(low, high) if high - low == len(codes) else codes


def _open(windows: Windows, cells: Cells, chosen: npt.NDArray[np.intp], begin: Ints, lead_until: Ints) -> None:
    s, own = _places(cells.series[chosen]), _places(chosen)
    for name in ("n", "ref", "total", "square", "least", "most", "last", "mean_after", "peak", "live", "last_t"):
        getattr(windows, name)[s] = getattr(cells, name)[own]
    lead = np.maximum(0, np.minimum(cells.first_t[chosen], lead_until[chosen]) - begin)
    windows.start[s], windows.cover[s] = begin, lead + cells.cover[chosen]
    windows.dirty[s], windows.published[s] = True, False


def _merge(windows: Windows, cells: Cells, chosen: npt.NDArray[np.intp], hold_ms: Ints) -> None:
    s, own = _places(cells.series[chosen]), _places(chosen)
    n0, n1 = windows.n[s], cells.n[own]
    gap = np.minimum(cells.first_t[own] - windows.last_t[s], hold_ms[s])
    windows.cover[s] += np.where(windows.live[s], gap, 0) + cells.cover[own]
    windows.last_t[s], windows.live[s] = cells.last_t[own], cells.live[own]
    ref = np.where(n0 > 0, windows.ref[s], cells.ref[own])
    d = np.where(n1 > 0, cells.ref[own] - ref, 0.0)
    total, square = cells.total[own], cells.square[own]
    windows.total[s] += total + n1 * d
    windows.square[s] += square + 2.0 * d * total + n1 * (d * d)
    windows.ref[s], windows.n[s] = ref, n0 + n1
    windows.least[s] = np.minimum(windows.least[s], cells.least[own])
    windows.most[s] = np.maximum(windows.most[s], cells.most[own])
    windows.peak[s] = np.maximum(windows.peak[s], cells.peak[own])
    for name in ("last", "mean_after"):
        getattr(windows, name)[s] = np.where(n1 > 0, getattr(cells, name)[own], getattr(windows, name)[s])
    windows.dirty[s] = True


def standing(windows: Windows, upto: Ints, width: int) -> Table:
    """Accumulators that changed and whose window ends at or before `upto` (i64 by series; NONE: not now)."""
    size = len(upto)
    due = np.flatnonzero(windows.dirty[:size] & (windows.start[:size] != NONE) & (upto != NONE))
    due = due[windows.start[due] + width <= upto[due]]
    table = Table(width, due.astype(np.int32), windows.take(due))
    windows.dirty[due], windows.published[due] = False, True
    return table
