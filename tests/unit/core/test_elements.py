"""Which windows of elements leave, and when: one rule a test. Widths are ms; the unit runs from 4 s on."""

import numpy as np

from pipeline.core.elements import Issue, base_widths, forget, leaving
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


def left(issue, unit, clock, widths=(10_000,), parts=None):
    touched = [*unit.changed(), *(parts.changed() if parts else [])]
    return list(leaving(issue, (unit, parts or unit), touched, clock, widths))


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
    unit.count("good", "good", np.array([15_000, 16_000]), np.array([1.0, 3.0]), 0.0)
    assert [(start, again) for _, start, _, again in left(issue, unit, 41_000)] == [(10_000, False)]


def test_a_short_window_without_parts_and_without_a_known_state_does_not_leave():
    issue, unit = Issue(), running(upto=5_000)
    found = left(issue, unit, 200_000)
    assert max(start for _, start, _, _ in found) == 60_000
    assert issue.following[10_000] == 200_000


def test_a_long_window_leaves_whatever_is_known():
    found = left(Issue(), running(upto=5_000), 2_700_000, widths=(900_000,))
    assert [content[5] for _, _, content, _ in found] == [900_000 - 60_999, 900_000, 900_000]


def test_a_line_takes_its_times_from_one_unit_and_its_parts_from_another():
    pace, count = running(), running(first=1_000)
    count.count("good", "good", np.array([1_000, 2_000]), np.array([1.0, 3.0]), 0.0)
    found = left(Issue(), pace, 10_000, parts=count)
    assert found == [(10_000, 0, (10_000, 6_000, 0, 0, 0, 4_000, 2, 0, 0), False)]


def test_a_lines_windows_begin_when_both_units_have_begun():
    assert starts(left(Issue(), running(), 30_000, parts=running(first=25_000, upto=30_000))) == [(10_000, 20_000)]
    assert left(Issue(), running(), 30_000, parts=UnitBook(StateTrack(1), StateTrack(1))) == []


def test_a_new_window_length_begins_with_its_first_whole_window():
    issue, unit = Issue(), running(upto=190_000)
    left(issue, unit, 70_000)
    assert starts(left(issue, unit, 80_000, (10_000, 60_000))) == [(10_000, 70_000)]
    assert (60_000, 120_000) in starts(left(issue, unit, 180_000, (10_000, 60_000)))
    assert (60_000, 60_000) not in issue.out


def test_a_window_that_is_forgotten_never_leaves_again_with_less():
    issue, unit = Issue(), running(upto=100_000)
    left(issue, unit, 100_000)
    unit.forget(50_000)
    forget(issue, 50_000)
    unit.touched.append((0, 100_000))
    assert left(issue, unit, 100_000) == []


def test_elements_have_windows_of_whole_base_windows_only():
    assert base_widths((1, 10, 15, 60)) == (10_000, 60_000)
