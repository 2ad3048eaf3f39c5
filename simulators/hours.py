"""When a plant works, by its own reckoning: shifts with breaks, and days off, in local time.

Rule: shares no code with what it judges (nothing of pipeline or connectors). A shift belongs to the local day on which
it begins, and goes on over midnight whatever day follows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

Window = tuple[int, int]  # [start, end) in ms since the epoch

DAY, DAY_MS = timedelta(days=1), 86_400_000
EVERY_DAY = frozenset(range(7))
LOOKED_AHEAD = (2, 10, 400)  # days, one after the other


class Shift(NamedTuple):
    """Minutes from midnight of the day on which it begins, past 1440 on the next day. `days`: 0 = Monday."""

    begin: int
    end: int
    breaks: tuple[tuple[int, int], ...] = ()
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of a plant. On a day of `holidays` no shift begins."""

    zone: str
    shifts: tuple[Shift, ...]
    holidays: frozenset[date] = frozenset()

    def shifts_over(self, start: int, end: int) -> list[Window]:
        """The shifts that overlap [start, end), whole, in order."""
        found = {shift for day in self._days(start, end) for shift, _ in _of_day(self, day)}
        return sorted(shift for shift in found if shift[0] < end and shift[1] > start)

    def planned(self, start: int, end: int) -> list[Window]:
        """When work is planned within [start, end), in order; spans neither touch nor overlap."""
        worked = sorted(span for day in self._days(start, end) for _, spans in _of_day(self, day) for span in spans)
        out: list[Window] = []
        for low, high in ((max(low, start), min(high, end)) for low, high in worked):
            if out and low <= out[-1][1]:
                out[-1] = (out[-1][0], max(out[-1][1], high))
            elif low < high:
                out.append((low, high))
        return out

    def rest_after(self, t: int) -> Window | None:
        """The first time [from, to) from t on in which nobody works; None where none comes to an end."""
        for days in LOOKED_AHEAD:
            worked = self.planned(t, t + days * DAY_MS)
            if worked and worked[0][0] > t:
                return t, worked[0][0]
            if len(worked) > 1:
                return worked[0][1], worked[1][0]
        return None

    def _days(self, start: int, end: int) -> Iterator[date]:
        """The local days whose shifts may overlap [start, end)."""
        day = _local_day(start, self.zone) - 2 * DAY
        while day <= _local_day(end, self.zone):
            yield day
            day += DAY


@cache
def _of_day(hours: Hours, day: date) -> tuple[tuple[Window, tuple[Window, ...]], ...]:
    """Each shift that begins on this day, and when it works."""
    if day in hours.holidays:
        return ()
    found = []
    for shift in hours.shifts:
        if day.weekday() in shift.days:
            spans, low = [], shift.begin
            for begin, end in sorted(shift.breaks):
                spans += [(low, begin)] if low < begin else []
                low = max(low, end)
            spans += [(low, shift.end)] if low < shift.end else []
            found.append((_moments(hours, day, shift[:2]), tuple(_moments(hours, day, span) for span in spans)))
    return tuple(found)


def _moments(hours: Hours, day: date, minutes: tuple[int, int]) -> Window:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(hours.zone))
    begin, end = ((midnight + timedelta(minutes=m)).timestamp() for m in minutes)  # minutes of the local clock
    return round(begin * 1000), round(end * 1000)


def _local_day(t_ms: int, zone: str) -> date:
    return datetime.fromtimestamp(t_ms // 1000, UTC).astimezone(ZoneInfo(zone)).date()
