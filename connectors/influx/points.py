"""Results as points: fields with the types of their measurement, and what no point can hold, with the reason.

Rule: the guard of types is here, for the server's holds within a shard only; a result with one value that its field
cannot take is put aside whole, as the server would drop it whole.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import numpy as np
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
    head = heads.of(results)
    times = pl.Series([r.window_start for r in results], dtype=pl.Int64)
    slips = _misplaced(results, head, times)
    columns = _columns(measurement, [r.values for r in results])
    fields = [_field(measurement, name, values, slips, types) for name, values in columns.items()]
    if results[0].kind != "score":
        fields += _beside(results)
    made = lines(head, fields, times)
    return Points(made.scatter(list(slips), None) if slips else made, slips)


def _misplaced(results: Sequence[Result], head: pl.Series, times: pl.Series) -> dict[int, str]:
    """What has no series or no time there."""
    far = np.flatnonzero((times.to_numpy() < FIRST_MS) | (times.to_numpy() > LAST_MS)).tolist()
    slips = {k: f"window_start: got {times[k]}; InfluxDB keeps times from 1677 to 2262" for k in far}
    for k in (head == "").arg_true().to_list() if (head == "").any() else ():
        got = f"got {results[k].name!r}, {results[k].product!r}"
        slips[k] = f"name or product: {got}; InfluxDB keeps no backslash at the end of one"
    return slips


def _columns(measurement: Measurement, rows: Sequence[Mapping[str, Value]]) -> dict[str, Sequence[Value]]:
    """By name; results of one kind nearly always have the same names."""
    found: dict[str, Sequence[Value]] = {}
    with suppress(KeyError):
        if set(map(len, rows)) == {len(rows[0])}:
            found = {name: [row[name] for row in rows] for name in rows[0]}
    if not found:
        found = {name: [row.get(name) for row in rows] for name in dict.fromkeys(chain.from_iterable(rows))}
    return {name: values for name, values in found.items() if measurement.may_hold(name)}


def field_name(measurement: Measurement, value: str) -> str:
    is_time = measurement.in_seconds and value.endswith("_ms")
    return f"{value.removesuffix('_ms')}_s" if is_time else value


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
    values: Sequence[Value],
    slips: dict[int, str],
    types: dict[str, FieldType],
) -> pl.Series:
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
    return column if field == name else pl.Series(field, column.to_numpy() / 1000)  # polars' own `/` is off by a bit


def _type_of(values: Sequence[Value], field: str, types: dict[str, FieldType]) -> FieldType:
    """By the first value there is; numbers are floats."""
    first = next((value for value in values if value is not None), None)
    if first is None:
        return "float"
    types[field] = "string" if isinstance(first, str) else "float"
    return types[field]


def _fitted(value: Value, known: FieldType) -> Value:
    """The value as this type has it, or None; no result has a value that is true or false."""
    if isinstance(value, str):
        return value if known == "string" else None
    if value is None or known in ("string", "boolean"):
        return None
    if known == "float":
        return float(value)
    is_whole = (isinstance(value, int) or value.is_integer()) and -(1 << 63) <= value < 1 << 63
    return int(value) if is_whole else None
