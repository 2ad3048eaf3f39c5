"""Elements of units and lines for windows that leave: additive, exact, and always summing to planned busy time.

Rules: a line takes its times from its pace unit and its parts from its count unit, its ideal time is the count unit's
parts times the pace unit's ideal cycle; a window leaves when the line's clock has passed its end, and again, with a
higher revision, when its content is another; without parts and without a known state a short one does not leave.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.core.unit_book import BASE_MS, SLOT, UnitBook

Content = tuple[int, ...]  # pbt, apt, aust, adet, adot, unclassified (ms), good, reject, rework
TIME_COUNT = 6
SHORT_MS = 60_000


@dataclass(slots=True)
class Issue:
    """What has left of one equipment: `following` by width the next window start, `out` the content by window."""

    following: dict[int, int] = field(default_factory=dict)
    out: dict[tuple[int, int], Content] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """One window that leaves. `again`: it has left before with another content."""

    equipment: str  # the unit's name, "" = the line itself
    width: int
    start: int
    content: Content
    again: bool


def content(times: UnitBook, parts: UnitBook, start: int, end: int) -> Content:
    booked = times.content(start, end)
    made = booked if parts is times else parts.content(start, end)
    known = booked[: SLOT["good"]]
    return (end - start, *known, end - start - sum(known), *made[SLOT["good"] :])


def leaving(
    issue: Issue, books: tuple[UnitBook, UnitBook], touched: set[int], clock: int, widths: tuple[int, ...]
) -> Iterator[tuple[int, int, Content, bool]]:
    """(width, start, content, again) of the windows of one equipment to publish now, by width and start."""
    times, parts = books
    if times.first is None or parts.first is None:
        return
    first = max(times.first, parts.first)
    for width in widths:
        fresh = issue.following.setdefault(width, first // width * width)
        low, past = first // width * width, clock // width * width
        starts = {t // width * width for t in touched}
        changed = sorted(s for s in starts if low <= s < min(fresh, past))
        for start in [*changed, *range(fresh, past, width)]:
            found = content(times, parts, start, start + width)
            known = found[5] != found[0] or any(found[TIME_COUNT:])
            before = issue.out.get((width, start))
            if found != before and (known or width > SHORT_MS or before is not None):
                issue.out[width, start] = found
                yield width, start, found, before is not None
        issue.following[width] = max(fresh, past)


def forget(issue: Issue, before: int) -> None:
    """Drops what no row in time can change: windows that end at or before `before`."""
    for key in [k for k in issue.out if k[0] + k[1] <= before]:
        del issue.out[key]


def base_widths(seconds: tuple[int, ...]) -> tuple[int, ...]:
    """Window lengths (ms) that hold elements: whole base windows."""
    return tuple(s * 1000 for s in seconds if s * 1000 % BASE_MS == 0)
