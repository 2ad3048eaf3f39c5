"""Samples of one series read back from the history: over a span, the next one, the one before.

Rule: what lies near is looked for first, in steps that grow; most samples are seconds apart.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.core.history import MINUTE_MS, Spans
from pipeline.core.line_config import MetricConfig
from pipeline.core.order import NO_TEXT, Rows
from pipeline.core.quality import usable
from pipeline.core.states import Span
from pipeline.core.unit_book import readings
from pipeline.steps.partition import PartitionState

Ints = npt.NDArray[np.int64]
WIDER = 4


def rows_over(state: PartitionState, code: int, low: int, past: int) -> Rows:
    """Rows of a series in [low, past); the code stands for nothing."""
    return state.history.read(Spans(np.array([code], np.int32), np.array([low]), np.array([past])))


def readings_over(
    state: PartitionState, metric: MetricConfig, code: int, span: Span
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """What a counter showed."""
    return readings_of(state, metric, code, rows_over(state, code, *span))


def readings_of(
    state: PartitionState, metric: MetricConfig, code: int, rows: Rows
) -> tuple[Ints, npt.NDArray[np.float64]]:
    fit = usable(rows.q, bool(state.traits.simulated[code]), len(rows))
    if rows.text is not None:
        fit &= rows.text == NO_TEXT
    return readings(metric.role, rows.t[fit], rows.v[fit], metric.wrap or 0.0)


def next_sample(
    state: PartitionState, code: int, after: int, upto: int | None, counter: MetricConfig | None = None
) -> int | None:
    """Time of the first row of a series behind `after` and before `upto`; of a counter, of what it can show."""
    if upto is None:
        return None
    low, step = after + 1, MINUTE_MS
    while low < upto:
        past = min(low + step, upto)
        t = (
            rows_over(state, code, low, past).t
            if counter is None
            else readings_over(state, counter, code, (low, past))[0]
        )
        if len(t):
            return int(t[0])
        low, step = past, step * WIDER
    return None


def reading_before(state: PartitionState, metric: MetricConfig, code: int, before: int) -> float | None:
    """What a counter showed last before a moment, as far as the history reaches."""
    past, step, oldest = before, MINUTE_MS, state.history.oldest_ms
    while past > oldest:
        low = max(past - step, oldest)
        _, v = readings_over(state, metric, code, (low, past))
        if len(v):
            return float(v[-1])
        past, step = low, step * WIDER
    return None


def heard_at(heard: Sequence[Span], low: int) -> int | None:
    """A row of a source before `low`: the newest one, or one behind which there was no silence up to `low`."""
    before = [span for span in heard if span[0] < low]
    if not before:
        return None
    first, last = before[-1]
    return last if last < low else first
