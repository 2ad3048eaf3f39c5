"""Clocks of sources and lines (architecture, "Time"): how far event time has come, judged record by record.

Rules kept here:
- all rows of a record are judged by the clocks as they stood before it; clocks move between records, never back;
- pauses are measured in the line's running time: append time, of which a record adds at most 2 s;
- a line's clock is the least of its steady sources' clocks; without one, the greatest clock, and it goes on with the
  running time; before its first source it has none here (`waiting`);
- a source more than `max_hold` behind the fastest steady one holds nobody, until it is within half of that again.

Records of different lines know nothing of each other, so one record of each of many lines is taken at once.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.line_times import LineTimes

NEVER = -(1 << 60)
PANE_MS = 1_000
MAX_RUN_MS = 2_000
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Records:
    """One record of each of some lines. By record: line (each once), append ms, `ended` (its run ends). By run of rows
    in time of one source: `record` its place here, source, newest counted time, newest time."""

    line: Ints
    append: Ints
    ended: Flags
    record: Ints
    source: Ints
    counted: Ints
    top: Ints


def _column() -> Ints:
    return np.zeros(0, np.int64)


def _flags() -> Flags:
    return np.zeros(0, np.bool_)


class _Sources(NamedTuple):
    """Sources of the lines that have a record: their codes, the place of their line, which of them are steady."""

    members: Places
    at: Places
    steady: Places


@dataclass(slots=True)
class Clocks:
    """By source code: `newest` event time (counted at most as its ingest time), `top` of any row in time, `clock`,
    `moved` and `since` in running time of its line, `behind`. By line code: `running`, `append`, `line` its event
    time, `tick` its last whole second at which results left, `someone_behind`. NEVER: nothing yet."""

    newest: Ints = field(default_factory=_column)
    top: Ints = field(default_factory=_column)
    clock: Ints = field(default_factory=_column)
    moved: Ints = field(default_factory=_column)
    since: Ints = field(default_factory=_column)
    behind: Flags = field(default_factory=_flags)
    running: Ints = field(default_factory=_column)
    append: Ints = field(default_factory=_column)
    line: Ints = field(default_factory=_column)
    tick: Ints = field(default_factory=_column)
    someone_behind: Flags = field(default_factory=_flags)

    def cover(self, sources: int, lines: int) -> None:
        """Makes room for sources and lines that are new."""
        if sources > len(self.clock):
            for name in ("newest", "top", "clock", "moved", "since"):
                setattr(self, name, grown(getattr(self, name), sources, NEVER))
            self.behind = grown(self.behind, sources, False)
        if lines > len(self.line):
            for name in ("append", "line", "tick"):
                setattr(self, name, grown(getattr(self, name), lines, NEVER))
            self.running = grown(self.running, lines, 0)
            self.someone_behind = grown(self.someone_behind, lines, False)

    def observe(self, records: Records, times: LineTimes, source_line: npt.NDArray[np.int32]) -> Flags:
        """Moves the clocks by one record of each of some lines. source_line i32 by source code. By record: a tick?"""
        line = records.line
        before = self.append[line]
        added = np.where(before == NEVER, 0, np.clip(records.append - before, 0, MAX_RUN_MS))
        running = self.running[line] + added
        self.running[line] = running
        self.append[line] = np.maximum(records.append, before)
        self._move(records, running, times)
        place = np.full(len(self.line), -1)
        place[line] = np.arange(len(line))
        at = place.take(source_line)
        members = np.flatnonzero((at >= 0) & (self.top[: len(at)] != NEVER))
        at = at.take(members)
        steady = np.flatnonzero(self._steady(members, (running - times.idle_timeout[line]).take(at)))
        self._advance(line, added, _Sources(members, at, steady), times.max_hold[line])
        tick = self._tick(line)
        if records.ended.any():
            tick |= self._end(records, members, at)
        return tick

    def _move(self, records: Records, running: Ints, times: LineTimes) -> None:
        """A source may have several runs in a record: each then finds the same."""
        some = np.flatnonzero(records.top != NEVER)
        if not len(some):
            return
        source, record = records.source.take(some), records.record.take(some)
        before = self.newest.take(source)
        np.maximum.at(self.newest, source, records.counted.take(some))
        np.maximum.at(self.top, source, records.top.take(some))
        on = np.flatnonzero(self.newest.take(source) > before)
        source, record = source.take(on), record.take(on)
        now, line = running.take(record), records.line.take(record)
        again = now - self.moved.take(source) > times.idle_timeout.take(line)
        self.since[source] = np.where(again, now, self.since.take(source))
        self.moved[source] = now
        newest = self.newest.take(source) - times.allowed_lateness.take(line)
        self.clock[source] = np.maximum(self.clock.take(source), newest)

    def _steady(self, members: Places, moved_after: Ints) -> Flags:
        """Moves the clocks of pausing sources; which have moved on long enough to hold their line."""
        pausing = self.moved.take(members) < moved_after
        if pausing.any():
            self._close_newest(members[pausing])
        return ~pausing & (self.since.take(members) <= moved_after)

    def _close_newest(self, sources: Places) -> None:
        """Moves clocks to the end of their newest pane."""
        self.clock[sources] = np.maximum(self.clock[sources], (self.top[sources] // PANE_MS + 1) * PANE_MS)

    def _advance(self, line: Ints, added: Ints, own: "_Sources", hold: Ints) -> None:
        clock, at, some = self.clock.take(own.members), own.at, own.steady
        any_fastest, fastest, least = np.full(len(line), NEVER), np.full(len(line), NEVER), np.full(len(line), -NEVER)
        np.maximum.at(any_fastest, at, clock)
        np.maximum.at(fastest, at.take(some), clock.take(some))
        np.minimum.at(least, at.take(some), clock.take(some))
        held = fastest != NEVER
        far = held & (self.someone_behind[line] | (fastest - least > hold))
        if far.any():
            chosen = some[far[at[some]]]
            self._say_behind(own, chosen, fastest[at[chosen]] - clock[chosen], hold[at[chosen]])
            someone = np.zeros(len(line), np.bool_)
            someone[at[self.behind[own.members]]] = True
            self.someone_behind[line[far]] = someone[far]
            front = chosen[~self.behind[own.members[chosen]]]
            least = np.where(far, fastest, least)
            np.minimum.at(least, at[front], clock[front])
        before = self.line[line]
        alone = np.where(any_fastest == NEVER, before, np.maximum(before + added, any_fastest))
        self.line[line] = np.where(held, np.maximum(before, least), alone)

    def _say_behind(self, own: "_Sources", chosen: Places, gap: Ints, hold: Ints) -> None:
        """Which steady sources (`chosen` of `own`) of lines with one far behind hold nobody."""
        source = own.members[chosen]
        self.behind[source] = gap > np.where(self.behind[source], hold // 2, hold)

    def _tick(self, line: Ints) -> Flags:
        """A line without a source has no clock, and no tick."""
        second = self.line[line] // PANE_MS * PANE_MS
        tick = np.asarray(second > self.tick[line], np.bool_)
        tick &= self.line[line] != NEVER
        self.tick[line] = np.where(tick, second, self.tick[line])
        return tick

    def _end(self, records: Records, members: Places, at: Places) -> Flags:
        """The end of a run: every clock passes its newest row; no timer runs on it. Lines with a source tick."""
        ending = records.ended.take(at)
        sources, place = members[ending], at[ending]
        self._close_newest(sources)
        clock = self.line[records.line]
        np.maximum.at(clock, place, self.clock[sources])
        self.line[records.line] = clock
        ticks = np.zeros(len(clock), np.bool_)
        ticks[place] = True
        own = records.line[ticks]
        self.tick[own] = self.line[own] // PANE_MS * PANE_MS
        return ticks
