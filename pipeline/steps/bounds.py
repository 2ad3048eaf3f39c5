"""Memory bounded by the log: a source that has too many open rows has its oldest panes closed.

Rule: the record that exceeds `max_open_rows` moves the source's clock to the end of its oldest open pane until it fits;
so it is a place in the log, and not a poll, that decides. What others have open costs a source nothing.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.core.event_time import PANE_MS
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry


def crowded(state: PartitionState, entries: Sequence[Entry]) -> set[str]:
    """Lines of which one of these records could exceed the bound of a source: those where a source would, if all their
    rows were its own."""
    if len(state.open) + sum([len(entry.frame.t) for entry in entries]) <= state.least_open:
        return set()
    lines, waiting = state.registry.lines, state.open.waiting
    known = min(len(waiting), len(state.registry.sources))
    most = np.zeros(len(state.registry.paths), np.int64)
    np.maximum.at(most, state.registry.source_line[:known], waiting[:known])
    codes = np.array([lines[entry.line] for entry in entries])
    np.add.at(most, codes, [len(entry.frame.t) for entry in entries])
    over = codes[most[codes] > state.times.max_open_rows[codes]]
    return {state.registry.paths[code] for code in np.unique(over).tolist()}


def relieve(state: PartitionState, entry: Entry) -> None:
    """Behind a record: no source of its line keeps more open rows than the bound."""
    code = state.registry.lines[entry.line]
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
