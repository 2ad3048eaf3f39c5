"""Late rows within the horizon: taken in by identity, then the windows of their series that they reach, made again.

Design: accepted samples of the horizon lie in `state.history`. Where a late row reaches, they are read back and reduced
twice by the code that reduces panes, without it and with it; what is another window leaves at the tick, as a revision
if it was out before. So nothing that was published need be remembered. Rules: the first of an identity counts, whenever
the other comes; scores never look back: a window that was made again keeps its score, or has none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.compose import NONE, Table, Windows
from pipeline.core.event_time import NEVER, PANE_MS
from pipeline.core.history import KEPT, MINUTE_MS, Spans
from pipeline.core.order import Rows, joined, settled
from pipeline.core.reduce import Scored, reduce
from pipeline.steps.metrics import fitness, numeric
from pipeline.steps.partition import PartitionState
from pipeline.steps.walk import Ticks

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]
STATISTICS = ("n", "ref", "total", "square", "least", "most", "last", "last_t", "cover", "live")


def accepted(state: PartitionState, ticks: Ticks) -> Rows:
    """The late rows of the ticking lines whose identity is new, in canonical order; the others are counted."""
    if not len(state.late):
        return state.late
    ticking = np.zeros(len(state.registry.paths), np.bool_)
    ticking[ticks.line] = True
    now = ticking.take(state.registry.line_of.take(state.late.series))
    rows, state.late = state.late.take(np.flatnonzero(now)), state.late.take(np.flatnonzero(~now))
    if not len(rows):
        return rows
    rows = rows.take(np.lexsort((rows.t, rows.series)))
    new = np.append(True, (np.diff(rows.series) != 0) | (np.diff(rows.t // MINUTE_MS) != 0))
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(rows)) - 1
    spans = Spans(rows.series.take(starts), rows.t.take(starts), rows.t.take(ends) + 1)
    own = _named(rows, (np.cumsum(new) - 1).astype(np.int32))
    found, duplicate, conflict = settled(joined([state.history.read(spans), own]))
    fresh = found.take(np.flatnonzero(found.ledger != KEPT))
    for name, ledger in (
        ("stored", fresh.ledger), ("corrected", fresh.ledger), ("duplicate", duplicate), ("conflict", conflict),
    ):  # fmt: skip
        state.ledger.add(name, ledger)
    return _named(fresh, spans.series.take(fresh.series))


def forget(state: PartitionState, ticks: Ticks) -> None:
    """Once a minute, drops what no late row can reach any more: behind the horizon by the longest window and hold."""
    before = int(state.horizon[ticks.line].max(initial=NEVER)) // MINUTE_MS
    horizon = ticks.clock - state.times.correction_horizon[ticks.line]
    state.horizon[ticks.line] = horizon
    if int(horizon.max(initial=NEVER)) // MINUTE_MS == before:
        return
    known = state.traits.known
    kept = state.horizon.take(state.registry.line_of[:known]) - state.traits.hold_ms[:known]
    state.history.forget(kept - MINUTE_MS - max(state.traits.wants))
    for line, own in zip(ticks.line.tolist(), horizon.tolist(), strict=True):
        state.minutes.forget(line, own)


def _named(rows: Rows, series: Codes) -> Rows:
    return Rows(series, rows.t, rows.v, rows.ledger, rows.text, rows.q, rows.seq, rows.flags)


@dataclass(frozen=True, slots=True)
class Remade:
    """Windows of one length as they are with the late rows, in order of series and start: were they there before, are
    they other ones now?"""

    series: Codes
    columns: Windows
    existed: Flags
    changed: Flags

    def take(self, places: Places) -> "Remade":
        columns, existed, changed = self.columns.take(places), self.existed.take(places), self.changed.take(places)
        return Remade(self.series.take(places), columns, existed, changed)

    def table(self, width: int) -> Table:
        self.columns.published[:] = self.existed
        return Table(width, self.series, self.columns)


def windows(state: PartitionState, complete: list[Table], late: Rows) -> list[Table]:
    """Accepted late rows (not yet in the history) -> `complete` with the windows that they make leave (again)."""
    places = numeric(late)
    rows = late if places is None else late.take(places)
    complete = list(complete)
    for width, wants in state.traits.wants.items():
        own = rows.take(np.flatnonzero(wants.take(rows.series)))
        if not len(own):
            continue
        remade = _remade(state, own, width)
        _remember_newest(state, remade)
        if width in state.begin:
            begin = state.begin[width].take(remade.series)
            remade = remade.take(np.flatnonzero(remade.columns.start >= begin))
        if width > PANE_MS:
            complete += _accumulate(state.windows[width], remade, width)
            current = state.windows[width].start.take(remade.series)
            remade = remade.take(np.flatnonzero(remade.columns.start < current))
        tables = [table for table in (*state.pending, *complete) if table.width == width]
        rest = remade.take(_patch(tables, remade, width))
        if len(rest.series):
            complete.append(rest.table(width))
    return complete


def _remade(state: PartitionState, rows: Rows, width: int) -> Remade:
    """What late numbers of series that want this length reach: their own windows, and those into which they, or the
    sample before them, may hold."""
    hold = state.traits.hold_ms.take(rows.series)
    begin = rows.t // width * width
    past = np.maximum(begin + width, -(-(rows.t + hold) // width) * width)
    low = begin - hold
    new = np.append(True, (np.diff(rows.series) != 0) | (low[1:] > past[:-1]))
    starts = np.flatnonzero(new)
    spans = Spans(rows.series.take(starts), low.take(starts), past.take(np.append(starts[1:], len(rows)) - 1))
    before = state.history.read(spans)
    places = numeric(before)
    before = before if places is None else before.take(places)
    after, _, _ = settled(joined([before, _named(rows, (np.cumsum(new) - 1).astype(np.int32))]))
    series, least = spans.series, begin.take(starts)
    was, was_columns, was_covered = _reduced(state, before, (series, least), width)
    now, columns, covered = _reduced(state, after, (series, least), width)
    place, existed = _matched((was, was_columns.start // width), (now, columns.start // width))
    changed = ~existed
    changed[existed] = was_columns.n.take(place) != columns.n[existed]
    changed[existed] |= was_covered.take(place) != covered[existed]
    return Remade(series.take(now), columns, existed, changed)


def _reduced(state: PartitionState, rows: Rows, spans: tuple[Codes, Ints], width: int) -> tuple[Codes, Windows, Ints]:
    """Rows by span -> span, columns and covered ms of the windows that begin at or after the span's `least` start."""
    series, least = spans
    if not len(rows):
        return np.zeros(0, np.int32), Windows(), np.zeros(0, np.int64)
    own = series.take(rows.series)
    hold = state.traits.hold_ms.take(own)
    no = Scored(np.zeros(len(rows)), np.full(len(rows), np.nan), np.zeros(len(rows), np.bool_))
    cells = reduce(rows, fitness(state, rows, own), hold, no, width)
    hold = state.traits.hold_ms.take(series.take(cells.series))
    first = np.append(True, cells.series[1:] != cells.series[:-1])
    leads = np.append(False, cells.live[:-1]) & ~first
    until = np.where(leads, np.append(NEVER, cells.last_t[:-1]) + hold, NEVER)
    cover = np.maximum(0, np.minimum(cells.first_t, until) - cells.start) + cells.cover
    no_flag = np.zeros(len(cells), np.bool_)
    shared = {name: getattr(cells, name) for name in (*STATISTICS, "start", "mean_after", "peak") if name != "cover"}
    columns = Windows(cover=cover, dirty=~no_flag, published=no_flag, **shared)
    kept = np.flatnonzero(cells.start >= least.take(cells.series))
    tail = np.where(cells.live, np.minimum(cells.start + width - cells.last_t, hold), 0)
    return cells.series.take(kept), columns.take(kept), (cover + tail).take(kept)


