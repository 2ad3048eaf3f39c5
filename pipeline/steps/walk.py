"""The clocks' way through a slice: what rows are judged by, and at which records results leave.

Records of one line are taken one after the other; of different lines, which know nothing of each other, together: the
k-th record of every line in one pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER, PANE_MS, Records
from pipeline.core.history import MINUTE_MS
from pipeline.core.regular_lines import DEPTH, Together, take
from pipeline.core.short_sort import stably_sorted
from pipeline.steps.partition import PartitionState

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of rows of one source in one record, i64: record, source, newest counted time, newest time, rows."""

    frame: Ints
    source: Ints
    counted: Ints
    top: Ints
    rows: Ints


@dataclass(frozen=True, slots=True)
class Ticks:
    """Records at which results of lines leave, no line twice, with the clocks as they stand behind them.

    By tick: line, offset, append, clock, running. `closed` i64 by source code: panes that end at or before this are
    closed; NEVER where the source is unknown or its line does not tick.
    """

    line: Ints
    offset: Ints
    append: Ints
    clock: Ints
    running: Ints
    closed: Ints


@dataclass(frozen=True, slots=True)
class Tick:
    """One of them. `closed` as there."""

    line: int
    offset: int
    append_ms: int
    clock: int
    running: int
    closed: Ints


def each(ticks: Ticks, places: npt.NDArray[np.intp]) -> Iterator[Tick]:
    columns = (ticks.line, ticks.offset, ticks.append, ticks.clock, ticks.running)
    for line, offset, append, clock, running in zip(*(column[places].tolist() for column in columns), strict=True):
        yield Tick(line, offset, append, clock, running, ticks.closed)


@dataclass(frozen=True, slots=True)
class Way:
    """By run: clock of its source before its record. By record: expiry (before it), round (the line's ticks before
    it), running (behind it), waiting (the line has no clock behind it). `ticks[k]`: the k-th ticks of the lines."""

    run_clock: Ints
    expiry: Ints
    round: Ints
    running: Ints
    waiting: Flags
    ticks: list[Ticks]


@dataclass(slots=True)
class _Collected:
    """Ticks of one number, as found pass by pass. `closed` by source code."""

    closed: Ints
    frames: list[Ints] = field(default_factory=list)
    clock: list[Ints] = field(default_factory=list)

    def add(self, frames: Ints, clock: Ints, sources: npt.NDArray[np.intp], clocks: Ints) -> None:
        self.frames.append(frames)
        self.clock.append(clock)
        self.closed[sources] = clocks // PANE_MS * PANE_MS


def walk(state: PartitionState, line: Ints, heads: tuple[Ints, Ints, Flags], runs: Runs) -> Way:
    """line: line code by record; heads: offset, append ms and `ended` by record. Moves the state's clocks."""
    offset, append, ended = heads
    size = len(line)
    expiry, rounds, running = (np.zeros(size, np.int64) for _ in range(3))
    way = Way(np.zeros(len(runs.frame), np.int64), expiry, rounds, running, np.zeros(size, np.bool_), [])
    own = _Walk(state, line, append, ended, runs, way, np.zeros(len(state.clocks.line), np.int64))
    own.go()
    for one in own.found:
        frames = np.concatenate(one.frames)
        way.ticks.append(
            Ticks(
                line[frames], offset[frames], append[frames], np.concatenate(one.clock), way.running[frames], one.closed
            )
        )
    return way


