"""The worker: records of a partition in, results and alerts out. A list of calls; the work is in the modules called.

Rules: what leaves depends on the records and their order alone, not on how they are cut into slices. A line's results
leave at its ticks (its clock passes a whole second); its ledger at the first record of each 10 s of append time, as it
stood before that record; both are places in the log, not in a poll.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from pipeline.core.frames import END, Kind
from pipeline.core.line_config import LineConfig
from pipeline.core.order import Rows, canonical, drop_repeats
from pipeline.core.results import LineResults, Result, Transition
from pipeline.steps import metrics, publish, units
from pipeline.steps.bounds import crowded, relieve
from pipeline.steps.partition import LineState, PartitionState
from pipeline.steps.plan import Entry, Plan, Tick, plan

LEDGER_MS = 10_000


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows of one record that were put aside: their places in its frame, and why."""

    entry: Entry
    rows: tuple[int, ...]
    reason: str


@dataclass(slots=True)
class Output:
    """`late`: to late.v1; `rejected`: to rejects.v1, reason `clock`. `counts` for instruments."""

    results: list[LineResults] = field(default_factory=list)
    late: list[Aside] = field(default_factory=list)
    rejected: list[Aside] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, n: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + n


def step(state: PartitionState, entries: Sequence[Entry]) -> tuple[PartitionState, Output]:
    """Takes records of one partition in log order. The state is handed in and back; the old one is spent."""
    out = Output()
    for part in _parts(state, entries):
        for entry in part:
            _known(state, entry)
        _say_ledgers(state, part, out)
        if crowded(state, part):
            for entry in part:
                _slice(state, [entry], out)
                relieve(state, entry)
        else:
            _slice(state, part, out)
        if part[-1].frame.flags & END:
            _say_ledger(state, part[-1], out)
    return state, out


def _parts(state: PartitionState, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Slices within one step of append time; one ends behind a record that ends a run, and one begins where a
    configuration comes into force."""
    for _, group in groupby(entries, lambda entry: entry.append_ms // LEDGER_MS):
        part: list[Entry] = []
        for entry in group:
            if entry.frame.kind == Kind.CONFIGURATION and part:
                yield part
                part = []
            part.append(entry)
            if entry.frame.flags & END:
                yield part
                part = []
        if part:
            yield part


def _known(state: PartitionState, entry: Entry) -> None:
    """Gives a line its configuration: the record's, or the defaults for a line nobody declared."""
    code = state.registry.line(entry.line)
    line = state.lines.get(code)
    if entry.frame.kind == Kind.CONFIGURATION:
        config = LineConfig.model_validate_json(entry.frame.body)
        if line is None:
            line = state.lines[code] = LineState(entry.line, config)
        elif line.config == config:
            return
        line.configure(config)
        state.traits.known = 0
    elif line is None:
        state.lines[code] = LineState(entry.line, LineConfig(path=entry.line))


def _slice(state: PartitionState, entries: Sequence[Entry], out: Output) -> None:
    made = plan(state, entries)
    state.cover()
    _put_aside(entries, made, out)
    for number in range(max(len(made.ticks), int(made.round.max()) + 1 if len(made.round) else 0)):
        rows = np.flatnonzero(made.in_time & (made.round == number)) if made.ticks else np.flatnonzero(made.in_time)
        _take_in(state, made, rows)
        if number < len(made.ticks):
            _close(state, made.ticks[number], out)


def _take_in(state: PartitionState, made: Plan, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
    series, frame = made.rows.series[rows], made.frame[rows]
    state.heard_running[series] = made.running[frame]
    state.heard_append[series] = made.append[frame]
    state.open.add(made.rows if len(rows) == len(made.rows) else made.rows.take(rows))


def _close(state: PartitionState, ticks: list[Tick], out: Output) -> None:
    """The ticks of one round: rows of closed panes are reduced in one pass, then each line publishes."""
    before = np.full(len(state.registry.source_line), np.iinfo(np.int64).min)
    for tick in ticks:
        for source, closed in tick.closed_before.items():
            before[source] = closed
    due = state.open.take_due(before[state.registry.source_of[: len(state.registry.series)]])
    rows = _settle(state, due)
    out.count("stored", len(rows))
    found = units.closed(state, rows)
    complete = metrics.fold_rows(state, rows)
    lines = {tick.line: metrics.Line(state.lines[tick.line].path, tick.offset) for tick in ticks}
    by_line: dict[int, list[Result]] = {tick.line: [] for tick in ticks}
    for table in metrics.leaving(state, complete, ticks):
        for code, result in metrics.results(state, table, lines):
            by_line[code].append(result)
    alerts: dict[int, list[Transition]] = {}
    for tick in ticks:
        line = state.lines[tick.line]
        by_line[tick.line] += units.book_units(state, line, tick, found)
        alerts[tick.line] = publish.alarms(state, line, tick, found)
        by_line[tick.line] += publish.progress(line, tick)
    publish.elements(state, ticks, by_line)
    for tick in ticks:
        if by_line[tick.line] or alerts[tick.line]:
            path = state.lines[tick.line].path
            out.results.append(LineResults(path, tick.offset, by_line[tick.line], alerts[tick.line]))


def _settle(state: PartitionState, due: Rows) -> Rows:
    rows, duplicate, conflict = drop_repeats(canonical(due))
    state.ledger.add("stored", rows.ledger)
    state.ledger.add("duplicate", duplicate)
    state.ledger.add("conflict", conflict)
    return rows


def _put_aside(entries: Sequence[Entry], made: Plan, out: Output) -> None:
    """Late rows and rows with a wrong clock, by the record they came in."""
    out.count("received", len(made.frame))
    for mask, reason, target in ((made.late, "late", out.late), (made.rejected, "clock", out.rejected)):
        if not mask.any():
            continue
        out.count(reason, int(mask.sum()))
        starts = np.searchsorted(made.frame, np.arange(len(entries)))
        for i in np.unique(made.frame[mask]).tolist():
            inside = np.flatnonzero(mask & (made.frame == i)) - starts[i]
            target.append(Aside(entries[i], tuple(inside.tolist()), reason))


def _say_ledgers(state: PartitionState, entries: Sequence[Entry], out: Output) -> None:
    said: set[str] = set()
    for entry in entries:
        line = state.lines[state.registry.line(entry.line)]
        step_now = entry.append_ms // LEDGER_MS
        if entry.line not in said and step_now > line.ledger_said:
            line.ledger_said = step_now
            _say_ledger(state, entry, out)
        said.add(entry.line)


def _say_ledger(state: PartitionState, entry: Entry, out: Output) -> None:
    found = publish.ledger(state, state.registry.line(entry.line), entry)
    if found:
        out.results.append(LineResults(entry.line, entry.offset, found, []))
