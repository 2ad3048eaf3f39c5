"""The calendar of planned work: shifts with breaks, days off, in the local time of a park.

Rules: shifts are half-open in local time; one that ends at or before its begin ends the next day; it belongs to the
day on which it begins. Local time is a table of offsets in the calendar itself, so that results never depend on what a
machine knows of time zones. Without shifts all time is planned.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

DAY_MS, MINUTE_MS = 86_400_000, 60_000
EPOCH = date(1970, 1, 1).toordinal()
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
Span = tuple[int, int]  # [from, to) ms since the epoch
Minute = Annotated[int, Field(ge=0, le=2 * 24 * 60)]  # of the day on which the shift begins
Offset = tuple[int, Annotated[int, Field(ge=-1_440, le=1_440)]]


class ShiftConfig(BaseModel):
    """Minutes from the midnight before its begin; `end` is past 24 h where it ends the next day. days: 0 = Monday."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    begin: Minute
    end: Minute
    breaks: tuple[tuple[Minute, Minute], ...] = ()
    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = (0, 1, 2, 3, 4, 5, 6)


class CalendarConfig(BaseModel):
    """offsets: (from ms since the epoch, minutes ahead of UTC), in order; before the first one its offset holds.
    holidays: ISO dates on which no shift begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offsets: Annotated[tuple[Offset, ...], Field(min_length=1, max_length=1_000)] = ((0, 0),)
    shifts: Annotated[tuple[ShiftConfig, ...], Field(max_length=50)] = ()
    holidays: Annotated[tuple[date, ...], Field(max_length=5_000)] = ()


class Shift(NamedTuple):
    """One shift of one day: when it is, and its planned time."""

    start: int
    end: int
    planned: tuple[Span, ...]


def shifts_over(calendar: CalendarConfig, start: int, end: int) -> Iterator[Shift]:
    """Shifts that overlap [start, end), by their begin."""
    longest = max((shift.end for shift in calendar.shifts), default=0) * MINUTE_MS
    first = (start - longest - DAY_MS) // DAY_MS
    for day in range(first, (end + DAY_MS) // DAY_MS + 1):
        for shift in _shifts_of(calendar, day):
            if shift.start < end and shift.end > start:
                yield shift


def planned(calendar: CalendarConfig | None, start: int, end: int) -> tuple[Span, ...]:
    """Planned time within [start, end): spans in order that do not touch each other."""
    if calendar is None or not calendar.shifts:
        return ((start, end),)
    spans = sorted(span for shift in shifts_over(calendar, start, end) for span in shift.planned)
    out: list[Span] = []
    for low, high in ((max(low, start), min(high, end)) for low, high in spans):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        elif low < high:
            out.append((low, high))
    return tuple(out)


@lru_cache(maxsize=4_096)
def _shifts_of(calendar: CalendarConfig, day: int) -> tuple[Shift, ...]:
    """The shifts that begin on a local day (days since the epoch)."""
    if date.fromordinal(EPOCH + day) in calendar.holidays:
        return ()
    weekday = (day + EPOCH_WEEKDAY) % 7
    found = (_shift(calendar, shift, day) for shift in calendar.shifts if weekday in shift.days)
    return tuple(sorted(found, key=lambda shift: shift.start))


def _shift(calendar: CalendarConfig, shift: ShiftConfig, day: int) -> Shift:
    def at(minute: int) -> int:
        return _utc(calendar, day * DAY_MS + minute * MINUTE_MS)

    edges = [at(shift.begin)]
    for begin, end in sorted(shift.breaks):
        edges += [max(edges[-1], at(begin)), max(edges[-1], at(end))]
    edges.append(at(shift.end))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return Shift(edges[0], edges[-1], tuple((low, high) for low, high in pairs if low < high))


def _utc(calendar: CalendarConfig, local: int) -> int:
    """A moment of local time (ms) as ms since the epoch; of two that fit, the first."""
    times = [since for since, _ in calendar.offsets]
    guess = max(0, bisect_right(times, local) - 1)
    for k in (guess - 1, guess, guess + 1):
        if 0 <= k < len(times):
            utc = local - calendar.offsets[k][1] * MINUTE_MS
            if k + 1 == len(times) or utc < times[k + 1]:
                return utc
    return local - calendar.offsets[-1][1] * MINUTE_MS
