"""The worker: records of a partition in, results and alerts out. A list of calls; the work is in the modules called.

Rules: what leaves depends on the records and their order alone, not on how they are cut into slices. A line's results
leave at its ticks (its clock passes a whole second); its ledger at the first record of each 10 s of append time, as it
stood before that record; both are places in the log, not in a poll.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.core.order import settled
from pipeline.core.polled import Entry, Polled, gathered
from pipeline.core.results import LineResults, WindowResults
from pipeline.core.senders import Senders
from pipeline.steps import line_elements, metrics, publish, units
from pipeline.steps.bounds import crowded, relieve
from pipeline.steps.early import early
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Plan, plan
from pipeline.steps.saying import Saying
from pipeline.steps.slice import Slice, configure, met
from pipeline.steps.walk import Ticks, each

LEDGER_MS = 10_000


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows of one record that were put aside: their places in its frame, and why."""

    entry: Entry
    rows: tuple[int, ...]
    reason: str


@dataclass(slots=True)
class Output:
    """`late`: to late.v1; `rejected`: to rejects.v1 with a reason of FRAMED. `counts` for instruments."""

    results: list[LineResults] = field(default_factory=list)
    windows: list[WindowResults] = field(default_factory=list)
    late: list[Aside] = field(default_factory=list)
    rejected: list[Aside] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, n: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + n


def step(state: PartitionState, records: Polled | Sequence[Entry]) -> tuple[PartitionState, Output]:
    """Takes records of one partition in log order, read together or one by one. The state is handed in and back; the
    old one is spent."""
    out = Output()
    polled = records if isinstance(records, Polled) else gathered(records, Senders())
    for own in polled.parts(LEDGER_MS):
        if own.configures[0]:
            configure(state, own.entry(0))
        part = met(state, own)
        if _say_ledgers(state, part, out):
            part = met(state, own)
        slow = crowded(state, part)
        if not slow.all():
            _slice(state, part.take(np.flatnonzero(~slow)) if slow.any() else part, out)
        for k in np.flatnonzero(slow).tolist():
            _slice(state, part.take(np.array([k])), out)
            relieve(state, int(part.line[k]))
        if part.ended[-1]:
            _say_ledger(state, part, np.array([len(part) - 1]), out)
    return state, out


def _slice(state: PartitionState, part: Slice, out: Output) -> None:
    made = plan(state, part)
    _put_aside(part, made, out)
    out.results += publish.waiting(state, part, made)
    rounds = max(len(made.ticks), int(made.round.max(initial=0)) + 1)
    for number in range(rounds):
        mine = np.flatnonzero(made.in_time if rounds == 1 else made.in_time & (made.round == number))
        _take_in(state, made, mine)
        out.results += early(state, part, made, mine)
        if number < len(made.ticks):
            _close(state, made.ticks[number], out)


def _take_in(state: PartitionState, made: Plan, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
    series = made.rows.series.take(rows)
    watched = np.flatnonzero(state.traits.watched.take(series))
    if len(watched):
        own, frame = series[watched], made.frame[rows[watched]]
        state.heard_running[own] = made.running[frame]
        state.heard_append[own] = made.append[frame]
    state.open.add(made.rows if len(rows) == len(made.rows) else made.rows.take(rows), state.registry.source_of)


def _close(state: PartitionState, ticks: Ticks, out: Output) -> None:
    """The ticks of one round: rows of closed panes are reduced in one pass, then each line publishes."""
    due = state.open.take_due(ticks.closed, state.registry.source_of[: len(state.registry.series)])
    rows, duplicate, conflict = settled(due)
    for name, ledger in (("stored", rows.ledger), ("duplicate", duplicate), ("conflict", conflict)):
        state.ledger.add(name, ledger)
    out.count("stored", len(rows))
    complete, z = metrics.fold_rows(state, rows)
    saying = Saying(state.registry.paths, ticks)
    for table in metrics.leaving(state, complete, ticks):
        found = metrics.results(state, table, saying.offset)
        out.windows.append(found)
        saying.add(metrics.anomalies(state, found))
    busy = list(each(ticks, np.flatnonzero(state.busy[ticks.line])))
    if busy:
        seen = units.closed(state, rows, z)
        for tick in busy:
            line = state.lines[tick.line]
            booked = units.book_units(state, line, tick, seen)
            out.count("unknown_states", booked.unknown)
            saying.add((tick.line, result) for result in booked.changes)
            saying.of(tick.line).alerts.extend(publish.alarms(state, line, tick, seen))
        saying.add(line_elements.elements(state, busy))
    saying.add(publish.progress(state, ticks))
    out.results += saying.all()


def _put_aside(part: Slice, made: Plan, out: Output) -> None:
    """Late rows, rows with a wrong clock and those of series too many, by the record they came in."""
    out.count("received", len(made.frame))
    for mask, reason, target in (
        (made.late, "late", out.late), (made.wrong, "clock", out.rejected), (made.surplus, "too_many", out.rejected),
        (made.worded, "no_number", out.rejected),
    ):  # fmt: skip
        if not mask.any():
            continue
        out.count(reason, int(mask.sum()))
        rows = np.flatnonzero(mask)
        frame = made.frame.take(rows)
        inside = rows - np.searchsorted(made.frame, frame)
        first = np.flatnonzero(np.append(True, frame[1:] != frame[:-1]))
        for i, own in zip(frame[first].tolist(), np.split(inside, first[1:]), strict=True):
            target.append(Aside(part.entry(i), tuple(own.tolist()), reason))


def _say_ledgers(state: PartitionState, part: Slice, out: Output) -> bool:
    """The records of a part lie within one step: the first one of each line may say its ledger. Was anything given
    up that records were met by?"""
    step_now = int(part.append[0]) // LEDGER_MS
    line, first = np.unique(part.line, return_index=True)
    due = state.ledger_said[line] < step_now
    state.ledger_said[line[due]] = step_now
    known = len(state.registry.tables.kept)
    first = np.sort(first[due])
    _say_ledger(state, part, first[~part.ended[first]], out)  # one that ended says it behind itself
    return len(state.registry.tables.kept) < known


def _say_ledger(
    state: PartitionState, part: Slice, places: np.ndarray[tuple[int], np.dtype[np.intp]], out: Output
) -> None:
    out.results += publish.ledgers(state, part, places)
    publish.retire(state, part, places)
