"""Windows that take many cells at once hold what they would hold had they taken one after the other, bit by bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.compose import FLAGS, FLOATS, INTS, Windows, fold
from pipeline.core.event_time import NEVER
from pipeline.core.layers import layered
from pipeline.core.reduce import Cells

SERIES = 24


def some_cells(seed, share):
    """Cells of up to three seconds of a share of all series, one in ten without a usable sample."""
    rng = np.random.default_rng(seed)
    pane = np.sort(rng.integers(0, 14, (SERIES, 3)), axis=1) * 1000
    there = (rng.random((SERIES, 1)) < share) & (rng.random((SERIES, 3)) < [1.0, 0.2, 0.2])
    there[:, 1:] &= np.diff(pane, axis=1) > 0
    series, place = np.nonzero(there)
    start, size = pane[series, place], len(series)
    n = rng.integers(0, 10, size).clip(0, 1) * rng.integers(1, 4, size)
    value = np.where(n > 0, rng.normal(70, 1, (6, size)), [[0.0], [0.0], [0.0], [np.inf], [-np.inf], [np.nan]])
    ref, total, square, least, most, last = value
    total[n < 2] = square[n < 2] = 0.0  # about the first sample, which is the only one
    return Cells(
        series.astype(np.int32), start, n, ref, total, square * square, least, most, last, start + 5, start + 900,
        rng.random(size) < 0.9, rng.integers(0, 900, size), last + 1, np.where(n > 0, rng.random(size), -1.0),
    )  # fmt: skip


def taken(parts):
    windows, left = Windows(), []
    windows.grow(SERIES)
    for cells in parts:
        lead = np.where(cells.start % 3 == 0, cells.start, NEVER)
        found = fold(windows, layered(cells, lead), np.full(SERIES, 700), 10_000)
        left += [row for table in found for row in rows(table.columns.take(np.arange(len(table.series))), table.series)]
    return rows(windows, range(SERIES)), sorted(left)


def rows(windows, series):
    columns = [getattr(windows, name)[: len(series)] for name in (*INTS, *FLOATS, *FLAGS)]
    return [(int(code), *(x.tobytes() for x in row)) for code, *row in zip(series, *columns, strict=True)]


@given(st.lists(st.tuples(st.integers(0, 1 << 30), st.sampled_from([1.0, 0.95, 0.5])), min_size=1, max_size=4))
def test_many_cells_at_once_are_taken_as_one_after_the_other(seeds):
    passes = [cells for cells in (some_cells(*seed) for seed in seeds) if len(cells)]
    single = [cells.take(np.array([k])) for cells in passes for k in range(len(cells))]
    assert taken(passes) == taken(single)


@pytest.mark.parametrize(("share", "whole"), [(1.0, True), (0.5, False)])
def test_a_layer_stands_as_whole_columns_where_nearly_all_series_have_a_cell(share, whole):
    cells = some_cells(1, share)
    first = layered(cells, cells.start)[0]
    assert isinstance(first.at, slice) == whole
