"""What a line says at a tick beside metrics and elements: alarms, progress; and its ledger."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER
from pipeline.core.ledger import FIELDS, HOUR_MS
from pipeline.core.order import NO_TEXT, Rows
from pipeline.core.quality import usable
from pipeline.core.results import LineResults, Result, Transition, Value
from pipeline.core.rule import AlarmFeed, SeriesRows
from pipeline.steps.alarms import open_alarms, step_alarms
from pipeline.steps.partition import LineState, PartitionState
from pipeline.steps.plan import Plan
from pipeline.steps.slice import Slice
from pipeline.steps.units import Closed
from pipeline.steps.walk import Tick, Ticks

PROGRESS_MS = 10_000
LEDGER_KEEP_MS = 72 * HOUR_MS  # a spool may be older: its hours stay open while it drains


def alarms(state: PartitionState, line: LineState, tick: Tick, due: Closed) -> list[Transition]:
    if not line.config.alarms and not line.alarms.entries:
        return []
    gone = (entry.alarm for entry in line.alarms.entries.values())  # an alarm that goes ends by its series' clock
    wanted = {(alarm.unit, alarm.metric) for alarm in (*line.config.alarms, *gone)}
    rows: dict[tuple[str, str], SeriesRows] = {}
    clocks: dict[tuple[str, str], int] = {}
    newest: dict[tuple[str, str], tuple[int, int]] = {}
    for key, code in state.registry.of_line(tick.line, sorted(wanted)).items():
        part, z = due.of(code)
        if len(part):
            rows[key] = series_rows(state, code, part, z)
        closed = int(tick.closed[state.registry.source_of[code]])
        if state.is_seen(code):
            clocks[key] = closed
        if state.heard_append[code] != NEVER:
            newest[key] = (int(state.heard_running[code]), int(state.heard_append[code]))
    feed = AlarmFeed(rows, clocks, newest, tick.append_ms, tick.running)
    line.alarms, out = step_alarms(line.alarms, line.config, feed)
    return out


def series_rows(state: PartitionState, code: int, part: Rows, z: npt.NDArray[np.float64]) -> SeriesRows:
    """Rows of one series as rules see them."""
    fit = usable(part.q, bool(state.traits.simulated[code]), len(part))
    number = np.ones(len(part), np.bool_) if part.text is None else part.text == NO_TEXT
    seq = np.zeros(len(part), np.uint64) if part.seq is None else part.seq
    return SeriesRows(part.t, part.v, fit & number, seq, z)


def progress(state: PartitionState, ticks: Ticks) -> Iterator[tuple[int, Result]]:
    """(line code, result) of the lines that have come 10 s further."""
    step = ticks.clock // PROGRESS_MS
    revision = np.where(state.waiting.said(ticks.line, step), ticks.offset, 0)
    for k in np.flatnonzero(step > state.progress_said[ticks.line]).tolist():
        code, times = int(ticks.line[k]), (int(ticks.clock[k]), int(ticks.append[k]))
        yield code, _progress(state.lines[code], int(revision[k]), *times)
    state.progress_said[ticks.line] = np.maximum(step, state.progress_said[ticks.line])


def waiting(state: PartitionState, part: Slice, made: Plan) -> Iterator[LineResults]:
    """Progress of lines that have no source yet, at the records at which they have come 10 s further."""
    places = np.flatnonzero(made.waiting)
    if not len(places):
        return
    line, running = part.line[places], made.running[places]
    if places[0] == 0 and part.configures[0]:
        state.waiting.begin(int(line[0]), int(part.append[0]), int(running[0]))
    clock = state.waiting.clock(line, running)
    step = clock // PROGRESS_MS
    for k in np.flatnonzero((clock != NEVER) & (step > state.waiting.last[line])).tolist():
        code, record = int(line[k]), int(places[k])
        if step[k] > state.waiting.last[code]:
            state.waiting.say(code, int(step[k]))
            own = state.lines[code]
            found = _progress(own, 0, int(clock[k]), int(part.append[record]))
            yield LineResults(own.path, int(part.offset[record]), [found], [])


def _progress(line: LineState, revision: int, clock: int, append: int) -> Result:
    values: dict[str, Value] = {"watermark_ms": clock, "append_ms": append, "open_alarms": open_alarms(line.alarms)}
    start = clock // PROGRESS_MS * PROGRESS_MS
    return Result("progress", line.path, "progress", PROGRESS_MS // 1000, start, None, revision, values)


def ledgers(state: PartitionState, part: Slice, places: npt.NDArray[np.intp]) -> Iterator[LineResults]:
    """The rows of lines' ledgers that changed since they were last said, at one record of each of some lines."""
    line, offset, append = (column[places] for column in (part.line, part.offset, part.append))
    found = state.ledger.changed(line.tolist())
    again = state.ledger.say(found, append[found.at])
    revision = np.where(again, offset[found.at], 0).tolist()
    said: dict[int, list[Result]] = {}
    for row, at, counts, own in zip(
        found.row.tolist(), found.at.tolist(), found.counts.tolist(), revision, strict=True
    ):
        code, gateway, hour = state.ledger.named[row]
        values: dict[str, Value] = dict(zip(FIELDS, counts, strict=True))
        path = state.registry.paths[code]
        one = Result("ledger", path, gateway, HOUR_MS // 1000, hour * HOUR_MS, None, own, values)
        said.setdefault(at, []).append(one)
    for at, results in said.items():
        yield LineResults(results[0].equipment, int(offset[at]), results, [])


def retire(state: PartitionState, part: Slice, places: npt.NDArray[np.intp]) -> None:
    """Gives up what is long over of lines whose hour of append time is another one, behind what they said."""
    for code, append in zip(part.line[places].tolist(), part.append[places].tolist(), strict=True):
        line = state.lines[code]
        if append // HOUR_MS > line.ledger_hour:
            line.ledger_hour = append // HOUR_MS
            if state.ledger.retire(code, append - LEDGER_KEEP_MS):
                state.registry.tables.forget()
