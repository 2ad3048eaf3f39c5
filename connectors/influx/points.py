"""Results as points: fields with the types of their measurement, and what no point can hold, with the reason.

Rule: the guard of types is here, for the server's holds within a shard only; a result with one value that its field
cannot take is put aside whole, as the server would drop it whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from connectors.codecs.influx_lines import lines
from connectors.influx.dtypes import DTYPES
from connectors.influx.measurements import FieldType, Measurement
from connectors.influx.queries import FIRST_MS, LAST_MS
from connectors.influx.series import Heads
from pipeline.core.results import Result, Value

_EXPECTED = {"float": "a number", "integer": "a whole number", "string": "a text", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Points:
    """Lines of some results; a null line is no point: the result says nothing, or `slips` says by place why not."""

    lines: pl.Series
    slips: dict[int, str]


def points(measurement: Measurement, results: Sequence[Result], heads: Heads, types: dict[str, FieldType]) -> Points:
    """`types`: of fields that are not declared, as known until now; new ones are added."""
    slips: dict[int, str] = {}
    head = heads.of([(r.equipment, r.name, r.window_s, r.product or "") for r in results])
    for place, (own, r) in enumerate(zip(head, results, strict=True)):
        if own is None:
            slips[place] = (
                f"name or product: got {r.name!r}, {r.product!r}; InfluxDB keeps no backslash at the end of one"
            )
        elif not FIRST_MS <= r.window_start <= LAST_MS:
            slips[place] = f"window_start: got {r.window_start}; InfluxDB keeps times from 1677 to 2262"
    fields = [_field(measurement, name, results, slips, types) for name in _names(measurement, results)]
    if results[0].kind != "score":
        fields += _beside(results)
    times = pl.Series([0 if place in slips else r.window_start for place, r in enumerate(results)], dtype=pl.Int64)
    made = lines(pl.Series(head, dtype=pl.String), fields, times)
    return Points(made.scatter(list(slips), None) if slips else made, slips)


def field_name(measurement: Measurement, value: str) -> str:
    is_time = measurement.in_seconds and value.endswith("_ms")
    return f"{value.removesuffix('_ms')}_s" if is_time else value


def _names(measurement: Measurement, results: Sequence[Result]) -> list[str]:
    found = dict.fromkeys(name for r in results for name in r.values)
    return [name for name in found if measurement.may_hold(name)]


def _beside(results: Sequence[Result]) -> list[pl.Series]:
    found = [
        pl.Series("coverage", [r.coverage for r in results], pl.Float64),
        pl.Series("formula", [r.formula for r in results], pl.String),
        pl.Series("revision", [r.revision for r in results], pl.Int64),
    ]
    return [column for column in found if column.null_count() < len(column)]


def _field(
    measurement: Measurement,
    name: str,
    results: Sequence[Result],
    slips: dict[int, str],
    types: dict[str, FieldType],
) -> pl.Series:
    values = [r.values.get(name) for r in results]
    field = field_name(measurement, name)
    known = measurement.types.get(field) or types.get(field) or _type_of(values, field, types)
    try:
        column = pl.Series(field, values, DTYPES[known], strict=True)
    except (TypeError, OverflowError):
        fitting = [_fitted(value, known) for value in values]
        for place, (value, fits) in enumerate(zip(values, fitting, strict=True)):
            if value is not None and fits is None:
                slips.setdefault(place, f"values.{name}: got {value!r}; expected {_EXPECTED[known]}")
        column = pl.Series(field, fitting, DTYPES[known], strict=True)
    return column / 1000 if field != name else column


def _type_of(values: Sequence[Value], field: str, types: dict[str, FieldType]) -> FieldType:
    """By the first value there is; numbers are floats."""
    first = next((value for value in values if value is not None), None)
    if first is None:
        return "float"
    types[field] = "string" if isinstance(first, str) else "float"
    return types[field]


def _fitted(value: Value, known: FieldType) -> Value:
    """The value as this type has it, or None."""
    if isinstance(value, str):
        return value if known == "string" else None
    if value is None or known == "string":
        return None
    if known == "float":
        return float(value)
    return int(value) if isinstance(value, int) or value.is_integer() else None
