"""Points as the tables that every store gives: identity, revision, coverage, formula, then the values there are.

Rules: a value that no row has is no column. A score shares its metric's point, and has its revision; a point that holds
scores alone is no metric.
"""

from collections.abc import Sequence

import polars as pl

from connectors.codecs import results_json
from connectors.influx.dtypes import DTYPES
from connectors.influx.measurements import BESIDE, MEASUREMENTS, SCORES, WINDOW, window_name
from connectors.influx.queries import TAG, Queries, Where, select
from connectors.influx.series import identities, path_tags
from pipeline.core.results import ResultKind

FRACTIONS = frozenset({"ideal_s"})  # in ms a float, the other times are whole


def below(equipment: str, levels: Sequence[str]) -> Where:
    """The last level is left to `is_below`: what is deeper than all levels stands in it too."""
    where = Where()
    for level, name in path_tags(equipment, levels).items():
        if name and level != levels[-1]:
            where.tag(level, name)
    return where


def is_below(equipment: str) -> pl.Expr:
    """Whole levels only; everything is below ""."""
    path = pl.col("equipment")
    return (path == equipment) | path.str.starts_with(f"{equipment}/") if equipment else pl.lit(True)


def read_results(
    queries: Queries, kind: ResultKind, levels: Sequence[str], where: Where, window_s: int | None
) -> pl.DataFrame:
    measurement = MEASUREMENTS[kind]
    if window_s is not None and window_s != measurement.usual_window:
        where.tag(WINDOW, window_name(window_s))
    tags = (*levels, *measurement.tags)
    statement = select(measurement.name, tags, where.text())
    table = queries.table([statement], where.values, tags, measurement.types)
    if table.is_empty():
        return results_json.read_table([])
    fields = _missing_added(table.drop("time", *(f"{TAG}{tag}" for tag in tags)))
    found = pl.concat(
        [identities(table, measurement, levels), _beside(fields, kind), _values(fields, kind)], how="horizontal"
    )
    is_window = pl.lit(True) if window_s is None else pl.col("window_s") == window_s
    chosen = found.filter(_has_kind(kind), is_window)
    named = [*results_json.SCHEMA][:-1]
    empty = [name for name in chosen.columns if name not in named and chosen[name].null_count() == len(chosen)]
    return results_json.in_order(chosen.drop(empty))


def _missing_added(fields: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in (*BESIDE, *SCORES) if name not in fields.columns]
    return fields.with_columns(pl.lit(None, DTYPES[BESIDE.get(name, "float")]).alias(name) for name in missing)


def _has_kind(kind: ResultKind) -> pl.Expr:
    if kind == "score":
        return pl.any_horizontal(pl.col(name).is_not_null() for name in SCORES)
    return pl.col("revision").is_not_null()


def _beside(fields: pl.DataFrame, kind: ResultKind) -> pl.DataFrame:
    if kind != "score":
        return fields.select("revision", "coverage", "formula")
    nothing = [pl.lit(None, DTYPES[BESIDE[name]]).alias(name) for name in ("coverage", "formula")]
    return fields.select(pl.col("revision").fill_null(0), *nothing)


def _values(fields: pl.DataFrame, kind: ResultKind) -> pl.DataFrame:
    if kind == "score":
        return fields.select(SCORES)
    left_out = {*BESIDE, *(SCORES if kind == "metric" else ())}
    values = fields.select(name for name in fields.columns if name not in left_out)
    if not MEASUREMENTS[kind].in_seconds:
        return values
    return values.select(_in_ms(name) if name.endswith("_s") else pl.col(name) for name in values.columns)


def _in_ms(name: str) -> pl.Expr:
    ms = pl.col(name) * 1000
    return (ms if name in FRACTIONS else ms.round().cast(pl.Int64)).alias(f"{name.removesuffix('_s')}_ms")
