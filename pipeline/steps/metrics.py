"""Statistics and scores of metrics: closed rows -> panes -> windows -> the results that leave at a tick.

Rule: a metric without samples has no result; strings have no statistics; scores are results of their own, so that
revisions neither carry nor erase them; a new window length begins with its first whole window.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.core.compose import NONE, Table, Windows, fold, standing
from pipeline.core.event_time import NEVER, PANE_MS
from pipeline.core.grown import grown
from pipeline.core.layers import layered, repeated
from pipeline.core.order import NO_TEXT, Rows
from pipeline.core.quality import usable
from pipeline.core.reduce import Cells, Scored, reduce
from pipeline.core.results import Result, Value, WindowResults
from pipeline.detectors import ewma
from pipeline.steps.partition import PartitionState
from pipeline.steps.walk import Ticks

ANOMALY_WIDTHS = (PANE_MS, 10_000)
LARGEST = 1e150  # beyond it (and for NaN) a square is no number, and one sample would spoil a series for good
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def numeric(rows: Rows) -> npt.NDArray[np.intp] | None:
    """Places of the rows that are numbers; None: all are."""
    return None if rows.text is None else np.flatnonzero(rows.text == NO_TEXT)


def fold_rows(state: PartitionState, rows: Rows) -> tuple[list[Table], Floats]:
    """Canonical rows without repeats -> windows that are complete (all panes of all lines of a round in one pass), and
    |z| by row (0 where a row is not scored)."""
    places = numeric(rows)
    if rows.text is not None:
        state.spelt[rows.series[rows.text != NO_TEXT]] = True
    numbers = rows if places is None else rows.take(places)
    if not len(numbers):
        return [], np.zeros(len(rows))
    series, traits = numbers.series, state.traits
    fit = fitness(state, numbers, series)
    scored = _score(state, numbers, fit)
    z = scored.z
    if places is not None:
        z = np.zeros(len(rows))
        z[places] = scored.z
    cells = reduce(numbers, fit, traits.hold_ms.take(series), scored, PANE_MS)
    lead = _lead(state, cells)
    every = layered(cells, lead)
    tables = []
    for width, wants in traits.wants.items():
        wanted = wants.take(cells.series)
        if width in state.begin:
            wanted &= cells.start // width * width >= state.begin[width].take(cells.series)
        some = np.flatnonzero(wanted)
        if not len(some):
            continue
        if width == PANE_MS:
            tables.append(_panes(cells.take(some), lead.take(some)))
        else:
            layers = every if len(some) == len(cells) else layered(cells.take(some), lead.take(some))
            tables += fold(state.windows[width], layers, traits.hold_ms, width)
    newest = np.flatnonzero(np.append(cells.series[1:] != cells.series[:-1], True))
    codes = cells.series.take(newest).astype(np.intp)
    state.prev_t[codes], state.prev_live[codes] = cells.last_t.take(newest), cells.live.take(newest)
    return tables, z


def fitness(state: PartitionState, numbers: Rows, series: npt.NDArray[np.int32]) -> Flags:
    """Which numbers count. series i32 by row: their codes."""
    simulated = False if numbers.q is None else state.traits.simulated.take(series)
    return usable(numbers.q, simulated, len(numbers)) & (np.abs(numbers.v) < LARGEST)


def _score(state: PartitionState, rows: Rows, fit: Flags) -> Scored:
    scored = fit & state.traits.scored.take(rows.series)
    if scored.all():
        state.ewma, z, mean = ewma.step(state.ewma, rows.series, rows.v)
        return Scored(z, mean, scored)
    z, mean = np.zeros(len(rows)), np.full(len(rows), np.nan)
    if scored.any():
        state.ewma, z[scored], mean[scored] = ewma.step(state.ewma, rows.series[scored], rows.v[scored])
    return Scored(z, mean, scored)


def _lead(state: PartitionState, cells: Cells) -> Ints:
    """How far the sample before each cell covers (NEVER where there is none that does)."""
    before, live, again = state.prev_t.take(cells.series), state.prev_live.take(cells.series), repeated(cells)
    before[again], live[again] = cells.last_t[again - 1], cells.live[again - 1]
    return np.where(live, before + state.traits.hold_ms.take(cells.series), NEVER)


def _panes(cells: Cells, lead_until: Ints) -> Table:
    """Cells as windows of one second."""
    cover = np.maximum(0, np.minimum(cells.first_t, lead_until) - cells.start) + cells.cover
    no = np.zeros(len(cells), np.bool_)
    shared = ("start", "n", "last_t", "ref", "total", "square", "least", "most", "last", "mean_after", "peak", "live")
    columns = {name: getattr(cells, name) for name in shared}
    return Table(PANE_MS, cells.series, Windows(cover=cover, dirty=~no, published=no, **columns))


def leaving(state: PartitionState, complete: list[Table], ticks: Ticks) -> list[Table]:
    """Windows of the ticking lines that leave now: complete ones behind the line's clock, and standing ones."""
    clock = np.full(len(state.registry.paths), NONE)
    clock[ticks.line] = ticks.clock
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


def results(state: PartitionState, table: Table, offset: Ints) -> WindowResults:
    """A table of windows as results. offset i64 by line code: of the record that publishes."""
    w = table.columns
    n = np.maximum(w.n, 1)
    shift = w.total / n
    tail = np.minimum(w.start + table.width - w.last_t, state.traits.hold_ms.take(table.series))
    line = state.registry.line_of.take(table.series)
    own = offset.take(line)
    return WindowResults(
        table.width // 1000,
        state.registry.labels,
        line,
        table.series,
        own,
        np.where(w.published, own, 0),
        w.start,
        w.n,
        w.ref + shift,
        w.least,
        w.most,
        w.last,
        np.sqrt(np.maximum(0.0, w.square / n - shift * shift)),
        (w.cover + np.where(w.live, tail, 0)) / table.width,
        w.mean_after,
        w.peak,
    )


def anomalies(state: PartitionState, found: WindowResults) -> Iterator[tuple[int, Result]]:
    """(line code, result) where a series is unusual, and once where it is so no more; at first publication only."""
    if found.window_s * 1000 not in ANOMALY_WIDTHS:
        return
    rows = np.flatnonzero((found.score >= 0) & (found.revision == 0))
    series, grade = found.series[rows], ewma.level(found.score[rows])
    level = state.level[found.window_s] = grown(
        state.level.get(found.window_s, np.zeros(0, np.int64)), len(state.registry.series), 0
    )
    if not grade.any() and not level[series].any():
        return
    first = np.append(True, series[1:] != series[:-1])[: len(series)]
    before = np.where(first, level[series], np.append(0, grade[:-1])[: len(series)])
    level[series] = grade  # of several windows of one series the last one stays
    for k in np.flatnonzero((grade > 0) | (before > 0)).tolist():
        row, now = int(rows[k]), int(grade[k])
        equipment, metric = found.labels[int(series[k])]
        values: dict[str, Value] = {
            "score": float(found.score[row]), "level": now, "open": int(now > 0), "contributors": metric,
        }  # fmt: skip
        start = int(found.start[row])
        name = f"{metric}/ewma"
        yield int(found.line[row]), Result("anomaly", equipment, name, found.window_s, start, None, 0, values)
