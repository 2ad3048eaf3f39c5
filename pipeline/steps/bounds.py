"""Memory bounded by the log: a source that has too many open rows has its oldest panes closed.

Rule: the record that exceeds `max_open_rows` moves the source's clock to the end of its oldest open pane until it fits;
so it is a place in the log, and not a poll, that decides.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.core.event_time import PANE_MS
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry


def crowded(state: PartitionState, entries: Sequence[Entry]) -> set[str]:
    """Lines of which one of these records could exceed the bound: those whose rows together would."""
    if len(state.open) + sum([len(entry.frame.t) for entry in entries]) <= state.least_open:
        return set()
    waiting = np.bincount(state.registry.line_of[state.open.all().series], minlength=len(state.registry.paths))
    for entry in entries:
        waiting[state.registry.lines[entry.line]] += len(entry.frame)
    return {line.path for code, line in state.lines.items() if waiting[code] > line.config.time.max_open_rows}


def relieve(state: PartitionState, entry: Entry) -> None:
    """Behind a record: no source of its line keeps more open rows than the bound."""
    code = state.registry.lines[entry.line]
    bound = state.lines[code].config.time.max_open_rows
    rows = state.open.all()
    source_of = state.registry.source_of[rows.series]
    clock = state.clocks.clock
    for source in state.registry.sources_of.get(code, ()):
        times = rows.t[(source_of == source) & (rows.t >= clock[source] // PANE_MS * PANE_MS)]
        over = len(times) - bound
        if over > 0:
            oldest = int(np.partition(times, over - 1)[over - 1])
            clock[source] = max(int(clock[source]), (oldest // PANE_MS + 1) * PANE_MS)
