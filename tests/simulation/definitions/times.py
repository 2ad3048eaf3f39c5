"""Clocks of one line and of its sources, record by record: what is late, what is of a wrong clock, when results leave.

A source is a unit. Its clock is the newest event time so far (counted at most as the time of receipt) less the
allowed lateness; one that has not moved on for `idle_timeout` pauses, and its clock goes to the end of its newest
second. The line's clock is the least of its steady sources' clocks; without one the greatest of any, going on with
the running time. Never backwards. Running time is append time, of which a record adds at most 2 s.
"""

from typing import NamedTuple

NEVER = -(10**15)
RECORD_ADDS = 2_000
SECOND, MINUTE = 1_000, 60_000


class Tick(NamedTuple):
    """A record at which a line's results leave; `closed` by unit: its rows before this time are settled."""

    offset: int
    append: int
    running: int
    clock: int
    closed: dict[str, int]


class Source:
    def __init__(self):
        self.newest = self.top = self.clock = self.moved = self.since = NEVER
        self.is_behind = False

    def end_newest_second(self):
        self.clock = max(self.clock, (self.top // SECOND + 1) * SECOND)


class LineClock:
    def __init__(self, limits):
        self.limits, self.sources = limits, {}
        self.running, self.append, self.clock, self.second = 0, None, NEVER, NEVER

    def judge(self, frame, append):
        """By row: 'clock' (wrong), 'late' or '' (in time), by the clocks as they stand before this record."""
        limits = self.limits
        told = min(frame.ingest, append + limits["max_clock_skew_ms"])
        first, last = told - limits["max_age_ms"], told + limits["max_clock_skew_ms"]
        expired = (self.clock - limits["correction_horizon_ms"]) // MINUTE * MINUTE
        closed = {unit: source.clock // SECOND * SECOND for unit, source in self.sources.items()}
        verdicts = []
        for row in frame.rows:
            is_late = row.t < max(closed.get(row.unit, NEVER), expired)
            verdicts.append("clock" if not first <= row.t <= last else "late" if is_late else "")
        return verdicts

    def follow(self, offset, append, frame, verdicts):
        """Moves the clocks; the tick that this record is, if it is one."""
        limits = self.limits
        added = 0 if self.append is None else min(max(append - self.append, 0), RECORD_ADDS)
        self.append = append if self.append is None else max(self.append, append)
        self.running += added
        told = min(frame.ingest, append + limits["max_clock_skew_ms"])
        newest = {}
        for row, verdict in zip(frame.rows, verdicts, strict=True):
            if verdict != "clock":
                newest[row.unit] = max(newest.get(row.unit, NEVER), row.t)
        for unit, top in newest.items():
            self._move(self.sources.setdefault(unit, Source()), top, min(top, told))
        steady = [source for source in self.sources.values() if self._is_steady(source)]
        self._advance(steady, added)
        is_tick = self.clock != NEVER and self.clock // SECOND * SECOND > self.second
        if frame.ended and self.sources:
            for source in self.sources.values():
                source.end_newest_second()
            self.clock = max(self.clock, *(source.clock for source in self.sources.values()))
            is_tick = True
        if not is_tick:
            return None
        self.second = self.clock // SECOND * SECOND
        closed = {unit: source.clock // SECOND * SECOND for unit, source in self.sources.items()}
        return Tick(offset, append, self.running, self.clock, closed)

    def _move(self, source, top, counted):
        source.top = max(source.top, top)
        if counted <= source.newest:
            return
        source.newest = counted
        if self.running - source.moved > self.limits["idle_timeout_ms"]:
            source.since = self.running
        source.moved = self.running
        source.clock = max(source.clock, counted - self.limits["allowed_lateness_ms"])

    def _is_steady(self, source):
        since = self.running - self.limits["idle_timeout_ms"]
        if source.moved < since:
            source.end_newest_second()
            return False
        return source.since <= since

    def _advance(self, steady, added):
        if steady:
            fastest, hold = max(source.clock for source in steady), self.limits["max_hold_ms"]
            for source in steady:
                source.is_behind = fastest - source.clock > (hold // 2 if source.is_behind else hold)
            self.clock = max(self.clock, min(source.clock for source in steady if not source.is_behind))
        elif self.sources:
            self.clock = max(self.clock + added, *(source.clock for source in self.sources.values()))
