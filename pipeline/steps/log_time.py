"""The log's time as a gateway knows it from its own writes, and what it stamps while its own clock is off.

Rules: a clock that is at most `max_skew_ms` off is trusted to the millisecond; else the log's time at the newest write
is stamped, moved on by what has gone by since, but never by more than `max_skew_ms`, for our clock may have jumped. A
log whose time stands still ahead of ours, for append times never fall, is followed like any other.

>>> time = LogTime(60_000).learn(began_ms=1_000, ended_ms=1_200, log_ms=3_601_100)
>>> time.off_ms, time.stamp(1_300)
(3599900, 3601200)
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class LogTime:
    """`off_ms`: how far the log was ahead of us (negative: behind) at `own_ms`, when it said `log_ms`; 0 = trusted."""

    max_skew_ms: int = 60_000
    off_ms: int = 0
    own_ms: int = 0
    log_ms: int = 0

    def learn(self, began_ms: int, ended_ms: int, log_ms: int) -> "LogTime":
        """What was written from `began_ms` to `ended_ms` of our clock has `log_ms` as its newest append time."""
        off = log_ms - ended_ms if log_ms > ended_ms else min(0, log_ms - began_ms)
        return replace(self, off_ms=off if abs(off) > self.max_skew_ms else 0, own_ms=ended_ms, log_ms=log_ms)

    @property
    def trouble(self) -> str:
        """What is wrong with our clock, "" while it is trusted."""
        if not self.off_ms:
            return ""
        got = f"{abs(self.off_ms) / 1000:.0f} s {'behind' if self.off_ms > 0 else 'ahead of'} the log's time"
        expected = f"at most {self.max_skew_ms / 1000:g} s (max_clock_skew)"
        return (
            f"clock: this machine's is off; got {got}; expected {expected}; set it; the log's time is stamped meanwhile"
        )

    def stamp(self, own_ms: int) -> int:
        """The time to say for what was at `own_ms`; never falls where `own_ms` does not."""
        if not self.off_ms:
            return own_ms
        return self.log_ms + max(-self.max_skew_ms, min(self.max_skew_ms, own_ms - self.own_ms))
