"""Breaks of a shift may overlap: time is planned where none of them is."""

from pipeline.core.calendar import CalendarConfig, ShiftConfig, planned

MINUTE = 60_000


def test_a_break_within_another_takes_nothing_from_it():
    shift = ShiftConfig(name="early", begin=0, end=10, breaks=((1, 6), (2, 4), (5, 7)))
    found = planned(CalendarConfig(shifts=(shift,)), 0, 1_440 * MINUTE)
    assert found == ((0, MINUTE), (7 * MINUTE, 10 * MINUTE))
