"""Windows of a series, composed out of its panes, one accumulator for each series and window length.

Rules: panes of a series come in order, so a window is complete when a later pane opens the next one; a window that
the line's clock has passed is published as it stands and again when it changes; windows are aligned to the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.layers import Layer, Places
from pipeline.core.reduce import Flags, Floats, Ints

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

    def at(self, places: Places | slice) -> "Windows":
        """Those of some codes: themselves where these are a slice, else a copy."""
        if isinstance(places, slice):
            return Windows(**{name: getattr(self, name)[places] for name in (*INTS, *FLOATS, *FLAGS)})
        return self.take(places)

    def put(self, index: Places, rows: "Windows") -> None:
        """As they were taken."""
        for name in (*INTS, *FLOATS, *FLAGS):
            getattr(self, name)[index] = getattr(rows, name)


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


def fold(windows: Windows, layers: Sequence[Layer], hold_ms: Ints, width: int) -> list[Table]:
    """Adds cells to the accumulators; returns the windows that are complete and not yet out. hold_ms i64 by series
    code."""
    left: list[Table] = []
    for layer in layers:
        begin = layer.cells.start // width * width
        opens = windows.start[layer.at] != begin
        opens[layer.holes] = False
        places = np.flatnonzero(opens)
        codes = layer.codes(places)
        done = codes[windows.dirty.take(codes)]
        if len(done):
            left.append(Table(width, done.astype(np.int32), windows.take(done)))
        if len(places) + len(layer.holes) < len(begin):
            empty = layer.codes(layer.holes)
            before = windows.take(empty) if len(empty) else None
            _merge(windows, layer, hold_ms)
            if before is not None:
                windows.put(empty, before)
        if len(places):
            _open(windows, layer, places, begin.take(places))
    return left


def _open(windows: Windows, layer: Layer, places: Places, begin: Ints) -> None:
    s, cells = _codes(layer, places), layer.cells
    every = len(places) == len(cells)
    for name in ("n", "ref", "total", "square", "least", "most", "last", "mean_after", "peak", "live", "last_t"):
        column = getattr(cells, name)
        getattr(windows, name)[s] = column if every else column.take(places)
    lead = np.maximum(0, np.minimum(cells.first_t.take(places), layer.lead.take(places)) - begin)
    windows.start[s], windows.cover[s] = begin, lead + cells.cover.take(places)
    windows.dirty[s], windows.published[s] = True, False


def _codes(layer: Layer, places: Places) -> Places | slice:
    return layer.at if len(places) == len(layer.cells) else layer.codes(places)


def _merge(windows: Windows, layer: Layer, hold_ms: Ints) -> None:
    """Of all of a layer: where a window opens, it is laid over what was merged here."""
    own, cells = windows.at(layer.at), layer.cells
    comes = cells.n > 0
    gap = np.minimum(cells.first_t - own.last_t, hold_ms[layer.at])
    own.cover += np.where(own.live, gap, 0) + cells.cover
    own.last_t[:], own.live[:], own.dirty[:] = cells.last_t, cells.live, True
    known = own.n > 0
    if not known.all():
        own.ref[:] = np.where(known, own.ref, cells.ref)
    d = cells.ref - own.ref
    if (cells.n == 1).all():  # then nothing is summed within them
        own.total += d
        own.square += d * d
    else:
        d[~comes] = 0.0
        own.total += cells.total + cells.n * d
        own.square += cells.square + 2.0 * d * cells.total + cells.n * (d * d)
    own.n += cells.n
    np.minimum(own.least, cells.least, out=own.least)
    np.maximum(own.most, cells.most, out=own.most)
    np.maximum(own.peak, cells.peak, out=own.peak)
    whole = True if comes.all() else comes
    np.copyto(own.last, cells.last, where=whole)
    np.copyto(own.mean_after, cells.mean_after, where=whole)
    if not isinstance(layer.at, slice):
        windows.put(layer.at, own)


def standing(windows: Windows, upto: Ints, width: int) -> Table:
    """Accumulators that changed and whose window ends at or before `upto` (i64 by series; NONE: not now)."""
    size = len(upto)
    due = np.flatnonzero(windows.dirty[:size] & (windows.start[:size] + width <= upto))
    table = Table(width, due.astype(np.int32), windows.take(due))
    windows.dirty[due], windows.published[due] = False, True
    return table
