"""The worker: records of a partition in, results and alerts out. A list of calls; the work is in the modules called.

Rules: what leaves depends on the records and their order alone, not on how they are cut into slices. A line's results
leave at its ticks (its clock passes a whole second); its ledger at the first record of each 10 s of append time, as it
stood before that record; both are places in the log, not in a poll.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.core.frames import END, Kind
from pipeline.core.line_config import LineConfig, validated
from pipeline.core.order import settled
from pipeline.core.results import LineResults, WindowResults
from pipeline.steps import line_elements, metrics, publish, units
from pipeline.steps.bounds import crowded, relieve
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry, Plan, plan
from pipeline.steps.saying import Saying
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


def step(state: PartitionState, entries: Sequence[Entry]) -> tuple[PartitionState, Output]:
    """Takes records of one partition in log order. The state is handed in and back; the old one is spent."""
    out = Output()
    for part in _parts(entries):
        _meet(state, part)
        _say_ledgers(state, part, out)
        slow = crowded(state, part)
        rest = [entry for entry in part if entry.line not in slow] if slow else part
        if rest:
            _slice(state, rest, out)
        for entry in (entry for entry in part if entry.line in slow):
            _slice(state, [entry], out)
            relieve(state, entry)
        if part[-1].frame.flags & END:
            _say_ledger(state, part[-1], out)
    return state, out


def _parts(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Slices within one step of append time; one ends behind a record that ends a run, and one begins where a
    configuration comes into force."""
    start = 0
    for k, entry in enumerate(entries):
        frame = entry.frame
        if k > start and (
            frame.kind == Kind.CONFIGURATION or entry.append_ms // LEDGER_MS != entries[start].append_ms // LEDGER_MS
        ):
            yield entries[start:k]
            start = k
        if frame.flags & END:
            yield entries[start : k + 1]
            start = k + 1
    if start < len(entries):
        yield entries[start:]


def _meet(state: PartitionState, entries: Sequence[Entry]) -> None:
    """Gives lines their configuration: a record's, or the defaults for a line nobody declared."""
    first = entries[0]
    if first.frame.kind == Kind.CONFIGURATION:
        state.configure(state.registry.line(first.line), validated(first.line, first.frame.body))
    known = state.registry.lines
    for path in dict.fromkeys([entry.line for entry in entries if entry.line not in known]):
        state.configure(state.registry.line(path), LineConfig(path=path))


def _slice(state: PartitionState, entries: Sequence[Entry], out: Output) -> None:
    made = plan(state, entries)
    _put_aside(entries, made, out)
    out.results += publish.waiting(state, entries, made)
    rounds = max(len(made.ticks), int(made.round.max(initial=0)) + 1)
    for number in range(rounds):
        mine = made.in_time if rounds == 1 else made.in_time & (made.round == number)
        _take_in(state, made, np.flatnonzero(mine))
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


def _put_aside(entries: Sequence[Entry], made: Plan, out: Output) -> None:
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
            target.append(Aside(entries[i], tuple(own.tolist()), reason))


def _say_ledgers(state: PartitionState, entries: Sequence[Entry], out: Output) -> None:
    """The entries of a part lie within one step: the first one of each line may say its ledger."""
    step_now, known = entries[0].append_ms // LEDGER_MS, state.registry.lines
    codes = np.array([known[entry.line] for entry in entries])
    for k in np.flatnonzero(state.ledger_said[codes] < step_now).tolist():
        if state.ledger_said[codes[k]] < step_now:
            state.ledger_said[codes[k]] = step_now
            if not entries[k].frame.flags & END:  # which says its ledger behind itself
                _say_ledger(state, entries[k], out)


def _say_ledger(state: PartitionState, entry: Entry, out: Output) -> None:
    found = publish.ledger(state, state.registry.lines[entry.line], entry)
    if found:
        out.results.append(LineResults(entry.line, entry.offset, found, []))
