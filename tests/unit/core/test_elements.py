"""Which windows of elements leave, and when: one rule a test. Widths are ms; the unit runs from 4 s on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.calendar import CalendarConfig, ShiftConfig, planned
from pipeline.core.elements import Books, Issue, forget, leaving
from pipeline.core.elements import content as content_of
from pipeline.core.grids import grids
from pipeline.core.states import StateTrack
from pipeline.core.unit_book import UnitBook


def running(first=4_000, upto=20_000):
    unit = UnitBook(StateTrack(60_000), StateTrack(60_000))
    unit.seen(first)
    book(unit, [first], ["execute"], upto)
    return unit


def book(unit, times, values, upto):
    newest = upto - 1
    unit.book_states(unit.state.advance(times, values, [(times[0] if times else newest, newest)], upto))


def left(issue, unit, clock, seconds=(10,), *, parts=None, calendar=None):
    touched = [*unit.changed(), *(parts.changed() if parts else [])]
    books = Books(unit, parts or unit, (unit, parts) if parts else (unit,))
    found = leaving(issue, books, touched, clock, grids(seconds, calendar, calendar is not None))
    return [(width, start, content[:9], again) for width, start, content, again in found]


def starts(found):
    return [(width, start) for width, start, _, _ in found]


def test_a_window_leaves_when_the_lines_clock_has_passed_its_end_and_only_once():
    issue, unit = Issue(), running()
    assert left(issue, unit, 9_999) == []
    assert left(issue, unit, 10_000) == [(10_000, 0, (10_000, 6_000, 0, 0, 0, 4_000, 0, 0, 0), False)]
    assert left(issue, unit, 10_000) == []


def test_a_window_leaves_again_when_its_content_is_another():
    issue, unit = Issue(), running(upto=7_000)
    left(issue, unit, 10_000)
    book(unit, [8_000], ["held"], 10_000)
    assert left(issue, unit, 11_000) == [(10_000, 0, (10_000, 4_000, 0, 2_000, 0, 4_000, 0, 0, 0), True)]


def test_the_same_content_does_not_leave_again():
    issue, unit = Issue(), running(upto=7_000)
    left(issue, unit, 10_000)
    book(unit, [], [], 10_000)
    assert left(issue, unit, 11_000) == []


def test_a_units_windows_begin_with_the_one_that_holds_its_first_row():
    assert starts(left(Issue(), running(first=34_000, upto=50_000), 50_000)) == [(10_000, 30_000), (10_000, 40_000)]


def test_a_row_found_earlier_adds_windows_that_are_no_corrections():
    issue, unit = Issue(), running(first=34_000, upto=40_000)
    left(issue, unit, 40_000)
    unit.seen(15_000)
    unit.count("good", "good_count", np.array([15_000, 16_000]), np.array([1.0, 3.0]), 0.0)
    assert [(start, again) for _, start, _, again in left(issue, unit, 41_000)] == [(10_000, False)]


def test_a_short_window_without_parts_and_without_a_known_state_does_not_leave():
    issue, unit = Issue(), running(upto=5_000)
    found = left(issue, unit, 200_000)
    assert max(start for _, start, _, _ in found) == 60_000


def test_a_long_window_leaves_whatever_is_known():
    found = left(Issue(), running(upto=5_000), 2_700_000, seconds=(900,))
    assert [content[5] for _, _, content, _ in found] == [900_000 - 60_999, 900_000, 900_000]


def test_a_line_takes_its_times_from_one_unit_and_its_parts_from_another():
    pace, count = running(), running(first=1_000)
    count.count("good", "good_count", np.array([1_000, 2_000]), np.array([1.0, 3.0]), 0.0)
    found = left(Issue(), pace, 10_000, parts=count)
    assert found == [(10_000, 0, (10_000, 6_000, 0, 0, 0, 4_000, 2, 0, 0), False)]


def test_a_lines_windows_begin_when_both_units_have_begun():
    assert starts(left(Issue(), running(), 30_000, parts=running(first=25_000, upto=30_000))) == [(10_000, 20_000)]
    assert left(Issue(), running(), 30_000, parts=UnitBook(StateTrack(1), StateTrack(1))) == []


def test_a_new_window_length_begins_with_its_first_whole_window():
    issue, unit = Issue(), running(upto=190_000)
    left(issue, unit, 70_000)
    assert starts(left(issue, unit, 80_000, (10, 60))) == [(10_000, 70_000)]
    assert (60_000, 120_000) in starts(left(issue, unit, 180_000, (10, 60)))
    assert (60_000, 60_000) not in issue.out


def test_a_window_that_is_forgotten_never_leaves_again_with_less():
    issue, unit = Issue(), running(upto=100_000)
    left(issue, unit, 100_000)
    unit.forget(50_000, 50_000)
    forget(issue, 50_000, 50_000)
    unit.touched.append((0, 100_000))
    assert left(issue, unit, 100_000) == []


def test_short_windows_are_forgotten_long_before_the_long_ones_they_lie_in():
    issue, unit = Issue(), running(upto=1_000_000)
    left(issue, unit, 960_000, (10, 900))
    unit.forget(0, 780_000)
    forget(issue, 0, 780_000)
    assert sorted(issue.out) == [*((10_000, start) for start in range(780_000, 960_000, 10_000)), (900_000, 0)]
    unit.touched.append((0, 1_000_000))
    assert left(issue, unit, 960_000, (10, 900)) == []


def test_elements_have_windows_of_whole_base_windows_only():
    assert [grid.key for grid in grids((1, 10, 15, 60), None, False).kinds] == [10_000, 60_000]


SHIFT = ShiftConfig(name="early", begin=1, end=4, breaks=((2, 3),))  # minutes 1 to 4 of the day, minute 2 is a break
CALENDAR = CalendarConfig(shifts=(SHIFT,))


def test_time_that_is_not_planned_is_in_no_element():
    all_left = left(Issue(), running(upto=400_000), 300_000, (60,), calendar=CALENDAR)
    found = {(width, start): content for width, start, content, _ in all_left}
    assert [found[60_000, start][:2] for start in (60_000, 120_000, 180_000) if (60_000, start) in found] == [
        (60_000, 60_000),
        (60_000, 60_000),
    ]
    assert (60_000, 0) not in found
    assert (60_000, 120_000) not in found


def test_parts_outside_planned_time_count():
    unit = running(upto=400_000)
    unit.count("good", "good_count", np.array([1_000, 2_000]), np.array([1.0, 3.0]), 0.0)
    assert left(Issue(), unit, 60_000, (60,), calendar=CALENDAR) == [(60_000, 0, (0, 0, 0, 0, 0, 0, 2, 0, 0), False)]


def test_a_shift_is_a_window_and_leaves_at_its_end():
    issue, unit = Issue(), running(upto=400_000)
    assert left(issue, unit, 239_999, (), calendar=CALENDAR) == []
    assert left(issue, unit, 240_000, (), calendar=CALENDAR) == [
        (180_000, 60_000, (120_000, 120_000, 0, 0, 0, 0, 0, 0, 0), False)
    ]
    assert left(issue, unit, 390_000, (), calendar=CALENDAR) == []


def test_a_shift_that_changed_leaves_again():
    issue, unit = Issue(), running(upto=230_000)
    left(issue, unit, 240_000, (), calendar=CALENDAR)
    book(unit, [231_000], ["held"], 240_000)
    [(width, start, content, again)] = left(issue, unit, 241_000, (), calendar=CALENDAR)
    assert (width, start, content[:5], again) == (180_000, 60_000, (120_000, 111_000, 0, 9_000, 0), True)


@pytest.mark.parametrize("first", [4_000, 100_000])
def test_a_units_first_shift_is_the_one_that_holds_its_first_row(first):
    found = left(Issue(), running(first, upto=400_000), 300_000, (), calendar=CALENDAR)
    assert starts(found) == [(180_000, 60_000)]


def test_what_is_metered_of_a_line_is_the_sum_of_its_units():
    pace, count = running(), running()
    for unit, kwh in ((pace, [10.0, 10.5]), (count, [3.0, 3.25])):
        unit.count("energy", "energy", np.array([1_000, 2_000]), np.array(kwh), 0.0)
    [(_, _, content, _)] = leaving(Issue(), Books(pace, count, (pace, count)), [], 10_000, grids((10,), None, False))
    assert content[9:] == (750, 0)


STATES = st.lists(
    st.tuples(st.integers(1, 90_000), st.sampled_from(["execute", "held", "idle"])), min_size=1, max_size=12
)


@given(STATES, st.lists(st.tuples(st.integers(0, 20), st.integers(1, 8), st.integers(0, 2)), min_size=1, max_size=3))
def test_every_second_of_planned_time_is_in_exactly_one_element_of_a_window(states, shifts):
    calendar = CalendarConfig(
        shifts=tuple(
            ShiftConfig(name="s", begin=b, end=b + n, breaks=((b + pause, b + pause + 1),) if pause < n else ())
            for b, n, pause in shifts
        )
    )
    unit, t = UnitBook(StateTrack(60_000), StateTrack(60_000)), 0
    unit.seen(0)
    times, values = [], []
    for ahead, value in states:
        t += ahead
        times.append(t)
        values.append(value)
    end = (t // 60_000 + 3) * 60_000
    unit.book_states(unit.state.advance(times, values, [(0, t)], end))
    found = left(Issue(), unit, end, (60,), calendar=calendar)
    assert all(content[0] == sum(content[1:6]) for _, _, content, _ in found)
    busy = sum(high - low for low, high in planned(calendar, 0, end))
    whole = content_of(Books(unit, unit, (unit,)), calendar, 0, end)
    assert whole[0] == busy == sum(whole[1:6])
    minutes = [content_of(Books(unit, unit, (unit,)), calendar, m, m + 60_000) for m in range(0, end, 60_000)]
    assert whole == tuple(sum(column) for column in zip(*minutes, strict=True))
