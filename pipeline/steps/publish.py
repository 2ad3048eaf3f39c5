"""What a line says at a tick beside its metrics: elements and KPIs, alarms, progress; and its ledger.

Rule: an element window and its KPIs leave together, with one revision: 0 at first, later the offset of the record
that publishes the correction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.elements import Content, Issue, base_widths, forget, leaving
from pipeline.core.event_time import NEVER
from pipeline.core.ledger import FIELDS, HOUR_MS
from pipeline.core.order import NO_TEXT
from pipeline.core.quality import usable
from pipeline.core.results import Result, Transition, Value
from pipeline.core.rule import AlarmFeed, SeriesRows
from pipeline.steps.alarms import open_alarms, step_alarms
from pipeline.steps.kpis import apply, known_kpis
from pipeline.steps.partition import LineState, PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.units import PARTS, Closed
from pipeline.steps.walk import Tick, Ticks

PROGRESS_MS = 10_000
TIMES = ("pbt_ms", "apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms")
LEDGER_KEEP_MS = 72 * HOUR_MS  # older samples are rejected by their clock
KEEP_MS, FORGET_EVERY_MS = 120_000, 60_000
BOOKED = {"state", "mode", *PARTS}


@dataclass(frozen=True, slots=True)
class Leaving:
    line: int
    equipment: str
    width: int
    start: int
    revision: int
    elements: dict[str, Value]


def elements(state: PartitionState, ticks: Sequence[Tick]) -> Iterator[tuple[int, Result]]:
    """(line code, result): elements and KPIs of the ticking lines; KPIs of all of them in one frame."""
    rows = [row for tick in ticks for row in _line_windows(state, state.lines[tick.line], tick)]
    if not rows:
        return
    schema = {name: pl.Float64 if name == "ideal_ms" else pl.Int64 for name in rows[0].elements}
    kpis = apply(pl.DataFrame([row.elements for row in rows], schema=schema, orient="row"))
    names = [kpi.id for kpi in known_kpis()]
    columns = [kpis[name].to_list() for name in names]
    for row, found in zip(rows, zip(*columns, strict=True), strict=True):
        values: dict[str, Value] = dict(zip(names, found, strict=True))
        coverage = values["coverage"]
        cover = coverage if isinstance(coverage, float) else None
        where, when = row.equipment, (row.width // 1000, row.start)
        yield row.line, Result("elements", where, "elements", *when, None, row.revision, row.elements, cover)
        yield row.line, Result("kpi", where, "kpis", *when, None, row.revision, values, cover, "kpis/1")


def _line_windows(state: PartitionState, line: LineState, tick: Tick) -> list[Leaving]:
    cycles = {unit.name: unit.ideal_cycle_ms for unit in line.config.units}
    touched = {name: book.changed() for name, book in line.books.items()}
    pace, count = line.config.pace_unit, line.config.count_unit
    asked = [(name, name, name) for name in line.books]
    if pace in line.books and count in line.books:
        asked.append(("", pace, count))
    out: list[Leaving] = []
    widths = base_widths(line.config.windows)
    for name, times, parts in asked:
        issue = line.issues.setdefault(name, Issue())
        books = (line.books[times], line.books[parts])
        spans = touched[times] if parts == times else [*touched[times], *touched[parts]]
        equipment = f"{line.path}/{name}" if name else line.path
        for width, start, found, again in leaving(issue, books, spans, tick.clock, widths):
            values = _elements(found, cycles.get(times))
            out.append(Leaving(tick.line, equipment, width, start, tick.offset if again else 0, values))
    _forget(state, line, tick)
    return out


def _elements(found: Content, cycle: float | None) -> dict[str, Value]:
    good, reject, rework = found[len(TIMES) :]
    produced = good + reject + rework
    quantities: dict[str, Value] = {"pq": produced, "gq": good, "sq": reject, "rq": rework}
    ideal = None if cycle is None else cycle * produced
    return {**dict(zip(TIMES, found[: len(TIMES)], strict=True)), "ideal_ms": ideal, **quantities}


def _forget(state: PartitionState, line: LineState, tick: Tick) -> None:
    """Drops what no row in time can change: behind the clocks of all sources of the unit, or beyond the horizon."""
    kept = max(line.config.windows) * 1000 + KEEP_MS
    horizon = tick.clock - line.config.time.correction_horizon_ms - kept
    joint = (line.config.pace_unit, line.config.count_unit)
    wanted = [n for n, book in line.books.items() if tick.clock - kept - book.floor >= FORGET_EVERY_MS]
    if not wanted:
        return
    closed = {name: _closed(state, line, tick, name) for name in {*wanted, *joint}}
    for name in wanted:
        reach = min(closed[n] for n in (name, *joint)) if name in joint else closed[name]
        floor = max(horizon, reach - kept)
        line.books[name].forget(floor)
        for issue in {name, ""} if name in joint else {name}:
            forget(line.issues.setdefault(issue, Issue()), floor)


def _closed(state: PartitionState, line: LineState, tick: Tick, unit: str) -> int:
    """How far a unit's states, modes and counters have come, at most to the line's clock."""
    metrics = (m for u in line.config.units if u.name == unit for m in u.metrics if m.role in BOOKED)
    codes = state.registry.of_line(tick.line, [(unit, metric.name) for metric in metrics]).values()
    closed = {int(tick.closed[state.registry.source_of[code]]) for code in codes} - {NEVER}
    return min([tick.clock, *closed])


def alarms(state: PartitionState, line: LineState, tick: Tick, due: Closed) -> list[Transition]:
    if not line.config.alarms and not line.alarms.entries:
        return []
    wanted = {(alarm.unit, alarm.metric) for alarm in line.config.alarms}
    rows: dict[tuple[str, str], SeriesRows] = {}
    clocks: dict[tuple[str, str], int] = {}
    newest: dict[tuple[str, str], tuple[int, int]] = {}
    for key, code in state.registry.of_line(tick.line, sorted(wanted)).items():
        part, z = due.of(code)
        if len(part):
            fit = usable(part.q, bool(state.traits.simulated[code]), len(part))
            number = np.ones(len(part), np.bool_) if part.text is None else part.text == NO_TEXT
            seq = np.zeros(len(part), np.uint64) if part.seq is None else part.seq
            rows[key] = SeriesRows(part.t, part.v, fit & number, seq, z)
        closed = int(tick.closed[state.registry.source_of[code]])
        if closed != NEVER and state.heard_append[code] != NEVER:
            clocks[key] = closed
            newest[key] = (int(state.heard_running[code]), int(state.heard_append[code]))
    feed = AlarmFeed(rows, clocks, newest, tick.append_ms, tick.running)
    line.alarms, out = step_alarms(line.alarms, line.config, feed)
    return out


def progress(state: PartitionState, ticks: Ticks) -> Iterator[tuple[int, Result]]:
    """(line code, result) of the lines that have come 10 s further."""
    step = ticks.clock // PROGRESS_MS
    for k in np.flatnonzero(step > state.progress_said[ticks.line]).tolist():
        code, start = int(ticks.line[k]), int(step[k]) * PROGRESS_MS
        line = state.lines[code]
        values: dict[str, Value] = {
            "watermark_ms": int(ticks.clock[k]), "append_ms": int(ticks.append[k]),
            "open_alarms": open_alarms(line.alarms),
        }  # fmt: skip
        yield code, Result("progress", line.path, "progress", PROGRESS_MS // 1000, start, None, 0, values)
    state.progress_said[ticks.line] = np.maximum(step, state.progress_said[ticks.line])


def ledger(state: PartitionState, line: int, entry: Entry) -> list[Result]:
    """The rows of a line's ledger that changed since they were last said."""
    out: list[Result] = []
    for row, counts in state.ledger.changed(line):
        _, gateway, hour = state.ledger.named[row]
        revision = entry.offset if row in state.ledger.published else 0
        state.ledger.published[row] = counts
        values: dict[str, Value] = dict(zip(FIELDS, counts, strict=True))
        out.append(Result("ledger", entry.line, gateway, HOUR_MS // 1000, hour * HOUR_MS, None, revision, values))
    if entry.append_ms // HOUR_MS > state.lines[line].ledger_hour:
        state.lines[line].ledger_hour = entry.append_ms // HOUR_MS
        state.ledger.retire(line, entry.append_ms - LEDGER_KEEP_MS)
    return out
