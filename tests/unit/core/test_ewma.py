"""Detector `ewma`, one rule a test, and bit-equal to a plain loop."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detectors import ewma


def plainly(values):
    """(|z|, mean) after each sample."""
    mean, var, out = 0.0, 0.0, []
    for n, x in enumerate(values):
        mean = x if n == 0 else mean
        d = x - mean
        z = abs(d / math.sqrt(var)) if n >= 20 and var >= 1e-18 * max(1.0, mean * mean) else 0.0
        mean += 0.05 * d
        var = (1.0 - 0.05) * (var + 0.05 * (d * d))
        out.append((z, mean))
    return out


def scored(slices):
    """(|z|, mean) by sample of each series; every slice is a list of the samples of each series."""
    state = ewma.EwmaState()
    state.grow(len(slices[0]))
    out = [[] for _ in slices[0]]
    for part in slices:
        series = np.repeat(np.arange(len(part), dtype=np.int32), [len(x) for x in part])
        state, z, mean = ewma.step(state, series, np.array([v for x in part for v in x]))
        for k, a, b in zip(series.tolist(), z.tolist(), mean.tolist(), strict=True):
            out[k].append((a, b))
    return out


def test_the_first_twenty_samples_of_a_series_have_no_score_and_the_next_one_has():
    values = [float(k % 3) for k in range(20)] + [50.0]
    [found] = scored([[values]])
    assert all(z == 0.0 for z, _ in found[:20])
    assert found[20][0] > 6.0


def test_the_mean_begins_with_the_first_sample():
    assert scored([[[70.0]]]) == [[(0.0, 70.0)]]


def test_a_series_that_never_moved_has_no_score():
    [found] = scored([[[5.0] * 30 + [6.0]]])
    assert all(z == 0.0 for z, _ in found)


def test_a_variance_below_the_floor_of_a_large_mean_gives_no_score():
    [found] = scored([[[1e9 + 1e-7 * (k % 2) for k in range(30)] + [2e9]]])
    assert found[30][0] == 0.0


def test_the_score_is_taken_before_the_sample_moves_mean_and_variance():
    values = [0.0, 1.0] * 12
    [found] = scored([[values]])
    assert found == plainly(values)


def test_levels_begin_at_four_and_at_six():
    assert ewma.level(np.array([0.0, 3.999, 4.0, 5.999, 6.0, 99.0])).tolist() == [0, 0, 1, 1, 2, 2]


VALUES = st.lists(st.floats(-1e6, 1e6), max_size=60)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4))
def test_scores_are_bit_equal_to_a_plain_loop_however_series_and_slices_are_mixed(pairs):
    slices = [list(part) for part in zip(*pairs, strict=True)]
    assert scored(slices) == [plainly([v for part in series for v in part]) for series in pairs]
