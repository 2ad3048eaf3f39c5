"""The calendar of planned work, against a plain walk over minutes."""

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.calendar import CalendarConfig, ShiftConfig, planned, shifts_over

VIETNAM = timezone(timedelta(hours=7))
HOUR, MINUTE = 3_600_000, 60_000


def ms(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp() * 1000)


def calendar(*shifts, holidays=()):
    return CalendarConfig(offsets=((0, 420),), shifts=shifts, holidays=tuple(map(date.fromisoformat, holidays)))


MORNING = ShiftConfig(name="morning", begin=360, end=840, breaks=((570, 585),), days=(0, 1, 2, 3, 4, 5))
NIGHT = ShiftConfig(name="night", begin=1320, end=1800, breaks=((1500, 1530),))


def test_without_a_calendar_all_time_is_planned():
    assert planned(None, 5, 9) == planned(CalendarConfig(), 5, 9) == ((5, 9),)


def test_a_shift_is_planned_but_for_its_breaks():
    assert planned(calendar(MORNING), ms("2026-11-25 00:00"), ms("2026-11-26 00:00")) == (
        (ms("2026-11-25 06:00"), ms("2026-11-25 09:30")),
        (ms("2026-11-25 09:45"), ms("2026-11-25 14:00")),
    )


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins():
    [_, shift] = shifts_over(calendar(NIGHT), ms("2026-11-25 00:00"), ms("2026-11-26 00:00"))
    assert (shift.start, shift.end) == (ms("2026-11-25 22:00"), ms("2026-11-26 06:00"))
    assert shift.planned[1] == (ms("2026-11-26 01:30"), ms("2026-11-26 06:00"))


def test_no_shift_begins_on_a_holiday_or_on_another_weekday():
    assert planned(calendar(MORNING, holidays=["2026-11-25"]), ms("2026-11-25 00:00"), ms("2026-11-26 00:00")) == ()
    assert planned(calendar(MORNING), ms("2026-11-29 00:00"), ms("2026-11-30 00:00")) == ()  # a Sunday


def test_the_shift_before_a_holiday_runs_into_it():
    found = planned(calendar(NIGHT, holidays=["2026-11-25"]), ms("2026-11-25 00:00"), ms("2026-11-25 23:59"))
    assert found == ((ms("2026-11-25 00:00"), ms("2026-11-25 01:00")), (ms("2026-11-25 01:30"), ms("2026-11-25 06:00")))


@pytest.mark.parametrize(("local", "utc"), [("05:59", 4 * HOUR + 59 * MINUTE), ("06:00", 4 * HOUR)])
def test_local_time_follows_its_table_of_offsets(local, utc):
    spring = 1_774_746_000_000  # 2026-03-29 01:00 UTC: summer time begins in Berlin
    clock = int(local[:2]) * 60 + int(local[3:])
    shift = ShiftConfig(name="s", begin=clock, end=clock + 1)
    berlin = CalendarConfig(offsets=((0, 60), (spring, 120)), shifts=(shift,))
    before, after = (next(shifts_over(berlin, day, day + 24 * HOUR)) for day in (spring - 25 * HOUR, spring - HOUR))
    assert after.start - before.start == 23 * HOUR
    assert before.start % (24 * HOUR) == (utc if local == "05:59" else 5 * HOUR)


CLOCK = st.integers(0, 1439)
SHIFT = st.builds(
    lambda begin, length, pauses, days: ShiftConfig(
        name="s", begin=begin, end=begin + length,
        breaks=tuple((begin + a * length // 10, begin + min(a + b, 10) * length // 10) for a, b in pauses),
        days=tuple(days),
    ),
    CLOCK, st.integers(1, 1440), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), max_size=2),
    st.sets(st.integers(0, 6)),
)  # fmt: skip


@given(st.lists(SHIFT, max_size=3), st.sets(st.integers(1, 9)), st.integers(0, 3 * 1440), st.integers(1, 3 * 1440))
def test_planned_time_is_every_minute_that_some_shift_has_and_its_breaks_have_not(shifts, off, begin, length):
    holidays = tuple(date(2026, 11, 20 + day) for day in off)
    config = CalendarConfig(offsets=((0, 420),), shifts=tuple(shifts), holidays=holidays)
    start = ms("2026-11-23 00:00") + begin * MINUTE
    end = start + length * MINUTE
    found = planned(config, start, end)
    minutes = {m for low, high in found for m in range(low, high, MINUTE)}

    def is_planned(t):
        for back in (0, 1, 2):
            now = datetime.fromtimestamp(t / 1000, VIETNAM)
            day = now.date() - timedelta(days=back)
            minute = now.hour * 60 + now.minute + 1440 * back
            for shift in shifts:
                begins = day.weekday() in shift.days and day not in holidays
                pause = any(low <= minute < high for low, high in shift.breaks)
                if begins and shift.begin <= minute < shift.end and not pause:
                    return True
        return False

    if shifts:
        assert minutes == {t for t in range(start, end, MINUTE) if is_planned(t)}
    assert all(low < high for low, high in found)
    assert all(a[1] < b[0] for a, b in pairwise(found))
