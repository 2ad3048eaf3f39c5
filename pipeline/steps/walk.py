"""The clocks' way through a slice: what rows are judged by, and at which records results leave.

Records of one line are taken one after the other; of different lines, which know nothing of each other, together: the
k-th record of every line in one pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER, PANE_MS, Records
from pipeline.steps.partition import PartitionState

MINUTE_MS = 60_000
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
    """Ticks of one number, as found pass by pass."""

    closed: Ints
    frames: list[npt.NDArray[np.intp]] = field(default_factory=list)
    clock: list[Ints] = field(default_factory=list)


def walk(state: PartitionState, line: Ints, heads: tuple[Ints, Ints, Flags], runs: Runs) -> Way:
    """line: line code by record; heads: offset, append ms and `ended` by record. Moves the state's clocks."""
    offset, append, ended = heads
    clocks, sources = state.clocks, state.registry.source_line[: len(state.registry.sources)]
    size = len(line)
    expiry, rounds, running = (np.zeros(size, np.int64) for _ in range(3))
    way = Way(np.zeros(len(runs.frame), np.int64), expiry, rounds, running, np.zeros(size, np.bool_), [])
    rank, place = _ranks(line), np.zeros(size, np.intp)
    ticked = np.zeros(len(clocks.line), np.int64)
    found: list[_Collected] = []
    for chosen, own in zip(_groups(rank), _groups(rank.take(runs.frame), int(rank.max(initial=0))), strict=True):
        source, lines = runs.source.take(own), line.take(chosen)
        way.run_clock[own] = clocks.clock.take(source)
        way.expiry[chosen] = clocks.line.take(lines) - state.times.correction_horizon.take(lines)
        way.round[chosen] = ticked.take(lines)
        place[chosen] = np.arange(len(chosen))
        records = Records(
            lines, append.take(chosen), ended.take(chosen), place.take(runs.frame.take(own)), source,
            runs.counted.take(own), runs.top.take(own),
        )  # fmt: skip
        tick = clocks.observe(records, state.times, sources)
        way.running[chosen] = clocks.running.take(lines)
        way.waiting[chosen] = clocks.line.take(lines) == NEVER
        _collect(state, found, chosen[tick], ticked.take(lines[tick]), line)
        ticked[lines[tick]] += 1
    for one in found:
        frames = np.concatenate(one.frames)
        way.ticks.append(
            Ticks(
                line[frames], offset[frames], append[frames], np.concatenate(one.clock), way.running[frames], one.closed
            )
        )
    return way


def _ranks(line: Ints) -> Ints:
    """How many records of its line stand before each."""
    order = np.argsort(line, kind="stable")
    ordered, place = line.take(order), np.arange(len(line))
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    rank = np.empty(len(line), np.int64)
    rank[order] = place - np.repeat(starts, np.diff(np.append(starts, len(line))))
    return rank


def _groups(rank: Ints, most: int = 0) -> list[npt.NDArray[np.intp]]:
    """Places by rank, in their order, from 0 to at least `most`."""
    order = np.argsort(rank, kind="stable")
    return np.split(order, np.cumsum(np.bincount(rank, minlength=most + 1))[:-1])


def _close_far(state: PartitionState, sources: npt.NDArray[np.intp], horizon: Ints) -> None:
    """A pane that is open when its minute leaves the horizon closes: no row of that minute is taken in any more."""
    clocks, far = state.clocks, horizon // MINUTE_MS * MINUTE_MS
    if (clocks.clock.take(sources) < far).any():
        newest = (clocks.top.take(sources) // PANE_MS + 1) * PANE_MS
        clocks.clock[sources] = np.maximum(clocks.clock.take(sources), np.minimum(far, newest))


def _collect(
    state: PartitionState, found: list[_Collected], frames: npt.NDArray[np.intp], number: Ints, line: Ints
) -> None:
    """Notes ticks at records `frames`, `number` of their line, with the clocks of its sources as they stand."""
    clocks, source_line = state.clocks, state.registry.source_line[: len(state.registry.sources)]
    for k in np.unique(number).tolist():
        if k == len(found):
            found.append(_Collected(np.full(len(source_line), NEVER)))
        chosen = frames[number == k]
        found[k].frames.append(chosen)
        found[k].clock.append(clocks.line[line[chosen]])
        ticking = np.zeros(len(clocks.line), np.bool_)
        ticking[line[chosen]] = True
        members = np.flatnonzero(ticking.take(source_line) & (clocks.top[: len(source_line)] != NEVER))
        lines = source_line.take(members)
        _close_far(state, members, clocks.line.take(lines) - state.times.correction_horizon.take(lines))
        found[k].closed[members] = clocks.clock[members] // PANE_MS * PANE_MS
