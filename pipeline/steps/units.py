"""Books the closed rows of units: states into time, counters into parts. A list of calls over the units of a tick.

Rule: loops run over changes of state and over units, never over samples.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER
from pipeline.core.line_config import MetricConfig
from pipeline.core.order import NO_TEXT, Rows
from pipeline.core.packml import NAMED, meant
from pipeline.core.quality import usable
from pipeline.core.results import Result
from pipeline.core.states import Piece, Span, StateTrack
from pipeline.core.unit_book import COUNTED
from pipeline.steps.partition import LineState, PartitionState
from pipeline.steps.walk import Tick

TEXT = -float(1 << 50)  # texts as numbers from here down
UNKNOWN = "undefined"
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Closed:
    """Closed rows of one round in canonical order, |z| of each (0: not scored); bounds[code], bounds[code + 1] = rows
    of a series. `least`, `most`: time span of each source's rows (i64 by source code), sources without rows have
    least > most."""

    rows: Rows
    z: npt.NDArray[np.float64]
    bounds: npt.NDArray[np.intp]
    least: Ints
    most: Ints

    def of(self, code: int) -> tuple[Rows, npt.NDArray[np.float64]]:
        """The rows of one series, and their |z|."""
        index = np.arange(int(self.bounds[code]), int(self.bounds[code + 1]))
        return self.rows.take(index), self.z[index]


def closed(state: PartitionState, rows: Rows, z: npt.NDArray[np.float64]) -> Closed:
    counts = np.bincount(rows.series, minlength=len(state.registry.series))
    bounds = np.append(0, np.cumsum(counts))
    some = np.flatnonzero(counts)
    source = state.registry.source_of[some]
    least = np.full(len(state.registry.sources), np.iinfo(np.int64).max)
    most = np.full(len(state.registry.sources), np.iinfo(np.int64).min)
    np.minimum.at(least, source, rows.t[bounds[some]])
    np.maximum.at(most, source, rows.t[bounds[some + 1] - 1])
    return Closed(rows, z, bounds, least, most)


class Booked(NamedTuple):
    """What booking one line's closed rows found: its changes of state, and how many samples of a state or mode name
    none that is known."""

    changes: list[Result]
    unknown: int


def book_units(state: PartitionState, line: LineState, tick: Tick, due: Closed) -> Booked:
    changes: list[Result] = []
    unknown = 0
    _see_first(state, line, tick, due)
    _hear(state, line, tick, due)
    for unit in line.config.units:
        book = line.books.get(unit.name)
        if book is None:
            continue
        codes = state.registry.of_line(tick.line, [(unit.name, m.name) for m in unit.metrics])
        for metric in unit.metrics:
            code = codes.get((unit.name, metric.name))
            if code is None:
                continue
            if metric.role == "state":
                before = book.state.value
                pieces, strange = _advance(state, book.state, tick, due, (code, metric, line))
                book.book_states(pieces)
                changes += _changes(f"{line.path}/{unit.name}", metric.name, before, pieces)
                unknown += strange
            elif metric.role == "mode":
                pieces, strange = _advance(state, book.mode, tick, due, (code, metric, line))
                book.book_modes(pieces)
                unknown += strange
            elif metric.role in COUNTED:
                rows, _ = due.of(code)
                if len(rows):
                    fit = usable(rows.q, bool(state.traits.simulated[code]), len(rows))
                    book.count(metric.name, metric.role, rows.t[fit], rows.v[fit], metric.wrap or 0.0)
    return Booked(changes, unknown)


def _see_first(state: PartitionState, line: LineState, tick: Tick, due: Closed) -> None:
    """Rows earlier than all of their unit's before; only a new unit or a source behind the others can have them."""
    least = min((int(due.least[source]) for source in state.registry.sources_of.get(tick.line, ())), default=0)
    if not any(book.first is None or least < book.first for book in line.books.values()):
        return
    lines = state.registry.line_of[: len(due.bounds) - 1]
    for code in np.flatnonzero((due.bounds[1:] > due.bounds[:-1]) & (lines == tick.line)).tolist():
        book = line.books.get(state.registry.names[code][0])
        if book is not None:
            book.seen(int(due.rows.t[due.bounds[code]]))


