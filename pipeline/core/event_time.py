"""Clocks of sources and lines (architecture, "Time"): how far event time has come, judged record by record.

Rules kept here:
- all rows of a record are judged by the clocks as they stood before it; clocks move between records, never back;
- pauses are measured in the line's running time: append time, of which a record adds at most 2 s;
- a line's clock is the least of its steady sources' clocks; without one, the greatest clock, and it goes on with the
  running time;
- a source more than `max_hold` behind the fastest steady one holds nobody, until it is within half of that again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.core.line_config import TimeConfig

NEVER = -(1 << 60)
PANE_MS = 1_000
MAX_RUN_MS = 2_000


@dataclass(slots=True)
class SourceClock:
    """Event times in ms. `moved` and `since` are running time of its line."""

    newest: int = NEVER  # newest event time, counted at most as its ingest time
    top: int = NEVER  # newest event time of any row in time
    clock: int = NEVER
    moved: int = NEVER
    since: int = NEVER
    behind: bool = False

    @property
    def closed_before(self) -> int:
        """Panes that end at or before this are closed."""
        return self.clock // PANE_MS * PANE_MS


@dataclass(slots=True)
class LineClock:
    """`clock` is the line's event time; `tick` its last whole second (ms) at which results left."""

    running: int = 0
    append: int = NEVER
    clock: int = NEVER
    tick: int = NEVER
    sources: dict[int, SourceClock] = field(default_factory=dict)

    def observe(self, append_ms: int, runs: Iterable[tuple[int, int, int]], time: TimeConfig) -> bool:
        """One record: `runs` are (source, newest counted time, newest time) of its rows in time. True: a tick."""
        added = 0 if self.append == NEVER else min(MAX_RUN_MS, max(0, append_ms - self.append))
        self.running += added
        self.append = max(append_ms, self.append)
        for code, newest, top in runs:
            source = self.sources.get(code)
            if source is None:
                source = self.sources[code] = SourceClock()
            self._move(source, newest, top, time)
        self._pause(time)
        self._advance(added, time)
        tick = self.clock // PANE_MS * PANE_MS
        if self.sources and tick > self.tick:
            self.tick = tick
            return True
        return False

    def _move(self, source: SourceClock, newest: int, top: int, time: TimeConfig) -> None:
        if newest > source.newest:
            if self.running - source.moved > time.idle_timeout_ms:
                source.since = self.running
            source.moved = self.running
            source.newest = newest
            source.clock = max(source.clock, newest - time.allowed_lateness_ms)
        source.top = max(source.top, top)

    def _pause(self, time: TimeConfig) -> None:
        for source in self.sources.values():
            if self.running - source.moved > time.idle_timeout_ms:
                source.clock = max(source.clock, (source.top // PANE_MS + 1) * PANE_MS)

    def _advance(self, added: int, time: TimeConfig) -> None:
        idle, running = time.idle_timeout_ms, self.running
        moving = [s for s in self.sources.values() if running - s.moved <= idle and running - s.since >= idle]
        if not moving:
            if self.sources:
                fastest = max(s.clock for s in self.sources.values())
                self.clock = max(self.clock + added, fastest)
            return
        fastest = max(s.clock for s in moving)
        least = fastest
        for s in moving:
            s.behind = fastest - s.clock > (time.max_hold_ms // 2 if s.behind else time.max_hold_ms)
            if not s.behind and s.clock < least:
                least = s.clock
        self.clock = max(self.clock, least)

    def end(self) -> None:
        """The end of a run: every clock passes its newest row; no timer runs on it."""
        for source in self.sources.values():
            source.clock = max(source.clock, (source.top // PANE_MS + 1) * PANE_MS)
            self.clock = max(self.clock, source.clock)
        self.tick = self.clock // PANE_MS * PANE_MS
