"""Cells of one pass in layers of at most one a series, beside the accumulators that they go into.

Why it is fast: where nearly all series of a range have a cell, as when a line reports, each cell stands at the place of
its series, so that windows take the layer as whole columns; the few codes without one are put back as they were. The
rest, seldom much, is gathered and scattered.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.reduce import Cells, Ints

Places = npt.NDArray[np.intp]
FULL = 7 / 8  # from here on a range is worth its holes
NO_PLACES: Places = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Layer:
    """By place: its code (`at`, rising; a slice where there is one for each of a range), its cell, and how far the
    sample before the cell's first one covers (`lead`). `holes`: places without a cell; what stands there means
    nothing."""

    at: Places | slice
    holes: Places
    cells: Cells
    lead: Ints

    def codes(self, places: Places) -> Places:
        return places + self.at.start if isinstance(self.at, slice) else self.at.take(places)


def layered(cells: Cells, lead: Ints) -> list[Layer]:
    """The first cells of all series, the second ones, and so on. lead i64 by cell."""
    again = repeated(cells)
    if not len(again):
        return [_placed(cells, lead, np.arange(len(cells)))]
    is_first = np.ones(len(cells), np.bool_)
    is_first[again] = False
    first = np.flatnonzero(is_first)
    rank = again - first[np.searchsorted(first, again) - 1]
    parts = np.split(again[np.argsort(rank, kind="stable")], np.cumsum(np.bincount(rank))[1:-1])
    return [_placed(cells, lead, part) for part in (first, *parts)]


def repeated(cells: Cells) -> Places:
    """Places of cells that follow one of the same series."""
    return np.flatnonzero(cells.series[1:] == cells.series[:-1]) + 1


def _placed(cells: Cells, lead: Ints, chosen: Places) -> Layer:
    codes = cells.series.take(chosen).astype(np.intp)
    low, size = int(codes[0]), int(codes[-1] - codes[0]) + 1
    at: Places | slice = slice(low, low + size)
    holes = NO_PLACES
    if len(chosen) < FULL * size:
        at = codes
    elif len(chosen) < size:
        empty = np.ones(size, np.bool_)
        empty[codes - low] = False
        holes, chosen = np.flatnonzero(empty), chosen.take(np.cumsum(~empty) - 1)  # in a hole: the cell before it
    if len(chosen) < len(cells) or len(holes):
        cells, lead = cells.take(chosen), lead.take(chosen)
    return Layer(at, holes, cells, lead)
