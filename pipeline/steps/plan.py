"""The first half of a worker's step: records in log order -> rows with a verdict, and the places where results leave.

Rule: every row of a record is judged by the clocks as they stood before that record. Results leave at *ticks*: the
records at which a line's clock passes a whole second. Nothing here sees a poll's edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER, PANE_MS
from pipeline.core.frames import END, Frame
from pipeline.core.order import Rows
from pipeline.steps.partition import PartitionState

MINUTE_MS = 60_000
MAX_TEXTS = 65_536
SCALAR = TypeVar("SCALAR", np.uint8, np.uint64)
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of samples.v1, decoded. `line` is its key."""

    offset: int
    append_ms: int
    line: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Tick:
    """A record at which results of a line leave, with the clocks as they stand behind it."""

    line: int
    offset: int
    append_ms: int
    clock: int
    running: int
    closed_before: dict[int, int]  # source -> panes that end at or before this are closed


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of all records joined; by row: frame (index of its record), round (number of the line's ticks before it),
    verdict. `ticks[k]` are the k-th ticks of the lines."""

    rows: Rows
    frame: npt.NDArray[np.int64]
    round: npt.NDArray[np.int64]
    in_time: npt.NDArray[np.bool_]
    late: npt.NDArray[np.bool_]
    rejected: npt.NDArray[np.bool_]
    running: Ints
    append: Ints
    ticks: list[list[Tick]]


def plan(state: PartitionState, entries: Sequence[Entry]) -> Plan:
    frames = [entry.frame for entry in entries]
    known = state.registry.lines
    lines = [known[entry.line] for entry in entries]
    booked = [state.ledger.row(line, frame) for line, frame in zip(lines, frames, strict=True)]
    repeat = [state.ledger.note(*record) for record in zip(lines, frames, booked, strict=True)]
    sizes = [len(frame.t) for frame in frames]
    frame = np.repeat(np.arange(len(frames)), sizes)
    rows = _rows(state, frames, lines, np.repeat(np.array(booked, np.int32), sizes))
    wrong, repeated = _wrong(state, frames, lines, rows, frame), np.repeat(repeat, sizes)
    if repeated.any():
        wrong &= ~repeated
    bad = wrong | repeated
    ingest = np.repeat(np.array([f.ingest_ms for f in frames], np.int64), sizes)
    counted, top = np.minimum(rows.t, ingest), rows.t
    if bad.any():
        counted, top = np.where(bad, NEVER, counted), np.where(bad, NEVER, top)
    walk = _Walk(state, entries, lines)
    walk.run(_runs(frame, state.registry.source_of.take(rows.series), counted, top))
    late = (rows.t // PANE_MS + 1) * PANE_MS <= np.repeat(np.array(walk.run_clock, np.int64), walk.run_rows)
    late |= rows.t // MINUTE_MS * MINUTE_MS + MINUTE_MS <= np.repeat(np.array(walk.expiry, np.int64), sizes)
    late &= ~bad
    for name, mask in (("duplicate", repeated), ("rejected", wrong), ("expired", late)):
        state.ledger.add(name, rows.ledger[mask])
    running, append = np.array(walk.running, np.int64), np.array([e.append_ms for e in entries], np.int64)
    round_of = np.repeat(np.array(walk.round, np.int64), sizes)
    return Plan(rows, frame, round_of, ~(bad | late), late, wrong, running, append, walk.ticks)


def _wrong(
    state: PartitionState, frames: Sequence[Frame], lines: list[int], rows: Rows, frame: Ints
) -> npt.NDArray[np.bool_]:
    """Rows with a wrong clock: too far ahead of their record's ingest time, or too old."""
    limits = {line: state.lines[line].config.time for line in set(lines)}
    pairs = list(zip(frames, lines, strict=True))
    ahead = np.array([f.ingest_ms + limits[line].max_clock_skew_ms for f, line in pairs], np.int64)
    oldest = np.array([f.ingest_ms - limits[line].max_age_ms for f, line in pairs], np.int64)
    return (rows.t > ahead.take(frame)) | (rows.t < oldest.take(frame))


def _rows(state: PartitionState, frames: Sequence[Frame], lines: list[int], ledger: npt.NDArray[np.int32]) -> Rows:
    codes: list[int] = []
    first: list[int] = []  # where a frame's names begin in `codes`
    for frame, line in zip(frames, lines, strict=True):
        first.append(len(codes))
        if len(frame.index):
            codes += state.registry.codes(line, frame.names)
    index = np.concatenate([f.index for f in frames]) + np.repeat(first, [len(f.index) for f in frames])
    texts = None if all(f.text is None for f in frames) else [_texts(state, f) for f in frames]
    size = len(index)
    flags = _column([f.row_flags for f in frames], frames, np.zeros(size, np.uint8))
    state.ledger.add("undated", ledger[(flags & 1).astype(np.bool_)])
    return Rows(
        np.array(codes, np.int32).take(index),
        np.concatenate([f.t for f in frames]),
        np.concatenate([f.v for f in frames]),
        np.full(size, -1, np.int32) if texts is None else np.concatenate(texts),
        _column([f.q for f in frames], frames, np.zeros(size, np.uint8)),
        _column([f.seq for f in frames], frames, np.zeros(size, np.uint64)),
        ledger,
    )


def _column(
    parts: Sequence[npt.NDArray[SCALAR] | None], frames: Sequence[Frame], empty: npt.NDArray[SCALAR]
) -> npt.NDArray[SCALAR]:
    """A column that frames may leave out, joined; `empty` is what stands where all do."""
    if all(part is None for part in parts):
        return empty
    return np.concatenate([empty[: len(f)] if part is None else part for part, f in zip(parts, frames, strict=True)])


def _text(texts: dict[str, int], text: str) -> int:
    """The code of a text; past the bound all that are new share one (they are told apart no more, nothing else)."""
    known = texts.get(text)
    if known is None:
        known = texts.setdefault(text if len(texts) < MAX_TEXTS else "", len(texts))
    return known


def _texts(state: PartitionState, frame: Frame) -> npt.NDArray[np.int32]:
    if frame.text is None:
        return np.full(len(frame), -1, np.int32)
    table = np.array([_text(state.texts, text) for text in frame.texts] + [-1], np.int32)
    return table[np.minimum(frame.text, len(frame.texts))]


class _Runs(NamedTuple):
    """Runs of rows of one source in one record: record, source, newest counted time, newest time, rows."""

    frame: list[int]
    source: list[int]
    counted: list[int]
    top: list[int]
    rows: list[int]


def _runs(frame: Ints, source: npt.NDArray[np.int32], counted: Ints, top: Ints) -> _Runs:
    if not len(frame):
        return _Runs([], [], [], [], [])
    new = np.concatenate(([True], (frame[1:] != frame[:-1]) | (source[1:] != source[:-1])))
    starts = np.flatnonzero(new)
    return _Runs(
        frame[starts].tolist(),
        source[starts].tolist(),
        np.maximum.reduceat(counted, starts).tolist(),
        np.maximum.reduceat(top, starts).tolist(),
        np.diff(np.append(starts, len(frame))).tolist(),
    )


class _Walk:
    """Moves the clocks record by record, noting what rows are judged by and where results leave."""

    def __init__(self, state: PartitionState, entries: Sequence[Entry], lines: list[int]) -> None:
        self.state, self.entries, self.lines = state, entries, lines
        self.run_clock: list[int] = []
        self.run_rows: list[int] = []
        self.expiry: list[int] = []
        self.round: list[int] = []
        self.running: list[int] = []
        self.ticks: list[list[Tick]] = []

    def run(self, runs: _Runs) -> None:
        self.run_rows = runs.rows
        rounds = dict.fromkeys(self.lines, 0)
        times = {code: self.state.lines[code].config.time for code in rounds}
        bounds = np.searchsorted(runs.frame, np.arange(len(self.entries) + 1)).tolist()
        for entry, code, low, high in zip(self.entries, self.lines, bounds, bounds[1:], strict=False):
            clock, time = self.state.lines[code].clock, times[code]
            sources = runs.source[low:high]
            self.run_clock += clock.of(sources)
            self.expiry.append(clock.clock - time.correction_horizon_ms)
            self.round.append(rounds[code])
            moves = zip(sources, runs.counted[low:high], runs.top[low:high], strict=True)
            tick = clock.observe(entry.append_ms, moves, time)
            if entry.frame.flags & END:
                clock.end()
                tick = bool(clock.sources)
            self.running.append(clock.running)
            if tick:
                self._tick(code, entry, rounds[code])
                rounds[code] += 1

    def _tick(self, code: int, entry: Entry, number: int) -> None:
        if number == len(self.ticks):
            self.ticks.append([])
        clock = self.state.lines[code].clock
        closed = {source: c.clock // PANE_MS * PANE_MS for source, c in clock.sources.items()}
        self.ticks[number].append(Tick(code, entry.offset, entry.append_ms, clock.clock, clock.running, closed))