def _matched(known: tuple[Codes, Ints], asked: tuple[Codes, Ints]) -> tuple[Places, Flags]:
    """Places among the known of those asked that are known; which ones are. Keys (code, number), known in order."""
    if not len(known[0]) or not len(asked[0]):
        return np.zeros(0, np.intp), np.zeros(len(asked[0]), np.bool_)
    base = min(int(known[1].min()), int(asked[1].min()))
    size = max(int(known[1].max()), int(asked[1].max())) - base + 1
    ours, theirs = (code.astype(np.int64) * size + number - base for code, number in (known, asked))
    place = np.minimum(ours.searchsorted(theirs), len(ours) - 1)
    same = ours.take(place) == theirs
    return place[same], same


def _remember_newest(state: PartitionState, remade: Remade) -> None:
    """A late sample may be newer than all of its series."""
    last = np.flatnonzero(np.append(remade.series[1:] != remade.series[:-1], True))
    series, t = remade.series.take(last), remade.columns.last_t.take(last)
    newer = np.flatnonzero(t >= state.prev_t.take(series))
    state.prev_t[series[newer]] = t[newer]
    state.prev_live[series[newer]] = remade.columns.live.take(last[newer])


def _accumulate(windows: Windows, remade: Remade, width: int) -> list[Table]:
    """Windows that are not complete become what they now are. Returns those that later ones make complete."""
    start, current = remade.columns.start, windows.start.take(remade.series)
    same = np.flatnonzero(start == current)
    codes = remade.series.take(same)
    for name in STATISTICS:
        _set(windows, name, codes, getattr(remade.columns, name).take(same))
    windows.dirty[codes] |= remade.changed.take(same)
    ahead = np.flatnonzero(start > current)
    if not len(ahead):
        return []
    codes = remade.series.take(ahead)
    last = np.append(codes[1:] != codes[:-1], True)
    left = np.unique(codes)
    left = left[windows.dirty.take(left) & (windows.start.take(left) != NONE)]
    complete = [Table(width, left, windows.take(left)), remade.take(ahead[~last]).table(width)]
    for name in (*STATISTICS, "start", "mean_after", "peak"):
        _set(windows, name, codes[last], getattr(remade.columns, name).take(ahead[last]))
    windows.dirty[codes[last]], windows.published[codes[last]] = True, False
    return [table for table in complete if len(table.series)]


def _patch(tables: list[Table], remade: Remade, width: int) -> Places:
    """Complete windows that did not leave yet become what they now are. The places of the changed ones that did, or
    that are new."""
    rest = remade.changed.copy()
    for table in tables:
        order = np.lexsort((table.columns.start, table.series))
        known = table.series.take(order), table.columns.start.take(order) // width
        place, found = _matched(known, (remade.series, remade.columns.start // width))
        mine = order.take(place)
        for name in STATISTICS:
            _set(table.columns, name, mine, getattr(remade.columns, name)[found])
        rest &= ~found
    return np.flatnonzero(rest)


def _set(windows: Windows, name: str, places: npt.NDArray[np.integer], values: npt.NDArray[np.generic]) -> None:
    """In a column of its own: where cells have one row, columns of theirs may be one and the same."""
    column = getattr(windows, name).copy()
    column[places] = values
    setattr(windows, name, column)
