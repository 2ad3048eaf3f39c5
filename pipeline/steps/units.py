"""Books the closed rows of units: states into time, counters into parts. A list of calls over the units of a tick.

Rule: loops run over changes of state and over units, never over samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.line_config import LineConfig, MetricConfig
from pipeline.core.order import Rows
from pipeline.core.packml import canonical_name
from pipeline.core.results import Result
from pipeline.core.states import Piece, StateTrack
from pipeline.core.unit_book import UnitBook
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
    for unit in line.config.units:
        book = line.books.get(unit.name)
        if book is None:
            continue
        codes = state.registry.of_line(tick.line, [(unit.name, m.name) for m in unit.metrics])
        if book.first is None:
            _see_first(state, book, (tick.line, unit.name), due)
        pieces: dict[str, list[Piece]] = {"state": [], "mode": []}
        for metric in unit.metrics:
            code = codes.get((unit.name, metric.name))
            if code is None:
                continue
            if metric.role in ("state", "mode"):
                track = book.state if metric.role == "state" else book.mode
                before = track.value
                pieces[metric.role] = _advance(state, track, tick, due, (code, metric, texts))
                if metric.role == "state":
                    changes += _changes(f"{line.path}/{unit.name}", metric.name, before, pieces["state"])
            elif metric.role in PARTS:
                low, high = int(due.bounds[code]), int(due.bounds[code + 1])
                if high > low:
                    t, v = due.rows.t[low:high], due.rows.v[low:high]
                    good = _usable(line.config, due.rows.q[low:high]) & ~np.isnan(v)
                    if good.any():
                        book.count(metric.name, PARTS[metric.role], t[good], v[good], metric.wrap or 0.0)
        book.book_times(pieces["state"], pieces["mode"])
    return changes


def _see_first(state: PartitionState, book: UnitBook, unit: tuple[int, str], due: Closed) -> None:
    for key, code in state.registry.series.items():
        if key[:2] == unit and due.bounds[code + 1] > due.bounds[code]:
            book.seen(int(due.rows.t[due.bounds[code]]))


def _usable(config: LineConfig, q: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return np.isin(q, config.usable_quality)


def _advance(
    state: PartitionState, track: StateTrack, tick: Tick, due: Closed, metric: tuple[int, MetricConfig, list[str]]
) -> list[Piece]:
    code, config, texts = metric
    source = int(state.registry.source_of[code])
    low, high = int(due.bounds[code]), int(due.bounds[code + 1])
    times, values = _changes_of(due.rows, low, high, config, texts)
    upto = tick.closed_before.get(source)
    if upto is None:
        return []
    return track.advance(times, values, _row_times(state, due, source, track), upto)


def _changes_of(rows: Rows, low: int, high: int, metric: MetricConfig, texts: list[str]) -> tuple[list[int], list[str]]:
    """Times and canonical names of the samples at which the value is another than before (and of the first)."""
    if low == high:
        return [], []
    bad = rows.q[low:high] > 0
    text = rows.text[low:high]
    raw = np.where(text >= 0, TEXT - text, np.maximum(rows.v[low:high], TEXT + 1))
    raw[bad] = np.nan
    new = np.concatenate(([True], raw[1:] != raw[:-1]))
    times = rows.t[low:high][new].tolist()
    return times, [_name(value, metric, texts) for value in raw[new].tolist()]


def _name(value: float, metric: MetricConfig, texts: list[str]) -> str:
    if math.isnan(value):
        return "undefined"
    raw = texts[int(TEXT - value)] if value <= TEXT else str(int(value)) if value.is_integer() else str(value)
    return metric.codes.get(raw) or metric.codes.get(canonical_name(raw)) or canonical_name(raw)


def _row_times(state: PartitionState, due: Closed, source: int, track: StateTrack) -> Sequence[int]:
    """First and last row of a source and both ends of every hole longer than the state may hold."""
    least, most = int(due.least[source]), int(due.most[source])
    if least > most:
        return []
    if most - least <= track.valid_for_ms:
        return [least, most]
    t = np.unique(due.rows.t[state.registry.source_of[due.rows.series] == source])
    wide = np.flatnonzero(np.diff(t) > track.valid_for_ms)
    return sorted({least, most, *t[wide].tolist(), *t[wide + 1].tolist()})


def _changes(equipment: str, name: str, before: str | None, pieces: list[Piece]) -> list[Result]:
    out: list[Result] = []
    for low, _, value in pieces:
        if value is not None and value != before:
            out.append(Result("state", equipment, name, 0, low, None, 0, {"state": value, "reason": ""}))
            before = value
    return out
