"""How a partition stands, in figures for whoever watches the pipeline; they change no result."""

import numpy as np

from pipeline.core.event_time import NEVER
from pipeline.core.ledger import COLUMN
from pipeline.steps.partition import PartitionState


def silent_lines(state: PartitionState) -> int:
    """Lines that have begun and whose sources all brought nothing newer for `valid_for` of the line's running time."""
    clocks, sources = state.clocks, len(state.registry.sources)
    moved = np.full(len(clocks.running), NEVER)
    np.maximum.at(moved, state.registry.source_line[:sources], clocks.moved[:sources])
    lines = np.flatnonzero(moved != NEVER)
    return int(np.count_nonzero(clocks.running[lines] - moved[lines] > state.times.valid_for[lines]))


def ledger_gap(state: PartitionState) -> int:
    """Samples that gateways numbered and the log does not hold, of the hours that may still change."""
    return int(state.ledger.counts[:, COLUMN["gap"]].sum())


def watermark_lag_ms(state: PartitionState) -> int:
    """Newest append time minus the clock of the line that is furthest behind; 0 before any line has begun."""
    clocks = state.clocks
    begun = clocks.line != NEVER
    return max(0, int(clocks.append.max() - clocks.line[begun].min())) if begun.any() else 0
