"""Planned time by the minute, and shifts, of a calendar with one offset: computed plainly, no code of the pipeline."""

from datetime import date, timedelta
from functools import cache

MINUTE_MS, DAY = 60_000, 1_440  # ms; minutes
EPOCH = date(1970, 1, 1)


@cache
def planned_minute(calendar, minute):
    """Is this minute since the epoch planned? In a shift of a working day, and in no break of that shift."""
    if calendar is None or not calendar.shifts:
        return True
    day, at = divmod(minute + _ahead(calendar), DAY)
    for back in range(3):
        m = at + back * DAY
        for shift in _of_day(calendar, day - back):
            if shift.begin <= m < shift.end and not any(low <= m < high for low, high in shift.breaks):
                return True
    return False


def planned_ms(calendar, start, end):
    """How much of [start, end) is planned, ms."""
    minutes = range(start // MINUTE_MS, -(-end // MINUTE_MS))
    edges = ((m * MINUTE_MS, (m + 1) * MINUTE_MS) for m in minutes if planned_minute(calendar, m))
    return sum(max(0, min(high, end) - max(low, start)) for low, high in edges)


def shifts(calendar, around):
    """{(start, end)} of the shifts that begin on the days about a moment."""
    day = (around // MINUTE_MS + _ahead(calendar)) // DAY
    found = set()
    for d in range(day - 3, day + 3):
        for shift in _of_day(calendar, d):
            begin, end = (d * DAY + m - _ahead(calendar) for m in (shift.begin, shift.end))
            found.add((begin * MINUTE_MS, end * MINUTE_MS))
    return found


def _ahead(calendar):
    ((_, minutes),) = calendar.offsets
    return minutes


def _of_day(calendar, day):
    today = EPOCH + timedelta(days=day)
    return [] if today in calendar.holidays else [s for s in calendar.shifts if today.weekday() in s.days]
