"""Alarms that look at rows as they come: record by record, each series in order of event time.

Rules: a row that is not newer than its series' last one is passed over, so that what a rule sees only goes forward; a
record's own rows decide, so polls do not matter. Loops run over records and the series that such an alarm looks at.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline.core.results import LineResults
from pipeline.core.rule import AlarmFeed
from pipeline.steps.alarms import step_early
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Plan
from pipeline.steps.publish import series_rows
from pipeline.steps.slice import Slice


def early(state: PartitionState, part: Slice, made: Plan, rows: npt.NDArray[np.intp]) -> Iterator[LineResults]:
    """`rows` of the plan that are in time, in log order."""
    seen = rows[state.traits.early.take(made.rows.series.take(rows))]
    if not len(seen):
        return
    seen = seen[np.lexsort((made.rows.t.take(seen), made.rows.series.take(seen), made.frame.take(seen)))]
    frame, series = made.frame.take(seen), made.rows.series.take(seen)
    starts = np.flatnonzero(np.append(True, (frame[1:] != frame[:-1]) | (series[1:] != series[:-1])))
    for own in np.split(seen, starts[1:]):
        code, record = int(made.rows.series[own[0]]), int(made.frame[own[0]])
        line = state.lines[int(part.line[record])]
        t = made.rows.t.take(own)
        newer = own[t > np.maximum.accumulate(np.append(state.early_t[code], t[:-1]))]
        if not len(newer):
            continue
        state.early_t[code] = newest = int(t[-1])
        key, found = state.registry.names[code], made.rows.take(newer)
        feed = AlarmFeed(
            {key: series_rows(state, code, found, np.zeros(len(found)))}, {key: newest}, {}, int(made.append[record]),
            int(made.running[record]),
        )  # fmt: skip
        line.alarms, alerts = step_early(line.alarms, line.config, feed)
        if alerts:
            yield LineResults(line.path, int(part.offset[record]), [], alerts)
