"""Memory bounded by the log: a source that has too many open rows has its oldest panes closed.

Rule: the record that exceeds `max_open_rows` moves the source's clock to the end of its oldest open pane until it fits;
so it is a place in the log, and not a poll, that decides. What others have open costs a source nothing.
"""

import numpy as np

from pipeline.core.event_time import PANE_MS
from pipeline.core.polled import Flags
from pipeline.steps.partition import PartitionState
from pipeline.steps.slice import Slice


def crowded(state: PartitionState, part: Slice) -> Flags:
    """By record: is it of a line of which one of these could exceed the bound of a source? Those where a source would,
    if all their rows were its own."""
    if len(state.open) + len(part.t) <= state.least_open:
        return np.zeros(len(part), np.bool_)
    waiting = state.open.waiting
    known = min(len(waiting), len(state.registry.sources))
    most = np.zeros(len(state.registry.paths), np.int64)
    np.maximum.at(most, state.registry.source_line[:known], waiting[:known])
    np.add.at(most, part.line, part.size)
    return np.asarray(most[part.line] > state.times.max_open_rows[part.line], np.bool_)


def relieve(state: PartitionState, code: int) -> None:
    """Behind a record: no source of its line (by code) keeps more open rows than the bound."""
    bound = int(state.times.max_open_rows[code])
    clock, waiting = state.clocks.clock, state.open.waiting
    for source in state.registry.sources_of.get(code, ()):
        if source >= len(waiting) or waiting[source] <= bound:
            continue
        since = int(clock[source]) // PANE_MS
        panes = list(state.open.counts(source, state.registry.source_of, since))
        over = sum(rows for _, rows in panes) - bound
        for pane, rows in panes:
            if over > 0:
                clock[source] = max(int(clock[source]), (pane + 1) * PANE_MS)
            over -= rows
