"""Elements and KPIs that leave at a tick, of units and of their line.

Rule: an element window and its KPIs leave together, with one revision: 0 at first, later the offset of the record
that publishes the correction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from pipeline.core.elements import QUANTITIES, TIME_COUNT, Books, Content, Issue, forget, leaving
from pipeline.core.event_time import NEVER
from pipeline.core.grids import SHORT_MS, grids
from pipeline.core.line_config import LineConfig
from pipeline.core.results import Result, Value
from pipeline.core.unit_book import COUNTED, METERED
from pipeline.steps.kpis import apply, known_kpis
from pipeline.steps.partition import LineState, PartitionState
from pipeline.steps.walk import Tick

KEEP_MS, FORGET_EVERY_MS, MINUTE_MS = 120_000, 60_000, 60_000
TIMES = ("pbt_ms", "apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms")
BOOKED = {"state", "mode", *COUNTED}
SUMS = {"good": "gq", "reject": "sq", "rework": "rq"}
LINE = ""  # the name under which a line's own windows are remembered


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
    needed = {name for kpi in known_kpis() for name in kpi.needs}
    schema = {name: pl.Float64 if name == "ideal_ms" else pl.Int64 for name in sorted(needed)}
    kpis = apply(pl.DataFrame([[row.elements.get(name) for name in schema] for row in rows], schema, orient="row"))
    names = [kpi.id for kpi in known_kpis()]
    columns = [kpis[name].to_list() for name in names]
    for row, found in zip(rows, zip(*columns, strict=True), strict=True):
        values: dict[str, Value] = dict(zip(names, found, strict=True))
        coverage = values["coverage"]
        cover = coverage if isinstance(coverage, float) else None
        where, when = row.equipment, (row.width // 1000, row.start)
        yield row.line, Result("elements", where, "elements", *when, None, row.revision, row.elements, cover)
        yield row.line, Result("kpi", where, "kpis", *when, None, row.revision, values, cover, "kpis/1")


def _line_windows(state: PartitionState, line: LineState, tick: Tick) -> Iterator[Leaving]:
    config = line.config
    cycles = {unit.name: unit.ideal_cycle_ms for unit in config.units}
    touched = {name: (book.changed(), book.corrected()) for name, book in line.books.items()}
    grid = grids(config.windows, config.calendar, config.shift_windows)
    for name, books in equipment_books(line).items():
        pace = name or config.pace_unit
        own = touched.values() if name == LINE else (touched[name],)
        spans, remade = ([span for part in parts for span in part] for parts in zip(*own, strict=True))
        issue = line.issues.setdefault(name, Issue())
        equipment = f"{line.path}/{name}" if name else line.path
        metered = _metered(config, name)
        for width, start, found, again in leaving(issue, books, spans, tick.clock, grid, remade=remade):
            values = _elements(found, cycles.get(pace), metered)
            yield Leaving(tick.line, equipment, width, start, tick.offset if again else 0, values)
    _forget(state, line, tick)


def equipment_books(line: LineState) -> dict[str, Books]:
    """The books behind each unit, and behind the line where it has windows of its own."""
    found = {name: Books(book, book, (book,)) for name, book in line.books.items()}
    pace, count = (line.books.get(unit) for unit in (line.config.pace_unit, line.config.count_unit))
    if pace is not None and count is not None:
        found[LINE] = Books(pace, count, tuple(line.books.values()))
    return found


def _metered(config: LineConfig, unit: str) -> set[str]:
    """What is metered of a unit, or of the line."""
    own = (u for u in config.units if unit in {u.name, LINE})
    return {COUNTED[m.role][0] for u in own for m in u.metrics if m.role in COUNTED} & set(METERED)


def _elements(found: Content, cycle: float | None, metered: set[str]) -> dict[str, Value]:
    """Elements by name; a meter that nobody has is no element."""
    counted = dict(zip(QUANTITIES, found[TIME_COUNT:], strict=True))
    produced = sum(counted[name] for name in SUMS)
    values: dict[str, Value] = dict(zip(TIMES, found[:TIME_COUNT], strict=True))
    values |= {"ideal_ms": None if cycle is None else cycle * produced, "pq": produced}
    values |= {name: counted[part] for part, name in SUMS.items()}
    return values | {name: counted[name] for name in METERED if name in metered}


def _forget(state: PartitionState, line: LineState, tick: Tick) -> None:
    """Drops what no row can change any more, and of short windows what can be read back where a late row reaches."""
    if tick.clock - line.forgot_ms < FORGET_EVERY_MS:
        return
    line.forgot_ms = tick.clock
    kept = _longest(line.config) + KEEP_MS
    horizon = tick.clock - line.config.time.correction_horizon_ms - kept
    for name in [name for name in line.gone if _newest(line.issues.get(name)) < horizon]:
        del line.gone[name]
        line.issues.pop(name, None)
    closed = {name: _closed(state, line, tick, name) for name in line.books}
    joint = line.config.pace_unit in line.books and line.config.count_unit in line.books
    for name, book in line.books.items():
        reach = min(closed.values()) if joint else closed[name]
        short = max(horizon, reach - SHORT_MS - KEEP_MS)
        book.forget(horizon, short)
        for issue in {name, LINE} if joint else {name}:
            forget(line.issues.setdefault(issue, Issue()), horizon, short)
    for source, spans in line.heard.items():
        line.heard[source] = [span for span in spans[:-1] if span[1] >= horizon] + spans[-1:]


def _newest(issue: Issue | None) -> int:
    """Event time up to which windows of one equipment are out."""
    return NEVER if issue is None else max(issue.following.values(), default=NEVER)


def _longest(config: LineConfig) -> int:
    """Length of the longest window, ms."""
    shifts = config.calendar.shifts if config.calendar is not None and config.shift_windows else ()
    return max(max(config.windows) * 1000, *((shift.end - shift.begin) * MINUTE_MS for shift in shifts), 0)


def _closed(state: PartitionState, line: LineState, tick: Tick, unit: str) -> int:
    """How far a unit's states, modes and counters have come, at most to the line's clock."""
    metrics = (m for u in line.config.units if u.name == unit for m in u.metrics if m.role in BOOKED)
    codes = state.registry.of_line(tick.line, [(unit, metric.name) for metric in metrics]).values()
    closed = {int(tick.closed[state.registry.source_of[code]]) for code in codes} - {NEVER}
    return min([tick.clock, *closed])
