"""Clocks of sources and lines (architecture, "Time"): how far event time has come, judged record by record.

Rules kept here:
- all rows of a record are judged by the clocks as they stood before it; clocks move between records, never back;
- pauses are measured in the line's running time: append time, of which a record adds at most 2 s;
- a line's clock is the least of its steady sources' clocks; without one, the greatest clock, and it goes on with the
  running time;
- a source more than `max_hold` behind the fastest steady one holds nobody, until it is within half of that again.
"""

from collections.abc import Iterable, Sequence
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
    """`clock` is the line's event time; `tick` its last whole second (ms) at which results left; `someone_behind`: a
    source holds nobody because it is too far behind."""

    running: int = 0
    append: int = NEVER
    clock: int = NEVER
    tick: int = NEVER
    someone_behind: bool = False
    sources: dict[int, SourceClock] = field(default_factory=dict)

    def of(self, sources: Sequence[int]) -> list[int]:
        """Clocks of sources by code, NEVER for one that is not known yet."""
        known = self.sources
        try:
            return [known[code].clock for code in sources]
        except KeyError:
            return [known[code].clock if code in known else NEVER for code in sources]

    def observe(self, append_ms: int, runs: Iterable[tuple[int, int, int]], time: TimeConfig) -> bool:
        """One record: `runs` are (source, newest counted time, newest time) of its rows, NEVER where none is in time.
        True: a tick."""
        added = 0 if self.append == NEVER else min(MAX_RUN_MS, max(0, append_ms - self.append))
        self.running += added
        self.append = max(append_ms, self.append)
        self._move(runs, time)
        self._advance(added, self._steady(time), time.max_hold_ms)
        tick = self.clock // PANE_MS * PANE_MS
        if self.sources and tick > self.tick:
            self.tick = tick
            return True
        return False

    def _move(self, runs: Iterable[tuple[int, int, int]], time: TimeConfig) -> None:
        running, idle, lateness = self.running, time.idle_timeout_ms, time.allowed_lateness_ms
        sources = self.sources
        for code, newest, top in runs:
            if top == NEVER:
                continue
            source = sources.get(code)
            if source is None:
                source = sources[code] = SourceClock()
            if newest > source.newest:
                if running - source.moved > idle:
                    source.since = running
                source.moved = running
                source.newest = newest
                source.clock = max(source.clock, newest - lateness)
            source.top = max(source.top, top)

    def _steady(self, time: TimeConfig) -> list[SourceClock]:
        """Moves the clocks of pausing sources; returns those that have moved on long enough to hold the line."""
        moved_after = self.running - time.idle_timeout_ms
        steady: list[SourceClock] = []
        for source in self.sources.values():
            if source.moved < moved_after:
                source.clock = max(source.clock, (source.top // PANE_MS + 1) * PANE_MS)
            elif source.since <= moved_after:
                steady.append(source)
        return steady

    def _advance(self, added: int, steady: list[SourceClock], max_hold_ms: int) -> None:
        if not steady:
            if self.sources:
                fastest = max(s.clock for s in self.sources.values())
                self.clock = max(self.clock + added, fastest)
            return
        clocks = [source.clock for source in steady]
        fastest, least = max(clocks), min(clocks)
        if self.someone_behind or fastest - least > max_hold_ms:
            least = self._least(steady, fastest, max_hold_ms)
        self.clock = max(self.clock, least)

    def _least(self, steady: list[SourceClock], fastest: int, max_hold_ms: int) -> int:
        """The least clock of those not behind, after saying who is behind."""
        least = fastest
        for s in steady:
            s.behind = fastest - s.clock > (max_hold_ms // 2 if s.behind else max_hold_ms)
            if not s.behind and s.clock < least:
                least = s.clock
        self.someone_behind = any(s.behind for s in self.sources.values())
        return least

    def end(self) -> None:
        """The end of a run: every clock passes its newest row; no timer runs on it."""
        for source in self.sources.values():
            source.clock = max(source.clock, (source.top // PANE_MS + 1) * PANE_MS)
            self.clock = max(self.clock, source.clock)
        self.tick = self.clock // PANE_MS * PANE_MS
