"""Memory bounded by the log: a source that has too many open rows has its oldest panes closed.

Rule: the record that exceeds `max_open_rows` moves the source's clock to the end of its oldest open pane until it fits;
so it is a place in the log, and not a poll, that decides.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.core.event_time import PANE_MS
from pipeline.core.order import joined
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry


def crowded(state: PartitionState, entries: Sequence[Entry]) -> bool:
    """Could one of these records exceed its line's bound? (No, where all rows together would not.)"""
    rows = len(state.open) + sum(len(entry.frame) for entry in entries)
    return rows > min(line.config.time.max_open_rows for line in state.lines.values())


def relieve(state: PartitionState, entry: Entry) -> None:
    """Behind a record: no source of its line keeps more open rows than the bound."""
    line = state.lines[state.registry.line(entry.line)]
    bound = line.config.time.max_open_rows
    rows = joined(state.open.chunks)
    source_of = state.registry.source_of[rows.series]
    for code, source in line.clock.sources.items():
        times = rows.t[(source_of == code) & (rows.t >= source.closed_before)]
        over = len(times) - bound
        if over > 0:
            oldest = int(np.partition(times, over - 1)[over - 1])
            source.clock = max(source.clock, (oldest // PANE_MS + 1) * PANE_MS)
