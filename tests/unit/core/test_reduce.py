"""What a closed pane says of its samples, one rule a test."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.order import Rows
from pipeline.core.reduce import Scored, reduce

HOLD = 10_000


def cells(samples, hold=HOLD):
    """Cells of [(series, t, v, usable)] in canonical order."""
    n = len(samples)
    series, t, v, usable = (np.array(c) for c in zip(*samples, strict=True))
    zeros = np.zeros(n, np.int32)
    rows = Rows(
        series.astype(np.int32),
        t,
        v.astype(np.float64),
        zeros - 1,
        np.zeros(n, np.uint8),
        np.zeros(n, np.uint64),
        zeros,
    )
    scored = Scored(np.zeros(n), np.zeros(n), np.zeros(n, np.bool_))
    return reduce(rows, usable, np.full(n, hold, np.int64), scored, 1_000)


def test_there_is_one_cell_for_each_series_and_second_that_holds_samples():
    found = cells([(0, 100, 1.0, True), (0, 999, 2.0, True), (0, 1_000, 3.0, True), (4, 7_500, 1.0, True)])
    assert list(zip(found.series.tolist(), found.start.tolist(), found.n.tolist(), strict=True)) == [
        (0, 0, 2), (0, 1_000, 1), (4, 7_000, 1),
    ]  # fmt: skip


def test_a_sample_covers_to_the_next_one_of_its_series():
    assert cells([(0, 100, 1.0, True), (0, 400, 1.0, True), (0, 900, 1.0, True)]).cover.tolist() == [800]


def test_a_sample_covers_at_most_its_hold():
    assert cells([(0, 100, 1.0, True), (0, 900, 1.0, True)], hold=250).cover.tolist() == [250]


def test_an_unusable_sample_ends_what_was_covered_and_covers_nothing():
    assert cells([(0, 100, 1.0, True), (0, 400, 9.0, False), (0, 900, 1.0, True)]).cover.tolist() == [300]


def test_unusable_samples_are_in_no_statistic():
    found = cells([(0, 100, 99.0, False), (0, 400, 3.0, True), (0, 900, -99.0, False)])
    assert (found.n[0], found.ref[0] + found.total[0], found.least[0], found.most[0], found.last[0]) == (1, 3, 3, 3, 3)
    assert not found.live[0]


def test_a_cell_without_a_usable_sample_counts_none_and_has_no_last_value():
    found = cells([(0, 100, 99.0, False)])
    assert (found.n[0], found.total[0]) == (0, 0.0)
    assert np.isnan(found.last[0])


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50))
def test_sums_are_bit_equal_to_a_plain_loop_from_left_to_right(values):
    found = cells([(0, k, v, True) for k, v in enumerate(values)])
    total = square = 0.0
    for v in values:
        d = v - values[0]
        total += d
        square += d * d
    assert (found.total[0], found.square[0]) == (total, square)


def test_squares_about_the_first_sample_keep_a_small_spread_on_a_large_value():
    values = [1e9 + 1e-3 * (k % 2) for k in range(100)]
    found = cells([(0, k, v, True) for k, v in enumerate(values)])
    shift = found.total[0] / 100
    assert np.isclose(np.sqrt(found.square[0] / 100 - shift * shift), np.std(np.array(values) - 1e9), rtol=1e-6)
