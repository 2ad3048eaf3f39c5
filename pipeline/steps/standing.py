"""How a partition stands, in figures for whoever watches the pipeline; they change no result."""

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER
from pipeline.core.ledger import COLUMN
from pipeline.steps.partition import PartitionState

GONE_MS = 600_000  # a line without a record for so long


def silent_lines(state: PartitionState) -> int:
    """Lines that brought nothing newer for `valid_for` (none at all since they were configured): of the line's running
    time, and of the log's time since its last record."""
    clocks, sources, lines = state.clocks, len(state.registry.sources), len(state.registry.paths)
    moved = np.full(lines, NEVER)
    moved[: len(state.waiting.since)] = state.waiting.since[:lines]
    np.maximum.at(moved, state.registry.source_line[:sources], clocks.moved[:sources])
    begun = np.flatnonzero(moved != NEVER)
    still, away = clocks.running[begun] - moved[begun], _away_ms(state)[begun]
    return int(np.count_nonzero((still + away > state.times.valid_for[begun]) | (away >= GONE_MS)))


def ledger_gap(state: PartitionState) -> int:
    """Samples that gateways numbered and the log does not hold, of the hours that may still change."""
    return int(state.ledger.counts[:, COLUMN["gap"]].sum())


def watermark_lag_ms(state: PartitionState) -> int:
    """Newest append time minus the clock of the line that is furthest behind; 0 before any line has begun. A line
    that is gone is silent, it holds nobody up."""
    clocks = state.clocks
    here = (clocks.line != NEVER) & (_away_ms(state) < GONE_MS)
    return max(0, int(clocks.append.max() - clocks.line[here].min())) if here.any() else 0


def _away_ms(state: PartitionState) -> npt.NDArray[np.int64]:
    """By line code: how long the log has had no record of it."""
    append = state.clocks.append
    return np.asarray(append.max(initial=NEVER) - append, np.int64)
