"""What the roles need of a log, whatever it is made of, and what a look at any log says of clocks and of lag."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.core.finding import Finding, phrase
from pipeline.core.ports import Clock

STALE = timedelta(minutes=5)
"""A record that waits longer is not just under way."""


@dataclass(frozen=True, slots=True)
class LogNeeds:
    """`topics`: their partitions; `keep_ms`: how long records of each are of use; `reads`: role -> topics."""

    topics: Mapping[str, int]
    keep_ms: Mapping[str, int]
    reads: Mapping[str, Sequence[str]]
    max_skew_ms: int
    clock: Clock

    @property
    def stale_ms(self) -> int:
        """Records appended before this are stale."""
        return self.clock.now_ms() - STALE // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Lag:
    """Records that wait for a role, and how many of them are stale; `gone`: those that the log dropped unread;
    `ahead`: its place lies so many records behind the end, in a topic that was made anew."""

    waiting: int = 0
    stale: int = 0
    gone: int = 0
    ahead: int = 0

    def __add__(self, other: "Lag") -> "Lag":
        return Lag(
            self.waiting + other.waiting,
            self.stale + other.stale,
            self.gone + other.gone,
            self.ahead + other.ahead,
        )


def lag_of(committed: int | None, first: int, stale_end: int, end: int) -> Lag:
    """Of one partition; `stale_end`: where the records begin that are not stale.

    >>> lag_of(3, 0, 5, 9), lag_of(1, 4, 4, 6)
    (Lag(waiting=6, stale=2, gone=0, ahead=0), Lag(waiting=2, stale=0, gone=3, ahead=0))
    """
    at = first if committed is None else max(committed, first)
    gone = 0 if committed is None else max(0, first - committed)
    return Lag(max(0, end - at), max(0, min(stale_end, end) - at), gone, max(0, at - end))


def lag_finding(role: str, topic: str, lag: Lag) -> Finding:
    place = f"{role} < {topic}"
    if lag.gone:
        what = phrase("{0} records were dropped before they were read", lag.gone)
        return Finding(place, what, phrase("set the group's offsets anew, and look why the role was away so long"))
    if lag.ahead:
        what = phrase("it stands {0} records behind the end of the topic, which was made anew", lag.ahead)
        return Finding(place, what, phrase("set the group's offsets anew"))
    if lag.stale:
        what = phrase("{0} records wait, {1} of them for more than {2}", lag.waiting, lag.stale, STALE)
        return Finding(
            place, what, phrase("see that the role runs, and what its log says; start more where one is slow")
        )
    return Finding(place, phrase("{0} records wait, none for more than {1}", lag.waiting, STALE))


def clock_finding(place: str, off_ms: int, max_skew_ms: int) -> Finding:
    """`off_ms`: how far the other clock is ahead of this machine's (negative: behind)."""
    off, allowed = timedelta(milliseconds=abs(off_ms)), timedelta(milliseconds=max_skew_ms)
    if abs(off_ms) <= max_skew_ms:
        return Finding(place, phrase("its clock and this machine's are {0} apart", off))
    cure = phrase("set both by one NTP server; max_clock_skew allows {0}", allowed)
    if off_ms > 0:
        return Finding(place, phrase("this machine's clock is {0} behind its", off), cure)
    return Finding(place, phrase("this machine's clock is {0} ahead of its", off), cure)
