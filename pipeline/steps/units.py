"""Books the closed rows of units: states into time, counters into parts. A list of calls over the units of a tick.

Rule: loops run over changes of state and over units, never over samples.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.line_config import LineConfig, MetricConfig
from pipeline.core.order import Rows
from pipeline.core.packml import canonical_name
from pipeline.core.results import Result
from pipeline.core.states import Piece, Span, StateTrack
from pipeline.steps.partition import LineState, PartitionState
from pipeline.steps.plan import Tick

TEXT = -1e9  # texts as numbers from here down
PARTS = {"good_count": "good", "reject_count": "reject", "rework_count": "rework"}
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Closed:
    """Closed rows of one round in canonical order; bounds[code], bounds[code + 1] = rows of a series.
    `least`, `most`: time span of each source's rows (i64 by source code), sources without rows have least > most."""

    rows: Rows
    bounds: npt.NDArray[np.intp]
    least: Ints
    most: Ints


def closed(state: PartitionState, rows: Rows) -> Closed:
    size = len(state.registry.series)
    bounds = np.searchsorted(rows.series, np.arange(size + 1, dtype=rows.series.dtype))
    some = np.flatnonzero(bounds[1:] > bounds[:-1])
    source = state.registry.source_of[some]
    least = np.full(len(state.registry.source_line), np.iinfo(np.int64).max)
    most = np.full(len(state.registry.source_line), np.iinfo(np.int64).min)
    np.minimum.at(least, source, rows.t[bounds[some]])
    np.maximum.at(most, source, rows.t[bounds[some + 1] - 1])
    return Closed(rows, bounds, least, most)


def book_units(state: PartitionState, line: LineState, tick: Tick, due: Closed) -> list[Result]:
    """Books one line's closed rows; returns its changes of state."""
    changes: list[Result] = []
    texts = list(state.texts)
    _see_first(state, line, tick, due)
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
                pieces = _advance(state, book.state, tick, due, (code, metric, line.config, texts))
                book.book_states(pieces)
                changes += _changes(f"{line.path}/{unit.name}", metric.name, before, pieces)
            elif metric.role == "mode":
                book.book_modes(_advance(state, book.mode, tick, due, (code, metric, line.config, texts)))
            elif metric.role in PARTS:
                low, high = int(due.bounds[code]), int(due.bounds[code + 1])
                if high > low:
                    t, v, good = due.rows.t[low:high], due.rows.v[low:high], _usable(line.config, due.rows.q[low:high])
                    book.count(metric.name, PARTS[metric.role], t[good], v[good], metric.wrap or 0.0)
    return changes


def _see_first(state: PartitionState, line: LineState, tick: Tick, due: Closed) -> None:
    """Rows earlier than all of their unit's before; only a new unit or a source behind the others can have them."""
    least = min((int(due.least[source]) for source in tick.closed_before), default=0)
    if not any(book.first is None or least < book.first for book in line.books.values()):
        return
    lines = state.registry.line_of[: len(due.bounds) - 1]
    for code in np.flatnonzero((due.bounds[1:] > due.bounds[:-1]) & (lines == tick.line)).tolist():
        book = line.books.get(state.registry.names[code][0])
        if book is not None:
            book.seen(int(due.rows.t[due.bounds[code]]))


def _usable(config: LineConfig, q: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return np.isin(q, config.usable_quality)


def _advance(
    state: PartitionState,
    track: StateTrack,
    tick: Tick,
    due: Closed,
    metric: tuple[int, MetricConfig, LineConfig, list[str]],
) -> list[Piece]:
    code, config, line, texts = metric
    track.valid_for_ms, track.by_exception = line.time.valid_for_ms, config.by_exception
    source = int(state.registry.source_of[code])
    upto = tick.closed_before.get(source)
    if upto is None:
        return []
    low, high = int(due.bounds[code]), int(due.bounds[code + 1])
    new, raw = _changes_of(due.rows, low, high, line)
    times = due.rows.t[low:high][new].tolist()
    values = [_name(value, config, texts) for value in raw[new].tolist()]
    return track.advance(times, values, _runs(state, due, source, track.valid_for_ms), upto)


def _changes_of(
    rows: Rows, low: int, high: int, line: LineConfig
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Which samples may change what is known (another value than before, the first, one after a silence), and values
    as numbers: NaN where unusable."""
    text = rows.text[low:high]
    raw = np.where(text >= 0, TEXT - text, np.maximum(rows.v[low:high], TEXT + 1))
    raw[~_usable(line, rows.q[low:high])] = np.nan
    new = np.ones(high - low, np.bool_)
    new[1:] = (raw[1:] != raw[:-1]) | (np.diff(rows.t[low:high]) > line.time.valid_for_ms)
    return new, raw


def _name(value: float, metric: MetricConfig, texts: list[str]) -> str:
    if math.isnan(value):
        return "undefined"
    raw = texts[int(TEXT - value)] if value <= TEXT else str(int(value)) if value.is_integer() else str(value)
    return metric.codes.get(raw) or metric.codes.get(canonical_name(raw)) or canonical_name(raw)


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
