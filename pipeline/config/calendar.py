"""Shifts, days off and time zone of park.toml -> the calendar that a line's record carries.

Rule: local time becomes a table of offsets here, so that no worker ever asks a machine about time zones.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from pipeline.config.shape import Loc
from pipeline.config.shift import DAYS, ShiftSection
from pipeline.config.slips import Slip
from pipeline.core.calendar import CalendarConfig, ShiftConfig

DAY_MINUTES, WEEK = 24 * 60, 7
FROM_YEAR, TO_YEAR = 2000, 2060


def resolve_calendar(shifts: Sequence[ShiftSection], holidays: Sequence[date], timezone: str) -> CalendarConfig | None:
    """None without shifts: then all time is planned."""
    if not shifts:
        return None
    resolved = tuple(_shift(shift) for shift in shifts)
    return CalendarConfig(offsets=_offsets(timezone), shifts=resolved, holidays=tuple(sorted(set(holidays))))


def check_shifts(shifts: Sequence[ShiftSection]) -> Iterator[Slip]:
    names = [shift.name for shift in shifts]
    for i, shift in enumerate(shifts):
        at: Loc = ("shifts", i)
        if shift.name in names[:i]:
            yield Slip((*at, "name"), f"{shift.name!r} stands twice; first at shifts[{names.index(shift.name)}]")
        own = _shift(shift)
        for k, (begin, end) in enumerate(own.breaks):
            if not own.begin <= begin < end <= own.end:
                expected = f"a pair inside {shift.begin} to {shift.end}, begin before end"
                yield Slip(
                    (*at, "breaks", k), f"not inside the shift; got {list(shift.breaks[k])}; expected {expected}"
                )
        others = [repr(other.name) for other in shifts[:i] if _overlap(_shift(other), own)]
        if others:
            what = f"overlaps shift {', '.join(others)} on some day; planned time would count twice; move one"
            yield Slip(at, what)


def _shift(shift: ShiftSection) -> ShiftConfig:
    begin = _minutes(shift.begin)
    return ShiftConfig(
        name=shift.name,
        begin=begin,
        end=_after(begin, shift.end),
        breaks=tuple((_after(begin - 1, low), _after(begin, high)) for low, high in shift.breaks),
        days=tuple(sorted(_days(shift.days))),
    )


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _after(begin: int, clock: str) -> int:
    """A time of day as minutes, on the next day where it is not after `begin`."""
    minutes = _minutes(clock)
    return minutes if minutes > begin else minutes + DAY_MINUTES


def _days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, last = (DAYS.index(part.strip().split("-")[k].strip()) for k in (0, -1))
        yield from range(first, last + 1) if first <= last else [*range(first, WEEK), *range(last + 1)]


def _overlap(one: ShiftConfig, other: ShiftConfig) -> bool:
    """Do two shifts share a minute of some week?"""
    spans = sorted((day * DAY_MINUTES + shift.begin, day * DAY_MINUTES + shift.end, k)
                   for k, shift in enumerate((one, other)) for day in shift.days)  # fmt: skip
    spans += [(begin + WEEK * DAY_MINUTES, end + WEEK * DAY_MINUTES, k) for begin, end, k in spans]
    return any(a[1] > b[0] and a[2] != b[2] for a, b in pairwise(sorted(spans)))


@cache
def _offsets(timezone: str) -> tuple[tuple[int, int], ...]:
    """(from ms since the epoch, minutes ahead of UTC) between two far years."""
    zone = ZoneInfo(timezone)
    at, last = datetime(FROM_YEAR, 1, 1, tzinfo=UTC), datetime(TO_YEAR, 1, 1, tzinfo=UTC)
    found = [(_ms(at), _offset(zone, at))]
    while at < last:
        following = at + timedelta(days=1)
        if _offset(zone, following) != found[-1][1]:
            found.append((_ms(_change(zone, at, following)), _offset(zone, following)))
        at = following
    return tuple(found)


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The minute between the two from which the offset is that of `high`."""
    wanted = _offset(zone, high)
    while high - low > timedelta(minutes=1):
        middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
        low, high = (low, middle) if _offset(zone, middle) == wanted else (middle, high)
    return high


def _offset(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(minutes=1)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