@dataclass(slots=True)
class _Walk:
    """`ticked` by line code: how often, up to here; `found` by number of the tick."""

    state: PartitionState
    line: Ints
    append: Ints
    ended: Flags
    runs: Runs
    way: Way
    ticked: Ints
    found: list[_Collected] = field(default_factory=list)

    def go(self) -> None:
        rank = _ranks(self.line)
        run_rank = rank.take(self.runs.frame)
        for first in range(0, int(rank.max(initial=0)) + 1, DEPTH):
            chosen = np.flatnonzero((rank >= first) & (rank < first + DEPTH))
            own = np.flatnonzero((run_rank >= first) & (run_rank < first + DEPTH))
            irregular = self._together(chosen, own, rank.take(chosen) - first)
            if irregular.any():
                line = np.zeros(len(self.ticked), np.bool_)
                line[self.line.take(chosen)] = irregular
                chosen, own = chosen[irregular], own[line.take(self.line.take(self.runs.frame.take(own)))]
                most = int(rank.take(chosen).max()) - first
                groups = _groups(rank.take(chosen) - first, most), _groups(run_rank.take(own) - first, most)
                for frames, places in zip(*groups, strict=True):
                    self._each(chosen.take(frames), own.take(places))

    def _together(self, chosen: npt.NDArray[np.intp], own: npt.NDArray[np.intp], rank: Ints) -> Flags:
        """Takes the records of regular lines; which records are of others?"""
        state, runs = self.state, self.runs
        place = np.zeros(len(self.line), np.intp)
        place[chosen] = np.arange(len(chosen))
        some = Together(
            self.line.take(chosen), rank, self.append.take(chosen), self.ended.take(chosen),
            place.take(runs.frame.take(own)), runs.source.take(own), runs.counted.take(own), runs.top.take(own),
        )  # fmt: skip
        lines, sources = take(
            state.clocks, some, state.times, state.registry.source_line[: len(state.registry.sources)]
        )
        number = self.ticked.take(lines.code) + np.cumsum(lines.tick, axis=0) - lines.tick
        frame = np.zeros(lines.tick.shape, np.int64)
        frame.reshape(-1)[lines.cell] = chosen
        irregular = ~np.broadcast_to(lines.regular, frame.shape).reshape(-1).take(lines.cell)
        record, cell = (chosen, lines.cell) if not irregular.any() else (chosen[~irregular], lines.cell[~irregular])
        horizon = state.times.correction_horizon.take(self.line.take(record))
        self.way.expiry[record] = lines.before.take(cell) - horizon
        self.way.round[record], self.way.running[record] = number.take(cell), lines.running.take(cell)
        self.way.run_clock[own] = sources.run_clock
        for k in np.flatnonzero(np.bincount(number[lines.tick])).tolist():
            hit = lines.tick & (number == k)
            depth, some_lines = hit.argmax(axis=0), np.flatnonzero(hit.any(axis=0))
            at = depth.take(some_lines)
            members = np.flatnonzero(hit.any(axis=0).take(sources.at))
            clocks = sources.clock[depth.take(sources.at.take(members)), members]
            self._collected(k).add(
                frame[at, some_lines], lines.clock[at, some_lines], sources.code.take(members), clocks
            )
        self.ticked[lines.code] += lines.tick.sum(axis=0)
        return irregular

    def _each(self, chosen: npt.NDArray[np.intp], own: npt.NDArray[np.intp]) -> None:
        """One record of each of some lines."""
        state, clocks, way = self.state, self.state.clocks, self.way
        source, line = self.runs.source.take(own), self.line.take(chosen)
        way.run_clock[own] = clocks.clock.take(source)
        way.expiry[chosen] = clocks.line.take(line) - state.times.correction_horizon.take(line)
        way.round[chosen] = self.ticked.take(line)
        place = np.zeros(len(self.line), np.intp)
        place[chosen] = np.arange(len(chosen))
        records = Records(
            line, self.append.take(chosen), self.ended.take(chosen), place.take(self.runs.frame.take(own)), source,
            self.runs.counted.take(own), self.runs.top.take(own),
        )  # fmt: skip
        sources = state.registry.source_line[: len(state.registry.sources)]
        tick = clocks.observe(records, state.times, sources)
        way.running[chosen] = clocks.running.take(line)
        way.waiting[chosen] = clocks.line.take(line) == NEVER
        number = self.ticked.take(line)
        for k in np.flatnonzero(np.bincount(number[tick])).tolist():
            own_lines = line[tick & (number == k)]
            ticking = np.zeros(len(clocks.line), np.bool_)
            ticking[own_lines] = True
            members = np.flatnonzero(ticking.take(sources) & (clocks.top[: len(sources)] != NEVER))
            lines = sources.take(members)
            _close_far(state, members, clocks.line.take(lines) - state.times.correction_horizon.take(lines))
            frames = chosen[tick & (number == k)]
            self._collected(k).add(frames, clocks.line.take(own_lines), members, clocks.clock.take(members))
        self.ticked[line[tick]] += 1

    def _collected(self, number: int) -> _Collected:
        while number >= len(self.found):
            self.found.append(_Collected(np.full(len(self.state.registry.sources), NEVER)))
        return self.found[number]


def _ranks(line: Ints) -> Ints:
    """How many records of its line stand before each."""
    order = stably_sorted(line)
    ordered, place = line.take(order), np.arange(len(line))
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    rank = np.empty(len(line), np.int64)
    rank[order] = place - np.repeat(starts, np.diff(np.append(starts, len(line))))
    return rank


def _groups(rank: Ints, most: int = 0) -> list[npt.NDArray[np.intp]]:
    """Places by rank, in their order, from 0 to at least `most`."""
    order = stably_sorted(rank)
    return np.split(order, np.cumsum(np.bincount(rank, minlength=most + 1))[:-1])


def _close_far(state: PartitionState, sources: npt.NDArray[np.intp], horizon: Ints) -> None:
    """A pane that is open when its minute leaves the horizon closes: no row of that minute is taken in any more."""
    clocks, far = state.clocks, horizon // MINUTE_MS * MINUTE_MS
    if (clocks.clock.take(sources) < far).any():
        newest = (clocks.top.take(sources) // PANE_MS + 1) * PANE_MS
        clocks.clock[sources] = np.maximum(clocks.clock.take(sources), np.minimum(far, newest))
