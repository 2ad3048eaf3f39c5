"""The last step of every result: KPIs out of elements, for all indicators that lie as files in `pipeline/kpis`.

Rule: elements add, ratios come last. Rows may be units, lines or sums of any level and window; nothing is averaged.
"""

from functools import cache
from types import ModuleType

import polars as pl

import pipeline.kpis
from pipeline.core.discovery import plugin_files
from pipeline.core.errors import Bug
from pipeline.core.kpi import Kpi


def declared(family: ModuleType) -> tuple[Kpi, ...]:
    """The Kpi records of one plugin file, in the order they are written."""
    return tuple(value for value in vars(family).values() if isinstance(value, Kpi))


@cache
def known_kpis() -> tuple[Kpi, ...]:
    """Every KPI of every file in `pipeline/kpis`: files by name, records as written."""
    found: dict[str, Kpi] = {}
    for name, module in plugin_files(pipeline.kpis):
        for kpi in declared(module):
            if kpi.id in found:
                raise Bug(f"pipeline/kpis/{name}.py: kpi '{kpi.id}' is declared twice; give one another id")
            found[kpi.id] = kpi
    return tuple(found.values())


def apply(elements: pl.DataFrame) -> pl.DataFrame:
    """The same rows with one Float64 column a KPI added, named by its id."""
    kpis = known_kpis()
    missing = sorted(frozenset().union(*(kpi.needs for kpi in kpis)) - frozenset(elements.columns))
    if missing:
        raise Bug(f"elements: columns {', '.join(missing)} are missing; got {', '.join(elements.columns)}")
    return elements.with_columns(kpi.formula.cast(pl.Float64).alias(kpi.id) for kpi in kpis)
