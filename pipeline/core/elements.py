"""Elements of units and lines for windows that leave: additive, exact, and always summing to planned busy time.

Rules: a line takes its times from its pace unit, its parts from its count unit, and what is metered from all of its
units; time that is not planned is in no element, what is made or used in it counts. A window leaves when the line's
clock has passed its end, and again, with a higher revision, when its content is another; a short one does not leave
while nothing is known of it, a long one not where nothing was planned nor made; a new window length begins with its
first whole window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.core.calendar import CalendarConfig, planned
from pipeline.core.grids import SHORT_MS, Grid, Grids
from pipeline.core.states import Span
from pipeline.core.unit_book import ALWAYS, METERED, PARTS, TIMES, UnitBook

Content = tuple[int, ...]  # pbt, apt, aust, adet, adot, unclassified (ms), then QUANTITIES
QUANTITIES = (*PARTS, *METERED)
TIME_COUNT = 2 + len(TIMES)
MINUTE_MS = 60_000  # long windows end on whole minutes


@dataclass(frozen=True, slots=True)
class Books:
    """The books that one equipment's elements come from; `metered`: whose meters add up."""

    times: UnitBook
    parts: UnitBook
    metered: tuple[UnitBook, ...]

    @property
    def first(self) -> int | None:
        """The first row of both times and parts; None while one of them has none."""
        if self.times.first is None or self.parts.first is None:
            return None
        return max(self.times.first, self.parts.first)

    @property
    def floor(self) -> int:
        return max(book.floor for book in (self.times, self.parts, *self.metered))

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """Where something is known of [start, end)."""
        for book in {id(book): book for book in (self.times, self.parts, *self.metered)}.values():
            yield from book.spans(start, end)


@dataclass(slots=True)
class Issue:
    """What has left of one equipment. By grid: `following`, event time up to which ended windows are out; `since`,
    where its windows begin; `ended`, the newest end of a long one, at first the clock: a row found later may begin it.
    `out`: (length, start) -> content, of short windows from `floor` on."""

    following: dict[int, int] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)
    out: dict[tuple[int, int], Content] = field(default_factory=dict)
    floor: int = ALWAYS


def content(books: Books, calendar: CalendarConfig | None, start: int, end: int) -> Content:
    spans = planned(calendar, start, end)
    busy = sum(high - low for low, high in spans)
    times = [sum(column) for column in zip(*(books.times.times(low, high) for low, high in spans), strict=True)]
    known = times or [0] * len(TIMES)
    made = books.parts.quantities(start, end)[: len(PARTS)]
    used = [book.quantities(start, end)[len(PARTS) :] for book in books.metered]
    return (busy, *known, busy - sum(known), *made, *(sum(column) for column in zip(*used, strict=True)))


def recall(issue: Issue, books: Books, spans: Sequence[Span], grids: Grids) -> None:
    """Before the books change over `spans`: what is out of short windows there that were forgotten since."""
    if books.first is None:
        return
    for grid in grids.kinds:
        if grid.short and grid.key in issue.following:
            low = max(grid.begin(books.first), books.floor, issue.since[grid.key])
            for start, end in grid.over(spans, low, issue.following[grid.key]):
                found = content(books, grids.calendar, start, end) if start < issue.floor else None
                if found is not None and _tells(found, short=True):
                    issue.out[end - start, start] = found


def leaving(
    issue: Issue, books: Books, touched: Sequence[Span], clock: int, grids: Grids, *, remade: Sequence[Span] = ()
) -> Iterator[tuple[int, int, Content, bool]]:
    """(length, start, content, again) of the windows of one equipment to publish now, by grid and start."""
    first = books.first
    if first is None:
        return
    born = not issue.following
    keys = {grid.key for grid in grids.kinds}
    for key in [key for key in issue.following if key not in keys]:
        del issue.following[key], issue.since[key]
    for grid in grids.kinds:
        since = issue.since.setdefault(grid.key, ALWAYS if born else clock)
        out_to = issue.following.get(grid.key, ALWAYS)
        low = max(grid.begin(first), books.floor, since, issue.floor if grid.short else ALWAYS)
        fresh = _fresh(books, grid, (max(low, grid.begin(out_to) if grid.short else out_to), clock), low)
        again = grid.over(_behind(touched, grid, issue), low, min(out_to, clock))
        if remade:
            again |= grid.over(remade, max(grid.begin(first), books.floor, since), clock)
        issue.ended[grid.key] = max((end for _, end in fresh), default=issue.ended.get(grid.key, clock))
        for start, end in sorted(again | fresh):
            found = content(books, grids.calendar, start, end)
            before = issue.out.get((end - start, start))
            if found != before and (before is not None or _tells(found, grid.short)):
                issue.out[end - start, start] = found
                yield end - start, start, found, before is not None
        issue.following[grid.key] = max(out_to, clock)


def _fresh(books: Books, grid: Grid, passed: Span, low: int) -> set[Span]:
    """Windows that ended while the clock passed: short ones in which something is known, long ones all."""
    begin, clock = passed
    if grid.short:
        return grid.over(books.spans(begin, clock), low, clock)
    return grid.over([passed], low, clock) if begin // MINUTE_MS < clock // MINUTE_MS else set()


def _behind(touched: Sequence[Span], grid: Grid, issue: Issue) -> Sequence[Span]:
    """What changed of windows that may be out already."""
    ended = issue.ended.get(grid.key, ALWAYS)
    return touched if grid.short else [span for span in touched if span[0] < ended]


def _tells(found: Content, short: bool) -> bool:
    """Is something known of a short window; was anything of a long one planned or made?"""
    made = any(found[TIME_COUNT:])
    return made or (found[TIME_COUNT - 1] != found[0] if short else found[0] > 0)


def forget(issue: Issue, before: int, short_before: int) -> None:
    """Drops what no row in time can change: windows that begin before `before`, short ones before `short_before`."""
    issue.floor = max(issue.floor, short_before)
    for key in [k for k in issue.out if k[1] < (issue.floor if k[0] <= SHORT_MS else before)]:
        del issue.out[key]