def _hear(state: PartitionState, line: LineState, tick: Tick, due: Closed) -> None:
    valid_for_ms = line.config.time.valid_for_ms
    for source in state.registry.sources_of.get(tick.line, ()):
        spans = line.heard.setdefault(source, [])
        for first, last in _runs(state, due, source, valid_for_ms):
            if spans and first - spans[-1][1] <= valid_for_ms:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((first, last))


def _advance(
    state: PartitionState, track: StateTrack, tick: Tick, due: Closed, metric: tuple[int, MetricConfig, LineState]
) -> tuple[list[Piece], int]:
    """Pieces of one state or mode up to the clock of its source, and how many of its samples nobody knows."""
    code, config, line = metric
    track.valid_for_ms, track.by_exception = line.config.time.valid_for_ms, config.by_exception
    source = int(state.registry.source_of[code])
    upto = int(tick.closed[source])
    if upto == NEVER:
        return [], 0
    rows, _ = due.of(code)
    new, raw = _changes_of(rows, bool(state.traits.simulated[code]), track.valid_for_ms)
    values = [_name(value, config, line.texts) for value in raw[new].tolist()]
    pieces = track.advance(rows.t[new].tolist(), values, _runs(state, due, source, track.valid_for_ms), upto)
    return pieces, _unknown(values, new, NAMED[config.role])


def state_samples(
    state: PartitionState, line: LineState, series: tuple[int, MetricConfig], rows: Rows
) -> tuple[list[int], list[str]]:
    """Times and names of the samples of a state or mode that may change what is known."""
    code, config = series
    new, raw = _changes_of(rows, bool(state.traits.simulated[code]), line.config.time.valid_for_ms)
    return rows.t[new].tolist(), [_name(value, config, line.texts) for value in raw[new].tolist()]


def told_changes(
    name: tuple[str, str], was: tuple[str | None, list[Piece]], now: tuple[str | None, list[Piece]], offset: int
) -> list[Result]:
    """Changes of state (before it, its pieces) that were none before, or other ones."""
    told = {change.window_start: change.values for change in _changes(*name, *was)}
    found = [change for change in _changes(*name, *now) if change.values != told.get(change.window_start)]
    return [replace(change, revision=offset if change.window_start in told else 0) for change in found]


def _unknown(values: list[str], new: npt.NDArray[np.bool_], known: frozenset[str]) -> int:
    """Samples whose value, as the newest one that was named, is none of `known`."""
    strange = [k for k, value in enumerate(values) if value not in known]
    return int(np.diff(np.append(np.flatnonzero(new), len(new)))[strange].sum()) if strange else 0


def _changes_of(
    rows: Rows, simulated: bool, valid_for_ms: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Which samples may change what is known (another value than before, the first, one after a silence), and values
    as numbers: NaN where unusable."""
    raw = np.maximum(rows.v, TEXT + 1)
    if rows.text is not None:
        raw = np.where(rows.text == NO_TEXT, raw, TEXT - rows.text)
    raw[~usable(rows.q, simulated, len(rows))] = np.nan
    new = np.ones(len(rows), np.bool_)
    new[1:] = (raw[1:] != raw[:-1]) | (np.diff(rows.t) > valid_for_ms)
    return new, raw


def _name(value: float, metric: MetricConfig, texts: Mapping[int, str]) -> str:
    if math.isnan(value):
        return UNKNOWN
    raw = texts.get(int(TEXT - value), UNKNOWN) if value <= TEXT else _number(value)
    return meant(raw, metric.codes)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)


def _runs(state: PartitionState, due: Closed, source: int, valid_for_ms: int) -> list[Span]:
    """(first, last) rows of a source, cut wherever it was silent for longer than its states may hold."""
    least, most = int(due.least[source]), int(due.most[source])
    if least > most:
        return []
    if most - least <= valid_for_ms:
        return [(least, most)]
    t = np.unique(due.rows.t[state.registry.source_of[due.rows.series] == source])
    wide = np.flatnonzero(np.diff(t) > valid_for_ms)
    return list(zip([least, *t[wide + 1].tolist()], [*t[wide].tolist(), most], strict=True))


def _changes(equipment: str, name: str, before: str | None, pieces: list[Piece]) -> list[Result]:
    out: list[Result] = []
    for low, _, value in pieces:
        if value is not None and value != before:
            out.append(Result("state", equipment, name, 0, low, None, 0, {"state": value, "reason": ""}))
            before = value
    return out
