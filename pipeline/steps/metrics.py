"""Statistics and scores of metrics: closed rows -> panes -> windows -> the results that leave at a tick.

Rule: a metric without samples has no result; strings have no statistics; scores are results of their own, so that
revisions neither carry nor erase them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.compose import NONE, Table, Windows, fold, standing
from pipeline.core.event_time import NEVER, PANE_MS
from pipeline.core.order import Rows
from pipeline.core.reduce import Cells, Scored, reduce
from pipeline.core.results import Result
from pipeline.detectors import ewma
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Tick

ANOMALY_MS = 10_000
LARGEST = 1e150  # beyond it (and for NaN) a square is no number, and one sample would spoil a series for good
Ints = npt.NDArray[np.int64]


def fold_rows(state: PartitionState, rows: Rows) -> list[Table]:
    """Canonical rows without repeats -> windows that are complete: all panes of all lines of a round in one pass."""
    numeric = rows.take(np.flatnonzero(rows.text < 0)) if (rows.text >= 0).any() else rows
    if not len(numeric):
        return []
    series, traits = numeric.series, state.traits
    usable = ((numeric.q == 0) | ((numeric.q == 7) & traits.simulated[series])) & (np.abs(numeric.v) < LARGEST)
    hold = traits.hold_ms[series]
    cells = reduce(numeric, usable, hold, _score(state, numeric, usable), PANE_MS)
    lead = _lead(state, cells)
    tables = []
    for width, wants in traits.wants.items():
        wanted = wants[cells.series]
        some, its_lead = (cells, lead) if wanted.all() else (_chosen(cells, wanted), lead[wanted])
        if not len(some):
            continue
        if width == PANE_MS:
            tables.append(_panes(some, its_lead))
        else:
            tables += fold(state.windows[width], some, its_lead, traits.hold_ms, width)
    newest = np.flatnonzero(np.append(cells.series[1:] != cells.series[:-1], True))
    state.prev_t[cells.series[newest]] = cells.last_t[newest]
    state.prev_live[cells.series[newest]] = cells.live[newest]
    return tables


def _score(state: PartitionState, rows: Rows, usable: npt.NDArray[np.bool_]) -> Scored:
    scored = usable & state.traits.scored[rows.series]
    z, mean = np.zeros(len(rows)), np.full(len(rows), np.nan)
    if scored.all():
        state.ewma, z, mean = ewma.step(state.ewma, rows.series, rows.v)
    elif scored.any():
        state.ewma, z[scored], mean[scored] = ewma.step(state.ewma, rows.series[scored], rows.v[scored])
    return Scored(z, mean, scored)


def _lead(state: PartitionState, cells: Cells) -> Ints:
    """How far the sample before each cell covers (NEVER where there is none that does)."""
    hold = state.traits.hold_ms[cells.series]
    first = np.concatenate(([True], cells.series[1:] != cells.series[:-1]))
    before = np.where(first, state.prev_t[cells.series], np.concatenate(([NEVER], cells.last_t[:-1])))
    live = np.where(first, state.prev_live[cells.series], np.concatenate(([False], cells.live[:-1])))
    return np.where(live, before + hold, NEVER)


def _chosen(cells: Cells, mask: npt.NDArray[np.bool_]) -> Cells:
    return Cells(**{name: getattr(cells, name)[mask] for name in Cells.__dataclass_fields__})


def _panes(cells: Cells, lead_until: Ints) -> Table:
    """Cells as windows of one second."""
    cover = np.maximum(0, np.minimum(cells.first_t, lead_until) - cells.start) + cells.cover
    no = np.zeros(len(cells), np.bool_)
    shared = ("start", "n", "last_t", "ref", "total", "square", "least", "most", "last", "mean_after", "peak", "live")
    columns = {name: getattr(cells, name) for name in shared}
    return Table(PANE_MS, cells.series, Windows(cover=cover, dirty=~no, published=no, **columns))


def leaving(state: PartitionState, complete: list[Table], ticks: list[Tick]) -> list[Table]:
    """Windows of the ticking lines that leave now: complete ones behind the line's clock, and standing ones."""
    clock = np.full(len(state.registry.lines), NONE)
    for tick in ticks:
        clock[tick.line] = tick.clock
    upto = clock[state.registry.line_of[: len(state.registry.series)]]
    out: list[Table] = []
    kept: list[Table] = []
    for table in [*state.pending, *complete]:
        limit = upto[table.series]
        own = 0 if table.width == PANE_MS else table.width
        now = (limit != NONE) & ((table.columns.start + own <= limit) | (table.width == PANE_MS))
        for chosen, target in ((now, out), (~now, kept)):
            if chosen.all():
                target.append(table)
            elif chosen.any():
                target.append(Table(table.width, table.series[chosen], table.columns.take(np.flatnonzero(chosen))))
    state.pending = kept
    out += [standing(windows, upto, width) for width, windows in state.windows.items()]
    return [table for table in out if len(table.series)]


class Line(NamedTuple):
    """What results of a line need: its path and the offset of the record that publishes."""

    path: str
    offset: int


def results(state: PartitionState, table: Table, lines: dict[int, Line]) -> Iterator[tuple[int, Result]]:
    """(line code, result) of a table of windows, by its order: metric, then score and anomaly."""
    w = table.columns
    n = np.maximum(w.n, 1)
    shift = w.total / n
    mean, sd = w.ref + shift, np.sqrt(np.maximum(0.0, w.square / n - shift * shift))
    tail = np.minimum(w.start + table.width - w.last_t, state.traits.hold_ms[table.series])
    coverage = (w.cover + np.where(w.live, tail, 0)) / table.width
    level = ewma.level(w.peak)
    names = state.registry.names
    columns = (table.series, state.registry.line_of[table.series], w.start, w.n, mean, w.least, w.most, w.last, sd)
    more = (w.mean_after, w.peak, coverage, w.published, level)
    seconds = table.width // 1000
    for series, code, start, count, m, least, most, last, dev, after, peak, cover, again, grade in zip(
        *(c.tolist() for c in (*columns, *more)), strict=True
    ):
        line = lines[code]
        unit, name = names[series]
        equipment = f"{line.path}/{unit}" if unit else line.path
        revision = line.offset if again else 0
        if count:
            values = {"count": count, "mean": m, "min": least, "max": most, "last": last, "sd": dev}
        else:
            values = dict.fromkeys(("mean", "min", "max", "last", "sd")) | {"count": 0}
        yield code, Result("metric", equipment, name, seconds, start, None, revision, values, cover)
        if peak >= 0:
            scores = {"ewma": after, "score": peak}
            yield code, Result("score", equipment, name, seconds, start, None, revision, scores)
            if table.width == ANOMALY_MS and not again and (grade or state.level[series]):
                state.level[series] = grade
                found = {"score": peak, "level": grade, "open": int(grade > 0), "contributors": name}
                yield code, Result("anomaly", equipment, f"{name}/ewma", seconds, start, None, 0, dict(found))
