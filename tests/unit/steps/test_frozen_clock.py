"""The memory for clocks that stand still: bounded, forgetting what was not heard for long, the same wherever cut."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.samples import FROZEN, UNDATED, Name
from pipeline.steps.frozen_clock import Stamps, restamp
from pipeline.steps.known_names import KnownLists
from tests.unit.steps.received import Row, make_samples

KNOWN = KnownLists()  # a memory: whatever was asked before changes nothing
NAMES = [Name("s/l", "", f"m{i}") for i in range(9)]
ROWS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2), st.integers(0, 1)), max_size=60)


def frozen(calls: list[list[tuple[int, int, int]]], most: int, at_least: int = 3) -> tuple[Stamps, list[bool]]:
    stamps, found = Stamps(), list[bool]()
    for call in calls:
        rows: list[Row] = [(i, name, float(v), t, -1, 0) for i, (name, v, t) in enumerate(call)]
        samples = make_samples(rows, NAMES)
        stamps, out = restamp(stamps, samples, KNOWN.of(samples.names), np.full(len(samples), 99), (at_least, most))
        assert len(stamps.t) <= most
        assert len(stamps.series) <= most
        found += (out.flags & FROZEN != 0).tolist()
    return stamps, found


def told_row_by_row(rows: list[tuple[int, int, int]], most: int, at_least: int = 3) -> list[bool]:
    """The rule in plain words: two generations, and a count of each series."""
    young: dict[int, tuple[int, int, int]] = {}
    old: dict[int, tuple[int, int, int]] = {}
    found = []
    for name, v, t in rows:
        if name not in young and len(young) == most // 2:
            young, old = {}, young
        last_t, last_v, changes = young.get(name, old.get(name, (-1, 0, 0)))
        changes = (changes + (v != last_v)) if t == last_t else 0
        young[name] = (t, v, changes)
        found.append(changes >= at_least - 1)
    return found


@given(ROWS, st.lists(st.integers(0, 60), max_size=4), st.sampled_from([2, 4, 6, 8, 100]))
def test_what_is_found_frozen_is_the_same_wherever_calls_are_cut_and_whatever_is_forgotten(
    rows: list[tuple[int, int, int]], cuts: list[int], most: int
) -> None:
    ends = [0, *sorted(cuts), len(rows)]
    calls = [rows[a:b] for a, b in pairwise(ends)]
    assert frozen(calls, most)[1] == told_row_by_row(rows, most)


def test_a_series_that_is_heard_is_never_forgotten_however_many_others_come_and_go() -> None:
    names = [Name("s/l", "", f"m{i}") for i in range(1_000)]
    stamps, found = Stamps(), list[bool]()
    for i in range(1, 1_000):
        samples = make_samples([(0, 0, float(i), 7, -1, 0), (1, i, 1.0, 7, -1, 0)], names)
        stamps, out = restamp(stamps, samples, KNOWN.of(samples.names), np.array([99, 99]), (10, 8))
        found.append(bool(out.flags[0] & FROZEN))
        assert len(stamps.series) <= 8
    assert found == [False] * 9 + [True] * 990


def test_an_older_memory_still_says_what_it_said() -> None:
    early, _ = frozen([[(0, 0, 7), (0, 1, 7)]], 100)
    samples = make_samples([(0, 1, 1.0, 7, -1, 0), (1, 0, 2.0, 7, -1, 0)], NAMES)
    first = restamp(early, samples, KNOWN.of(samples.names), np.array([99, 99]), (3, 100))[1].flags.tolist()
    restamp(early, make_samples([(0, 2, 5.0, 7, -1, 0)], NAMES), KNOWN.of(NAMES), np.array([99]), (3, 100))
    assert (
        restamp(early, samples, KNOWN.of(samples.names), np.array([99, 99]), (3, 100))[1].flags.tolist()
        == first
        == [0, FROZEN]
    )


def test_rows_that_cannot_show_a_frozen_clock_are_not_remembered() -> None:
    samples = make_samples([(0, 0, 1.0, 7, -1, 5), (1, 1, 1.0, 7, -1, 0)], NAMES)
    samples.flags[1] = UNDATED
    stamps, _ = restamp(Stamps(), samples, KNOWN.of(samples.names), np.array([99, 99]), (3, 100))
    assert stamps.series == {}
