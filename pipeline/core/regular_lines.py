"""Clocks of regular lines: several records of each taken at once, with what a record at a time would find.

A line is regular over some records where nothing can come but that its clocks go on: it has a clock, no run of it ends,
and all its sources are known, steady, and within `max_hold` of each other, from before the first record to behind the
last. Then a source's clock is a running maximum, and its line's the least of them.

Why it is fast: tables of (record, source) and (record, line) cost a few calls of numpy for all records, where one at a
time costs sixty for each.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import MAX_RUN_MS, NEVER, PANE_MS, Clocks, Flags, Ints, Places
from pipeline.core.line_times import LineTimes
from pipeline.core.short_sort import stably_sorted

DEPTH = 16  # records of a line at once, at most: tables have room for as many of each


@dataclass(frozen=True, slots=True)
class Together:
    """By record, in log order: line, `rank` (how many of its line's stand before it here; less than DEPTH), append ms,
    ended. By run of rows of one source: `record` its place here, source, newest counted time, newest time."""

    line: Ints
    rank: Ints
    append: Ints
    ended: Flags
    record: Ints
    source: Ints
    counted: Ints
    top: Ints


@dataclass(frozen=True, slots=True)
class Lines:
    """`code` and `regular` by place; what stands at other places means nothing. Tables of (rank, place), behind each
    record: append, running, clock, and is it a tick; `before` it: clock. `cell` by record: its place in a table."""

    code: Places
    regular: Flags
    append: Ints
    running: Ints
    before: Ints
    clock: Ints
    tick: Flags
    cell: Ints


@dataclass(frozen=True, slots=True)
class Sources:
    """Of these lines, those that have a clock: `code`, `at` (rising) the place of the line. Tables of (rank, source):
    newest time, and clock, behind each record. `run_clock` by run: before its record."""

    code: Places
    at: Places
    newest: Ints
    clock: Ints
    run_clock: Ints


def take(clocks: Clocks, some: Together, times: LineTimes, source_line: npt.NDArray[np.int32]) -> tuple[Lines, Sources]:
    """Moves the clocks of regular lines, and no others. source_line i32 by source code."""
    code = np.flatnonzero(np.bincount(some.line))
    place = np.full(len(clocks.line), -1)
    place[code] = np.arange(len(code))
    column = place.take(some.line)
    cell, depth = some.rank * len(code) + column, int(some.rank.max()) + 1
    append, running = _running(clocks, code, _table(depth, len(code), cell, some.append))
    own = _sources(clocks, some, depth, (place.take(source_line), times.allowed_lateness.take(code)))
    first, behind = clocks.line.take(code), np.full((depth, len(code)), NEVER)
    starts = np.flatnonzero(np.diff(own.at, prepend=-1))
    behind[:, own.at.take(starts)] = np.minimum.reduceat(own.clock, starts, axis=1) if len(starts) else NEVER
    clock = np.maximum(first, behind)
    second = clock // PANE_MS * PANE_MS
    regular = (first != NEVER) & ~clocks.someone_behind.take(code) & _steady(clocks, own, running, times, code)
    regular[column.compress(some.ended)] = False
    regular[column.take(some.record.compress(clocks.top.take(some.source) == NEVER))] = False
    said = clocks.tick.take(code)
    tick = regular & (second > np.maximum(said, np.concatenate((said[None], second[:-1]))))
    before = np.concatenate((first[None], clock[:-1]))
    lines = Lines(code, regular, append, running, before, clock, tick, cell)
    _go_on(clocks, lines, own)
    mine = regular.take(column.take(some.record))
    np.maximum.at(clocks.top, some.source.compress(mine), some.top.compress(mine))
    return lines, own


def _table(depth: int, width: int, cell: Ints, values: Ints) -> Ints:
    """The greatest of the values up to each cell, from above; NEVER where there is none."""
    table = np.full((depth, width), NEVER)
    np.maximum.at(table.reshape(-1), cell, values)
    for above, row in pairwise(table):  # `accumulate` along this axis takes six times as long
        np.maximum(row, above, out=row)
    return table


def _running(clocks: Clocks, code: Places, append: Ints) -> tuple[Ints, Ints]:
    """Append and running time of lines behind each record."""
    before = clocks.append.take(code)
    append = np.maximum(before, append)
    added = np.clip(np.diff(np.concatenate((before[None], append)), axis=0), 0, MAX_RUN_MS)
    return append, clocks.running.take(code) + np.cumsum(added, axis=0)


def _sources(clocks: Clocks, some: Together, depth: int, lines: tuple[Ints, Ints]) -> Sources:
    """lines: by source code the place of its line, -1 where it has no record; allowed lateness by place."""
    at, lateness = lines
    code = np.flatnonzero((at >= 0) & (clocks.top[: len(at)] != NEVER))
    code = code.take(stably_sorted(at.take(code)))
    place = np.full(len(at), -1)
    place[code], at = np.arange(len(code)), at.take(code)
    known = np.flatnonzero(place.take(some.source) >= 0)
    cell = some.rank.take(some.record) * len(code) + place.take(some.source)
    first, clock = clocks.newest.take(code), clocks.clock.take(code)
    newest = _table(depth, len(code), cell.take(known), some.counted.take(known))
    newest = np.maximum(first, newest)
    moved = np.where(newest > first, np.maximum(clock, newest - lateness.take(at)), clock)
    run_clock = np.full(len(some.source), NEVER)
    run_clock[known] = np.concatenate((clock, moved[:-1].ravel())).take(cell.take(known))
    return Sources(code, at, newest, moved, run_clock)


def _steady(clocks: Clocks, own: Sources, running: Ints, times: LineTimes, code: Places) -> Flags:
    """Lines with sources, all of them steady from the first record to the last, and near each other."""
    idle = times.idle_timeout.take(code)
    steady = clocks.moved.take(own.code) >= (running[-1] - idle).take(own.at)
    steady &= clocks.since.take(own.code) <= (running[0] - idle).take(own.at)
    least, most = np.full(len(code), -NEVER), np.full(len(code), NEVER)
    np.minimum.at(least, own.at, clocks.clock.take(own.code))
    np.maximum.at(most, own.at, own.clock[-1])
    near = np.asarray((most != NEVER) & (most - least <= times.max_hold.take(code)), np.bool_)
    near[own.at.compress(~steady)] = False
    return near


def _go_on(clocks: Clocks, lines: Lines, own: Sources) -> None:
    """What regular lines and their sources are behind their last record."""
    chosen = np.flatnonzero(lines.regular.take(own.at))
    code, at = own.code.take(chosen), own.at.take(chosen)
    moved, newest = clocks.moved.take(code), clocks.newest.take(code)
    for now, running in zip(own.newest.take(chosen, axis=1), lines.running, strict=True):
        moved, newest = np.where(now > newest, running.take(at), moved), now
    clocks.moved[code], clocks.newest[code] = moved, newest
    clocks.clock[code] = own.clock[-1].take(chosen)
    regular = lines.code.compress(lines.regular)
    for name in ("append", "running"):
        getattr(clocks, name)[regular] = getattr(lines, name)[-1].compress(lines.regular)
    clocks.line[regular] = lines.clock[-1].compress(lines.regular)
    clocks.tick[regular] = np.maximum(clocks.tick[regular], clocks.line[regular] // PANE_MS * PANE_MS)
