"""Where windows of elements lie: aligned to the epoch, or the shifts of a calendar.

Rule: a grid only says which windows there are; what leaves when is decided in `elements`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pipeline.core.calendar import CalendarConfig, Span, shifts_over
from pipeline.core.unit_book import BASE_MS

SHORT_MS = 60_000


class Grid(Protocol):
    """Windows of one kind. `key` names it; `short`: windows in which nothing is known do not leave."""

    @property
    def key(self) -> int: ...
    @property
    def short(self) -> bool: ...

    def begin(self, t: int) -> int:
        """Begin of the window that holds t."""

    def over(self, spans: Iterable[Span], low: int, past: int) -> set[Span]:
        """Windows [start, end) that overlap one of the spans, with start >= low and end <= past."""


@dataclass(frozen=True, slots=True)
class Even:
    """Windows of one length (ms), aligned to the epoch."""

    width: int

    @property
    def key(self) -> int:
        return self.width

    @property
    def short(self) -> bool:
        return self.width <= SHORT_MS

    def begin(self, t: int) -> int:
        return t // self.width * self.width

    def over(self, spans: Iterable[Span], low: int, past: int) -> set[Span]:
        width = self.width
        first, last = -(-low // width) * width, past // width * width
        starts = {s for a, b in spans for s in range(max(first, a // width * width), min(b, last), width)}
        return {(start, start + width) for start in starts}


@dataclass(frozen=True, slots=True)
class Shifts:
    """The shifts of a calendar, each a window."""

    calendar: CalendarConfig

    @property
    def key(self) -> int:
        return 0

    @property
    def short(self) -> bool:
        return False

    def begin(self, t: int) -> int:
        return min((shift.start for shift in shifts_over(self.calendar, t, t + 1)), default=t)

    def over(self, spans: Iterable[Span], low: int, past: int) -> set[Span]:
        return set(self._over(spans, low, past))

    def _over(self, spans: Iterable[Span], low: int, past: int) -> Iterator[Span]:
        for begin, end in spans:
            for shift in shifts_over(self.calendar, max(begin, low), min(end, past)):
                if shift.start >= low and shift.end <= past:
                    yield shift.start, shift.end


@dataclass(frozen=True, slots=True)
class Grids:
    """The windows of a line, and what of them is planned time."""

    kinds: tuple[Grid, ...]
    calendar: CalendarConfig | None = None


def grids(seconds: Iterable[int], calendar: CalendarConfig | None, shift_windows: bool) -> Grids:
    """Windows that hold elements: whole base windows, and shifts where they are asked for."""
    even = [Even(s * 1000) for s in seconds if s * 1000 % BASE_MS == 0]
    shifts = [Shifts(calendar)] if calendar is not None and shift_windows else []
    return Grids((*even, *shifts), calendar)
