"""Elements of units and lines for windows that leave: additive, exact, and always summing to planned busy time.

Rules: a line takes its times from its pace unit and its parts from its count unit, its ideal time is the count unit's
parts times the pace unit's ideal cycle; a window leaves when the line's clock has passed its end, and again, with a
higher revision, when its content is another; without parts and without a known state a short one does not leave; a
new window length begins with its first whole window.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.core.states import Span
from pipeline.core.unit_book import BASE_MS, SLOT, UnitBook

Content = tuple[int, ...]  # pbt, apt, aust, adet, adot, unclassified (ms), good, reject, rework
TIME_COUNT = 6
SHORT_MS = 60_000


@dataclass(slots=True)
class Issue:
    """What has left of one equipment: `following` by width the next window start, `out` the content by window."""

    following: dict[int, int] = field(default_factory=dict)
    out: dict[tuple[int, int], Content] = field(default_factory=dict)


def content(times: UnitBook, parts: UnitBook, start: int, end: int) -> Content:
    booked = times.content(start, end)
    made = booked if parts is times else parts.content(start, end)
    known = booked[: SLOT["good"]]
    return (end - start, *known, end - start - sum(known), *made[SLOT["good"] :])


def leaving(
    issue: Issue, books: tuple[UnitBook, UnitBook], touched: Sequence[Span], clock: int, widths: tuple[int, ...]
) -> Iterator[tuple[int, int, Content, bool]]:
    """(width, start, content, again) of the windows of one equipment to publish now, by width and start."""
    times, parts = books
    if times.first is None or parts.first is None:
        return
    first, floor, born = max(times.first, parts.first), max(times.floor, parts.floor), not issue.following
    for width in [w for w in issue.following if w not in widths]:
        del issue.following[width]
    for width in widths:
        low, past = max(first // width * width, -(-floor // width) * width), clock // width * width
        fresh = issue.following.get(width, low if born else -(-clock // width) * width)
        starts = _starts(touched, width, low, min(fresh, past))
        if width > SHORT_MS:
            starts.update(range(max(fresh, low), past, width))
        elif past > fresh:
            known = [*times.spans(fresh, past), *parts.spans(fresh, past)]
            starts |= _starts(known, width, max(fresh, low), past)
        for start in sorted(starts):
            found = content(times, parts, start, start + width)
            known_now = found[5] != found[0] or any(found[TIME_COUNT:])
            before = issue.out.get((width, start))
            if found != before and (known_now or width > SHORT_MS or before is not None):
                issue.out[width, start] = found
                yield width, start, found, before is not None
        issue.following[width] = max(fresh, past)


def _starts(spans: Iterable[Span], width: int, low: int, past: int) -> set[int]:
    """Starts of the windows in [low, past) that overlap the spans."""
    return {s for a, b in spans for s in range(max(low, a // width * width), min(b, past), width)}


def forget(issue: Issue, before: int) -> None:
    """Drops what no row in time can change: windows that begin before `before`."""
    for key in [k for k in issue.out if k[1] < before]:
        del issue.out[key]


def base_widths(seconds: tuple[int, ...]) -> tuple[int, ...]:
    """Window lengths (ms) that hold elements: whole base windows."""
    return tuple(s * 1000 for s in seconds if s * 1000 % BASE_MS == 0)
