"""What late rows reach of units: states up to the next state sample and past it as they hold, and counters' increases.

A list of calls in two halves. `reach`, before the late rows are in the history: which spans may be other ones; counts
of old minutes are made fine again, and short windows that were forgotten are recalled. `remake`, behind it: states and
counts of the spans are made again out of the history, by the code that books panes; what is published of it is found
out in `elements`. Rule: a late row of any metric fills a silence of its source, as far as the next state sample.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.elements import Issue, recall
from pipeline.core.event_time import NEVER
from pipeline.core.grids import grids
from pipeline.core.history import MINUTE_MS
from pipeline.core.line_config import MetricConfig, UnitConfig
from pipeline.core.order import Rows
from pipeline.core.results import Result
from pipeline.core.states import Piece, Span, StateTrack
from pipeline.core.traits import NAMED
from pipeline.core.unit_book import COUNTED, UnitBook, increases, replace
from pipeline.steps.line_elements import LINE, equipment_books
from pipeline.steps.looking_back import (
    heard_at,
    next_sample,
    reading_before,
    readings_of,
    readings_over,
    rows_over,
)
from pipeline.steps.partition import LineState, PartitionState
from pipeline.steps.units import state_samples, told_changes
from pipeline.steps.walk import Tick

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Reach:
    """Of one unit: `held` (metric, series code, span of a state or mode that may be another one; its end None: to the
    end), `minutes` in which counters may count otherwise, `first` row of the unit among the late ones."""

    unit: UnitConfig
    held: list[tuple[MetricConfig, int, int, int | None]] = field(default_factory=list)
    minutes: list[Span] = field(default_factory=list)
    first: int | None = None

    def spans(self, book: UnitBook) -> list[Span]:
        """Event time of all that may be another thing."""
        found = list(self.minutes)
        for metric, _, low, end in self.held:
            track = _track(book, metric)
            found.append((low, max(low, track.until or low, track.reach) if end is None else end))
        if self.first is not None and (book.first is None or self.first < book.first):
            found.append((self.first, self.first + 1 if book.first is None else book.first))
        return found


def correct(state: PartitionState, ticks: Sequence[Tick], late: Rows) -> Iterator[tuple[int, Result]]:
    """(line code, change of state that is new). Accepted late rows, not yet in the history, go there."""
    line_of = state.registry.line_of.take(late.series)
    parts = [(tick, late.take(np.flatnonzero(line_of == tick.line))) for tick in ticks]
    reached = [(tick, own, reach(state, state.lines[tick.line], tick, own)) for tick, own in parts if len(own)]
    state.history.append(late)
    for tick, own, found in reached:
        for change in remake(state, state.lines[tick.line], tick, own, found):
            yield tick.line, change


def reach(state: PartitionState, line: LineState, tick: Tick, late: Rows) -> list[Reach]:
    """What late rows of a line (canonical order, not yet in the history) reach of its units."""
    found: list[Reach] = []
    filling = _filling(state, line, late)
    for unit in line.config.units:
        book = line.books.get(unit.name)
        if book is None:
            continue
        own = Reach(unit, first=_first(state, unit, late))
        codes = state.registry.of_line(tick.line, [(unit.name, metric.name) for metric in unit.metrics])
        for metric in unit.metrics:
            code = codes.get((unit.name, metric.name))
            if code is None:
                continue
            t = late.t[late.series == code]
            if metric.role in NAMED:
                until = _track(book, metric).until
                times = np.unique(np.concatenate((t, filling.get(int(state.registry.source_of[code]), t[:0]))))
                for low, high in _clusters(times):
                    own.held.append((metric, code, low, next_sample(state, code, high, until)))
            elif metric.role in COUNTED:
                for low, high in _clusters(t):
                    after = next_sample(state, code, high, _closed(state, tick, code), metric)
                    own.minutes += _minutes([(low, high + 1), *([] if after is None else [(after, after + 1)])])
        if own.held or own.minutes or own.first is not None:
            found.append(own)
    _recall(state, line, tick, found)
    return found


def _first(state: PartitionState, unit: UnitConfig, late: Rows) -> int | None:
    mine = [code for code in np.unique(late.series).tolist() if state.registry.names[code][0] == unit.name]
    return min((int(late.t[late.series == code].min()) for code in mine), default=None)


def _filling(state: PartitionState, line: LineState, late: Rows) -> dict[int, Ints]:
    """By source, times of late rows at which it was silent."""
    source, found = state.registry.source_of.take(late.series), dict[int, Ints]()
    for code in np.unique(source).tolist():
        t = np.unique(late.t[source == code])
        spans = np.array(line.heard.get(code, []), np.int64).reshape(-1, 2)
        place = spans[:, 0].searchsorted(t, "right") - 1
        last = np.append(NEVER, spans[:, 1]).take(place + 1)
        found[code] = t[t > last]
    return found


def _recall(state: PartitionState, line: LineState, tick: Tick, found: Sequence[Reach]) -> None:
    books = equipment_books(line)
    spans = {own.unit.name: own.spans(line.books[own.unit.name]) for own in found}
    everything = [span for own in spans.values() for span in own]
    for unit in line.config.units:
        book = line.books.get(unit.name)
        wide = everything if LINE in books else spans.get(unit.name, [])
        if book is not None:
            old = [(low, min(high, book.short)) for low, high in _minutes(wide) if low < book.short]
            _recount(state, (tick.line, unit), book, old)
    config = line.config
    grid = grids(config.windows, config.calendar, config.shift_windows)
    for name, own_books in books.items():
        own_spans = everything if name == LINE else spans.get(name, [])
        if own_spans:
            recall(line.issues.setdefault(name, Issue()), own_books, own_spans, grid)


def remake(state: PartitionState, line: LineState, tick: Tick, late: Rows, found: Sequence[Reach]) -> list[Result]:
    """With the late rows in the history. Returns changes of state that are new."""
    _hear(state, line, late)
    changes: list[Result] = []
    for own in found:
        book = line.books[own.unit.name]
        book.remade += own.spans(book)
        if own.first is not None:
            book.seen(own.first)
        for metric, code, low, end in own.held:
            changes += _rehold(state, line, tick, (own.unit.name, metric, code), (low, end))
        _recount(state, (tick.line, own.unit), book, own.minutes)
        _newest_readings(state, (tick, book), own.unit, late)
        book.remade += own.spans(book)
    return changes


def _hear(state: PartitionState, line: LineState, late: Rows) -> None:
    valid_for_ms = line.config.time.valid_for_ms
    for source, times in _filling(state, line, late).items():
        spans = line.heard.get(source, [])
        joined: list[Span] = []
        for first, last in sorted([*spans, *((t, t) for t in times.tolist())]):
            if joined and first - joined[-1][1] <= valid_for_ms:
                joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
            else:
                joined.append((first, last))
        line.heard[source] = joined


def _rehold(
    state: PartitionState,
    line: LineState,
    tick: Tick,
    what: tuple[str, MetricConfig, int],
    span: tuple[int, int | None],
) -> list[Result]:
    """Makes the pieces of a state or mode over a span again; its end None: up to where they have come."""
    unit, metric, code = what
    low, end = span
    book, source = line.books[unit], int(state.registry.source_of[code])
    track, kept = _track(book, metric), book.states if metric.role == "state" else book.modes
    upto = end if end is not None else (int(tick.closed[source]) if track.until is None else track.until)
    heard = line.heard.get(source, [])
    value, known = _before(kept, low)
    begins = bool(kept) and kept[0][0] < low
    fresh = StateTrack(
        line.config.time.valid_for_ms, metric.by_exception, value, known, low if begins else None, heard_at(heard, low)
    )
    times, values = state_samples(state, line, (code, metric), rows_over(state, code, low, upto))
    runs = [run for run in heard if run[1] >= low and run[0] < upto]
    pieces = fresh.advance(times, values, runs, upto)
    before = _around(kept, low, upto)
    if pieces:
        replace(kept, low if begins else pieces[0][0], upto, pieces)
    if end is None:
        track.value, track.known, track.until = fresh.value, fresh.known, fresh.until
    if heard:
        track.newest = heard[-1][1] if track.newest is None else max(track.newest, heard[-1][1])
    if metric.role != "state":
        return []
    name = (f"{line.path}/{unit}", metric.name)
    return told_changes(name, (value, before), (value, _around(kept, low, upto)), tick.offset)


def _track(book: UnitBook, metric: MetricConfig) -> StateTrack:
    return book.state if metric.role == "state" else book.mode


def _before(kept: list[Piece], low: int) -> tuple[str | None, bool]:
    """The value of the last sample before `low`, and whether it is known there."""
    at = bisect_left(kept, low, key=_begin) - 1
    known = at >= 0 and kept[at][1] >= low and kept[at][2] is not None
    return next((kept[k][2] for k in range(at, -1, -1) if kept[k][2] is not None), None), known


def _around(kept: list[Piece], low: int, past: int) -> list[Piece]:
    """Pieces over [low, past], the one that begins at its end among them."""
    at = max(0, bisect_left(kept, low, key=_begin) - 1)
    return [(max(a, low), b, value) for a, b, value in kept[at : bisect_left(kept, past + 1, key=_begin)] if b > low]


def _begin(piece: Piece) -> int:
    return piece[0]


def _recount(state: PartitionState, unit: tuple[int, UnitConfig], book: UnitBook, minutes: Iterable[Span]) -> None:
    line, config = unit
    codes = state.registry.of_line(line, [(config.name, metric.name) for metric in config.metrics])
    for low, past in _minutes(minutes):
        counted: list[tuple[str, int, int]] = []
        for metric in config.metrics:
            code = codes.get((config.name, metric.name))
            if code is None or metric.role not in COUNTED:
                continue
            t, v = readings_over(state, metric, code, (low, past))
            if len(v):
                before = reading_before(state, metric, code, low)
                first = float(v[0]) if before is None else before
                made = increases(metric.role, t, v, first, metric.wrap or 0.0)
                counted += [(metric.role, start, many) for start, many in made]
        book.recount((low, past), counted)


def _newest_readings(state: PartitionState, line: tuple[Tick, UnitBook], unit: UnitConfig, late: Rows) -> None:
    """A late reading may be the newest one."""
    tick, book = line
    codes = state.registry.of_line(tick.line, [(unit.name, metric.name) for metric in unit.metrics])
    for metric in unit.metrics:
        code = codes.get((unit.name, metric.name))
        if code is None or metric.role not in COUNTED:
            continue
        t, _ = readings_of(state, metric, code, late.take(np.flatnonzero(late.series == code)))
        if len(t) and next_sample(state, code, int(t[-1]), _closed(state, tick, code), metric) is None:
            _, now = readings_over(state, metric, code, (int(t[-1]), int(t[-1]) + 1))
            book.counters[metric.name] = float(now[-1])


def _closed(state: PartitionState, tick: Tick, code: int) -> int:
    return int(tick.closed[state.registry.source_of[code]])


def _clusters(times: Ints) -> list[Span]:
    """(first, last) of times in order that lie within a minute of each other."""
    if not len(times):
        return []
    wide = np.flatnonzero(np.diff(times) > MINUTE_MS)
    return list(
        zip(times[np.append(0, wide + 1)].tolist(), times[np.append(wide, len(times) - 1)].tolist(), strict=True)
    )


def _minutes(spans: Iterable[Span]) -> list[Span]:
    """The whole minutes over spans, joined, in order."""
    out: list[Span] = []
    for low, past in sorted((low // MINUTE_MS * MINUTE_MS, -(-past // MINUTE_MS) * MINUTE_MS) for low, past in spans):
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], past))
        else:
            out.append((low, past))
    return out
