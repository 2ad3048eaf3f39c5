"""The first half of a worker's step: records in log order -> rows with a verdict, and the places where results leave.

Rule: every row of a record is judged by the clocks as they stood before that record. Results leave at *ticks*: the
records at which a line's clock passes a whole second. Nothing here sees a poll's edges.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER, PANE_MS
from pipeline.core.history import MINUTE_MS
from pipeline.core.order import NO_TEXT, Rows
from pipeline.core.polled import Entry
from pipeline.core.streams import Headers
from pipeline.steps.columns import read_rows
from pipeline.steps.partition import PartitionState
from pipeline.steps.slice import Slice
from pipeline.steps.walk import Runs, Ticks, Way, walk

__all__ = ["Entry"]

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of all records joined; by row: frame (index of its record), round (number of the line's ticks before it),
    verdict (`late`: to correct; `expired`: too late for that; `wrong` clock; `surplus`: a series too many for its line;
    `worded`: a text for a number). By record: running, append (ms), waiting (its line has no clock yet). `ticks[k]`:
    the k-th ticks of the lines."""

    rows: Rows
    frame: Ints
    round: Ints
    in_time: Flags
    late: Flags
    expired: Flags
    wrong: Flags
    surplus: Flags
    worded: Flags
    running: Ints
    append: Ints
    waiting: Flags
    ticks: list[Ticks]


def plan(state: PartitionState, part: Slice) -> Plan:
    headers = Headers(
        part.stream, part.size, part.number, part.total_rows, part.rejects, part.total_rejects, part.named
    )  # fmt: skip
    booked, repeat = state.ledger.receive(headers, part.ingest, part.append, part.sender_of)
    frame = np.repeat(np.arange(len(part)), part.size)
    rows = read_rows(state, part, booked.take(frame))
    state.cover()
    told = np.minimum(part.ingest, part.append + state.times.max_clock_skew[part.line])
    repeated = repeat.take(frame)
    surplus = _surplus(state, rows) & ~repeated
    worded = _worded(state, rows) & ~(repeated | surplus)
    wrong = _wrong(state, part.line, told, rows, frame) & ~(repeated | surplus | worded)
    bad = wrong | worded | surplus | repeated
    top = np.where(bad, NEVER, rows.t) if bad.any() else rows.t
    runs = _runs(frame, state.registry.source_of.take(rows.series), top, told)
    way = walk(state, part.line, (part.offset, part.append, part.ended), runs)
    late, expired = (mask & ~bad for mask in _late(rows, frame, runs, way))
    _see_minutes(state, part, runs, (rows, frame, bad))
    if late.any():
        old = _too_old(state, part, rows.t, frame, np.flatnonzero(late))
        late[old], expired[old] = False, True
    for name, mask in (("duplicate", repeated), ("rejected", wrong | worded | surplus), ("expired", expired)):
        if mask.any():
            state.ledger.add(name, rows.ledger[mask])
    return Plan(
        rows, frame, way.round.take(frame), ~(bad | late | expired), late, expired, wrong, surplus, worded, way.running,
        part.append, way.waiting, way.ticks,
    )  # fmt: skip


def _see_minutes(state: PartitionState, part: Slice, runs: Runs, found: tuple[Rows, Ints, Flags]) -> None:
    rows, frame, bad = found
    line, append, size, t = part.line.take(runs.frame), part.append.take(runs.frame), runs.rows, rows.t
    if bad.any():
        good = np.flatnonzero(~bad)
        own, size = np.unique(frame.take(good), return_counts=True)
        line, append, t = part.line.take(own), part.append.take(own), t.take(good)
    state.minutes.see(line, append, size, t)


def _too_old(
    state: PartitionState, part: Slice, t: Ints, frame: Ints, late: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Late rows of a minute whose first record came longer ago than the horizon, or is no longer known."""
    own = frame.take(late)
    line = part.line.take(own)
    since = state.minutes.since(line, t.take(late))
    old = part.append.take(own) - since > state.times.correction_horizon.take(line)
    return late[old | (since <= state.minutes.lost_ms)]


def _wrong(state: PartitionState, line: Ints, told: Ints, rows: Rows, frame: Ints) -> Flags:
    """Rows with a wrong clock: too far ahead of their record's time of receipt, or too old. `told`: that time by
    record, as far as the log's own time bears it out: a gateway's clock may be wrong, too."""
    ahead = told + state.times.max_clock_skew[line]
    oldest = told - state.times.max_age[line]
    if not len(rows) or (rows.t.max() <= ahead.min() and rows.t.min() >= oldest.max()):
        return np.zeros(len(rows), np.bool_)
    return np.asarray((rows.t > ahead.take(frame)) | (rows.t < oldest.take(frame)), np.bool_)


def _late(rows: Rows, frame: Ints, runs: Runs, way: Way) -> tuple[Flags, Flags]:
    """Rows whose second their source's clock has closed, and those that are beyond the horizon of corrections."""
    closed, beyond = way.run_clock // PANE_MS * PANE_MS, way.expiry // MINUTE_MS * MINUTE_MS
    if not len(rows) or rows.t.min() >= max(closed.max(), beyond.max()):
        return np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    expired = rows.t < beyond.take(frame)
    return (rows.t < np.repeat(closed, runs.rows)) & ~expired, expired


def _surplus(state: PartitionState, rows: Rows) -> Flags:
    """Rows of series that are too many for their line."""
    if not state.registry.surplus:
        return np.zeros(len(rows), np.bool_)
    too_many = np.zeros(len(state.registry.series), np.bool_)
    too_many[list(state.registry.surplus.values())] = True
    return too_many.take(rows.series)


def _worded(state: PartitionState, rows: Rows) -> Flags:
    """Rows that say a text where the role of their metric needs a number: they would vanish without a word."""
    if rows.text is None:
        return np.zeros(len(rows), np.bool_)
    return np.asarray((rows.text != NO_TEXT) & state.traits.number.take(rows.series), np.bool_)


def _runs(frame: Ints, source: npt.NDArray[np.int32], top: Ints, told: Ints) -> Runs:
    """Runs of rows of one source in one record. top: time by row, NEVER where it does not count; told: by record, as
    what a row counts at most."""
    if not len(frame):
        none = np.zeros(0, np.int64)
        return Runs(none, none, none, none, none)
    starts = np.flatnonzero(np.concatenate(([True], (frame[1:] != frame[:-1]) | (source[1:] != source[:-1]))))
    record, newest = frame.take(starts), np.maximum.reduceat(top, starts)
    counted = np.minimum(newest, told.take(record))
    return Runs(record, source.take(starts).astype(np.int64), counted, newest, np.diff(np.append(starts, len(frame))))
