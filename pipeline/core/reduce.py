"""Closed panes of one second, reduced: one cell for each (series, pane) that holds rows.

Rules: sums run strictly left to right in canonical order (`bincount` adds in order of its input), so that a plain
loop gives the same bits; squares are summed about the first usable sample of the cell; a value covers from its time
to the next sample of its series, of any quality, or to its `hold`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.order import Rows

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """Columns by cell, ordered by series and start. `n` usable samples; `ref`, `total`, `square` about `ref`; `last`
    the newest usable value; `first_t`, `last_t`, `live` (is the newest sample usable) of samples of any quality;
    `cover` ms between samples within the cell; `mean_after`, `peak` of the EWMA (peak -1: not scored)."""

    series: npt.NDArray[np.int32]
    start: Ints
    n: Ints
    ref: Floats
    total: Floats
    square: Floats
    least: Floats
    most: Floats
    last: Floats
    first_t: Ints
    last_t: Ints
    live: Flags
    cover: Ints
    mean_after: Floats
    peak: Floats

    def __len__(self) -> int:
        return len(self.series)

    def take(self, index: npt.NDArray[np.intp]) -> "Cells":
        columns = {name: getattr(self, name) for name in self.__dataclass_fields__}
        taken = {id(column): column.take(index) for column in columns.values()}  # of single rows some are the same
        return Cells(**{name: taken[id(column)] for name, column in columns.items()})


@dataclass(frozen=True, slots=True)
class Scored:
    """|z| and mean after each row (0 and NaN where a row is not scored), beside rows in canonical order."""

    z: Floats
    mean: Floats
    scored: Flags


def reduce(rows: Rows, usable: Flags, hold_ms: Ints, scored: Scored, pane_ms: int) -> Cells:
    """Canonical numeric rows without repeats -> cells. usable bool by row; hold_ms i64 by row."""
    pane = rows.t // pane_ms * pane_ms
    new = np.concatenate(([True], (rows.series[1:] != rows.series[:-1]) | (pane[1:] != pane[:-1])))
    starts = np.flatnonzero(new)
    if len(starts) == len(rows):
        return _single(rows, usable, pane, scored)
    ends = np.append(starts[1:], len(rows))
    cell = np.cumsum(new) - 1
    size = len(starts)
    everything = bool(usable.all())
    index = np.arange(len(rows))
    first = starts if everything else np.minimum.reduceat(np.where(usable, index, len(rows)), starts)
    newest = ends - 1 if everything else np.maximum.reduceat(np.where(usable, index, -1), starts)
    some = first < len(rows)
    ref = rows.v.take(np.minimum(first, len(rows) - 1))
    ref[~some] = 0.0
    d = rows.v - ref.take(cell)
    if not everything:
        d = np.where(usable, d, 0.0)
    peak = np.where(scored.scored, scored.z, -1.0)
    return Cells(
        series=rows.series[starts],
        start=pane[starts],
        n=(ends - starts).astype(np.int64) if everything else np.add.reduceat(usable.astype(np.int64), starts),
        ref=ref,
        total=_sums(cell, d, size),
        square=_sums(cell, d * d, size),
        least=np.minimum.reduceat(rows.v if everything else np.where(usable, rows.v, np.inf), starts),
        most=np.maximum.reduceat(rows.v if everything else np.where(usable, rows.v, -np.inf), starts),
        last=np.where(some, rows.v[newest], np.nan),
        first_t=rows.t[starts],
        last_t=rows.t[ends - 1],
        live=usable[ends - 1],
        cover=np.add.reduceat(_covered(rows.t, usable, hold_ms, ends - 1), starts),
        mean_after=np.where(some, scored.mean[newest], np.nan),
        peak=np.maximum.reduceat(peak, starts),
    )


def _single(rows: Rows, usable: Flags, pane: Ints, scored: Scored) -> Cells:
    """The same where no cell has more than one row: there is nothing to reduce."""
    none = np.zeros(len(rows))
    every = bool(usable.all())
    return Cells(
        series=rows.series,
        start=pane,
        n=usable.astype(np.int64),
        ref=rows.v if every else np.where(usable, rows.v, 0.0),
        total=none,
        square=none,
        least=rows.v if every else np.where(usable, rows.v, np.inf),
        most=rows.v if every else np.where(usable, rows.v, -np.inf),
        last=rows.v if every else np.where(usable, rows.v, np.nan),
        first_t=rows.t,
        last_t=rows.t,
        live=usable,
        cover=np.zeros(len(rows), np.int64),
        mean_after=scored.mean if every else np.where(usable, scored.mean, np.nan),
        peak=np.where(scored.scored, scored.z, -1.0),
    )


def _covered(t: Ints, usable: Flags, hold_ms: Ints, newest: npt.NDArray[np.intp]) -> Ints:
    """ms that each row covers within its cell; the newest of a cell covers into what comes."""
    gap = np.zeros(len(t), np.int64)
    gap[:-1] = np.minimum(t[1:] - t[:-1], hold_ms[:-1])
    gap[newest] = 0
    gap[~usable] = 0
    return gap


def _sums(cell: npt.NDArray[np.intp], x: Floats, size: int) -> Floats:
    """Sums of x by cell, strictly left to right."""
    return np.asarray(np.bincount(cell, x, size), np.float64)
