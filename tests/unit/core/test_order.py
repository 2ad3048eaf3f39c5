"""Canonical order of rows: series, event time, seq, place in the log."""

import numpy as np

from pipeline.core.order import Rows, settled


def rows(flags):
    """Rows of one series and one time with these flags, each of another value, in log order."""
    size = len(flags)
    return Rows(
        np.zeros(size, np.int32), np.full(size, 7), np.arange(size, dtype=np.float64), np.zeros(size, np.int32),
        flags=np.array(flags, np.uint8),
    )  # fmt: skip


def test_rows_without_identity_keep_their_place_in_the_log_whatever_their_flags():
    kept, duplicate, conflict = settled(rows([3, 2, 1, 6]))
    assert (kept.v.tolist(), len(duplicate), len(conflict)) == ([0.0, 1.0, 2.0, 3.0], 0, 0)


def test_rows_without_identity_stand_behind_those_that_have_one_and_are_no_repeats_of_them():
    kept, duplicate, conflict = settled(rows([1, 0, 2, 4]))
    assert (kept.v.tolist(), len(duplicate), len(conflict)) == ([1.0, 0.0, 2.0], 0, 1)
