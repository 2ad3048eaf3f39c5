"""Columns as InfluxDB's line protocol, `metrics,line=l1,unit=filler count=3i,mean=1.5 1780000000000`, by polars alone.

Rules: what does not exist (null, NaN, an infinity, an empty tag value) is left out; floats are the shortest exact
decimal; tags stand in the order of their keys, as the server likes them. Names and tag values keep their blanks, commas
and equal signs by a backslash; a line break in one becomes two characters, so no value can begin a line of its own.
"""

from collections.abc import Mapping, Sequence

import polars as pl

_BREAKS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_IN_MEASUREMENT = {",": "\\,", " ": "\\ ", **_BREAKS}
_IN_NAME = {**_IN_MEASUREMENT, "=": "\\="}
_IN_TEXT = {"\\": "\\\\", '"': '\\"'}


def name_text(name: str) -> str:
    """A key of a tag or field.

    >>> print(name_text("good parts=1"))
    good\\ parts\\=1
    """
    return "".join(_IN_NAME.get(char, char) for char in name)


def heads(measurement: str, tags: Mapping[str, pl.Series]) -> pl.Series:
    """What a line begins with: measurement and tags, one a row."""
    parts: list[pl.Expr] = [pl.lit("".join(_IN_MEASUREMENT.get(char, char) for char in measurement))]
    for key in sorted(tags):
        value = pl.when(pl.col(key) != "").then(_escaped(pl.col(key), _IN_NAME))
        parts.append(pl.concat_str(pl.lit(f",{name_text(key)}="), value))
    return pl.DataFrame(dict(tags)).select(pl.concat_str(parts, ignore_nulls=True)).to_series()


def lines(head: pl.Series, fields: Sequence[pl.Series], time_ms: pl.Series) -> pl.Series:
    """Lines, one a row; null where a row has no field. Fields are of Float64, Int64, Boolean or String."""
    table = pl.DataFrame([head.alias("head"), time_ms.alias("t"), *(own.alias(f"{k}") for k, own in enumerate(fields))])
    stamp = pl.concat_str(pl.lit(" "), pl.col("t").cast(pl.String))
    parts = [(f"{name_text(own.name)}=", _value(pl.col(f"{k}"), own.dtype)) for k, own in enumerate(fields)]
    if all(own.null_count() == 0 and (own.dtype != pl.Float64 or own.is_finite().all()) for own in fields) and parts:
        named = [part for key, value in parts for part in (pl.lit(f",{key}"), value)]
        first = pl.lit(f" {parts[0][0]}")
        return table.select(pl.concat_str([pl.col("head"), first, *named[1:], stamp])).to_series()
    existing = [pl.concat_str(pl.lit(key), value) for key, value in parts]
    body = pl.concat_str(existing or [pl.lit("")], separator=",", ignore_nulls=True)
    return (
        table.with_columns(body.alias("body"))
        .select(pl.when(pl.col("body") != "").then(pl.concat_str(pl.col("head"), pl.lit(" "), pl.col("body"), stamp)))
        .to_series()
    )


def _escaped(text: pl.Expr, escapes: Mapping[str, str]) -> pl.Expr:
    return text.str.replace_many(list(escapes), list(escapes.values()))


def _value(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Float64:
        return pl.when(column.is_finite()).then(column.cast(pl.String).str.strip_suffix(".0"))
    if dtype == pl.Int64:
        return pl.concat_str(column.cast(pl.String), pl.lit("i"))
    if dtype == pl.Boolean:
        return column.cast(pl.String)
    return pl.concat_str(pl.lit('"'), _escaped(column, _IN_TEXT), pl.lit('"'))
