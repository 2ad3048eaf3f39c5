"""OEE, its factors and parts a minute of the last minute, of many lines at once.

Rule: elements of the windows are summed, ratios come last and by the formulas of `pipeline/kpis`; a sum is null where
an element of it is.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl

from pipeline.core.results import Value
from pipeline.steps.kpis import apply, known_kpis
from pipeline.view.figures import WINDOW_MS, LineFigures

FACTORS = ("availability", "effectiveness", "quality_ratio")
NEEDED = tuple(sorted(frozenset().union(*(kpi.needs for kpi in known_kpis()))))


class Minute(NamedTuple):
    """The ratios by name (None where undefined), and parts a minute."""

    kpis: Mapping[str, float | None]
    parts: float


def minutes(lines: Iterable[LineFigures]) -> dict[str, Minute]:
    """By path, of the lines that have whole windows in the last minute."""
    spans = {line.path: span for line in lines if (span := line.minute())}
    sums = {path: {name: total(span.values(), name) for name in NEEDED} for path, span in spans.items()}
    if not sums:
        return {}
    found = apply(pl.DataFrame(list(sums.values()), schema=dict.fromkeys(NEEDED, pl.Float64)))
    columns = {name: found[name].to_list() for name in ("oee", *FACTORS)}
    return {
        path: Minute(
            {name: columns[name][row] for name in columns},
            (sums[path]["pq"] or 0.0) * 60_000 / (len(span) * WINDOW_MS),
        )
        for row, (path, span) in enumerate(spans.items())
    }


def total(windows: Iterable[Mapping[str, Value]], name: str) -> float | None:
    """The sum of one element, strictly in order.

    >>> total([{"pq": 2}, {"pq": 3}], "pq"), total([{"ideal_ms": 2.0}, {"ideal_ms": None}], "ideal_ms")
    (5.0, None)
    """
    found = 0.0
    for window in windows:
        value = window.get(name)
        if not isinstance(value, int | float):
            return None
        found += value
    return found
