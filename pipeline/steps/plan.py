"""The first half of a worker's step: records in log order -> rows with a verdict, and the places where results leave.

Rule: every row of a record is judged by the clocks as they stood before that record. Results leave at *ticks*: the
records at which a line's clock passes a whole second. Nothing here sees a poll's edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER, PANE_MS
from pipeline.core.frames import END, Frame
from pipeline.core.order import Rows
from pipeline.steps.partition import PartitionState

MINUTE_MS = 60_000
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
    lines = np.array([state.registry.line(entry.line) for entry in entries], np.int64)
    ledger = np.zeros(len(entries), np.int32)
    repeat = np.zeros(len(entries), np.bool_)
    for i, entry in enumerate(entries):
        ledger[i] = state.ledger.row(int(lines[i]), entry.frame)
        repeat[i] = state.ledger.note(int(lines[i]), entry.frame, int(ledger[i]))
    frame = np.repeat(np.arange(len(frames)), [len(f) for f in frames])
    rows = _rows(state, frames, lines, ledger.take(frame))
    ingest = np.array([f.ingest_ms for f in frames], np.int64)
    skew = np.array([state.lines[int(line)].config.time.max_clock_skew_ms for line in lines], np.int64)
    age = np.array([state.lines[int(line)].config.time.max_age_ms for line in lines], np.int64)
    repeated = repeat.take(frame)
    wrong = ((rows.t > (ingest + skew).take(frame)) | (rows.t < (ingest - age).take(frame))) & ~repeated
    counted = np.where(wrong | repeated, NEVER, np.minimum(rows.t, ingest.take(frame)))
    top = np.where(wrong | repeated, NEVER, rows.t)
    walk = _Walk(state, entries, lines)
    walk.run(_runs(frame, state.registry.source_of[rows.series], counted, top))
    late = (rows.t // PANE_MS + 1) * PANE_MS <= np.repeat(np.array(walk.run_clock, np.int64), walk.run_rows)
    far = rows.t // MINUTE_MS * MINUTE_MS + MINUTE_MS <= np.array(walk.expiry, np.int64).take(frame)
    good = ~(wrong | repeated)
    late = good & (late | far)
    state.ledger.add("duplicate", rows.ledger[repeated])
    state.ledger.add("rejected", rows.ledger[wrong])
    state.ledger.add("expired", rows.ledger[late])
    round_of = np.array(walk.round, np.int64).take(frame)
    running, append = np.array(walk.running, np.int64), np.array([e.append_ms for e in entries], np.int64)
    return Plan(rows, frame, round_of, good & ~late, late, wrong, running, append, walk.ticks)


def _rows(state: PartitionState, frames: Sequence[Frame], lines: Ints, ledger: npt.NDArray[np.int32]) -> Rows:
    codes, texts, qs, seqs = [], [], [], []
    for frame, line in zip(frames, lines.tolist(), strict=True):
        n = len(frame)
        codes.append(state.registry.codes(line, frame.names)[frame.index] if n else np.zeros(0, np.int32))
        texts.append(_texts(state, frame))
        qs.append(np.zeros(n, np.uint8) if frame.q is None else frame.q)
        seqs.append(np.zeros(n, np.uint64) if frame.seq is None else frame.seq)
    undated = [np.zeros(len(f), np.uint8) if f.row_flags is None else f.row_flags & 1 for f in frames]
    state.ledger.add("undated", ledger[np.concatenate(undated).astype(np.bool_)])
    return Rows(
        np.concatenate(codes),
        np.concatenate([f.t for f in frames]),
        np.concatenate([f.v for f in frames]),
        np.concatenate(texts),
        np.concatenate(qs),
        np.concatenate(seqs),
        ledger,
    )


def _texts(state: PartitionState, frame: Frame) -> npt.NDArray[np.int32]:
    if frame.text is None:
        return np.full(len(frame), -1, np.int32)
    table = np.array([state.texts.setdefault(text, len(state.texts)) for text in frame.texts] + [-1], np.int32)
    return table[np.minimum(frame.text, len(frame.texts))]


def _runs(
    frame: npt.NDArray[np.int64], source: npt.NDArray[np.int32], counted: Ints, top: Ints
) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    """Runs of rows of one source in one record: frame, source, newest counted time, newest time, rows."""
    if not len(frame):
        return [], [], [], [], []
    new = np.concatenate(([True], (frame[1:] != frame[:-1]) | (source[1:] != source[:-1])))
    starts = np.flatnonzero(new)
    return (
        frame[starts].tolist(),
        source[starts].tolist(),
        np.maximum.reduceat(counted, starts).tolist(),
        np.maximum.reduceat(top, starts).tolist(),
        np.diff(np.append(starts, len(frame))).tolist(),
    )


class _Walk:
    """Moves the clocks record by record, noting what rows are judged by and where results leave."""

    def __init__(self, state: PartitionState, entries: Sequence[Entry], lines: Ints) -> None:
        self.state, self.entries, self.lines = state, entries, lines.tolist()
        self.run_clock: list[int] = []
        self.run_rows: list[int] = []
        self.expiry: list[int] = []
        self.round: list[int] = []
        self.running: list[int] = []
        self.ticks: list[list[Tick]] = []

    def run(self, runs: tuple[list[int], list[int], list[int], list[int], list[int]]) -> None:
        frames, sources, counted, tops, self.run_rows = runs
        rounds: dict[int, int] = {}
        at = 0
        for i, entry in enumerate(self.entries):
            code = self.lines[i]
            line = self.state.lines[code]
            clocks = line.clock.sources
            moves: list[tuple[int, int, int]] = []
            while at < len(frames) and frames[at] == i:
                source = clocks.get(sources[at])
                self.run_clock.append(NEVER if source is None else source.clock)
                if tops[at] != NEVER:
                    moves.append((sources[at], counted[at], tops[at]))
                at += 1
            self.expiry.append(line.clock.clock - line.config.time.correction_horizon_ms)
            self.round.append(rounds.get(code, 0))
            tick = line.clock.observe(entry.append_ms, moves, line.config.time)
            if entry.frame.flags & END:
                line.clock.end()
                tick = bool(clocks)
            self.running.append(line.clock.running)
            if tick:
                self._tick(code, entry)
                rounds[code] = rounds.get(code, 0) + 1

    def _tick(self, code: int, entry: Entry) -> None:
        number = self.round[-1]
        if number == len(self.ticks):
            self.ticks.append([])
        clock = self.state.lines[code].clock
        closed = {source: c.closed_before for source, c in clock.sources.items()}
        self.ticks[number].append(Tick(code, entry.offset, entry.append_ms, clock.clock, clock.running, closed))
