"""Columns as InfluxDB's line protocol, `metrics,line=l1,unit=filler count=3i,mean=1.5 1780000000000`, by polars alone.

Rules: what does not exist (null, NaN, an infinity, an empty tag value) is left out; floats are the shortest exact
decimal; tags stand in the order of their keys, as the server likes them. Names and tag values keep their blanks, commas
and equal signs by a backslash; a line break in one becomes two characters, so no value can begin a line of its own.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

Piece = str | pl.Expr
"""Of a line: the same in all rows, or one a row."""
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
    columns = [own.alias(f"{k}") for k, own in enumerate([*fields, time_ms])]
    table = pl.DataFrame([head.alias("head"), *columns])
    named = [[f"{name_text(field.name)}=", *_value(own)] for field, own in zip(fields, columns, strict=False)]
    stamp = [" ", *_once(columns[-1], [_digits(columns[-1])])]
    if fields and all(map(_is_whole, fields)):
        pairs = [piece for own in named for piece in (",", *own)]
        return table.select(_joined([pl.col("head"), " ", *pairs[1:], *stamp])).to_series()
    body = pl.concat_str([_joined(own) for own in named] or [pl.lit("")], separator=",", ignore_nulls=True)
    line = _joined([pl.col("head"), " ", pl.col("body"), *stamp])
    return table.with_columns(body.alias("body")).select(pl.when(pl.col("body") != "").then(line)).to_series()


def _joined(pieces: Sequence[Piece]) -> pl.Expr:
    """Null where one is; texts that stand side by side are one piece."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(before := merged[-1], str):
            merged[-1] = before + piece
        else:
            merged.append(piece)
    return pl.concat_str([pl.lit(piece) if isinstance(piece, str) else piece for piece in merged])


def _escaped(text: pl.Expr, escapes: Mapping[str, str]) -> pl.Expr:
    return text.str.replace_many(list(escapes), list(escapes.values()))


def _value(own: pl.Series) -> list[Piece]:
    column = pl.col(own.name)
    if own.dtype == pl.Float64:
        text = _digits(own).str.strip_suffix(".0")
        return _once(own, [text if _is_whole(own) else pl.when(column.is_finite()).then(text)])
    if own.dtype == pl.Int64:
        return _once(own, [_digits(own), "i"])
    if own.dtype == pl.Boolean:
        return _once(own, [_digits(own)])
    return _once(own, ['"', _escaped(column, _IN_TEXT), '"'])


def _digits(own: pl.Series) -> pl.Expr:
    return pl.col(own.name).cast(pl.String)


def _once(own: pl.Series, pieces: list[Piece]) -> list[Piece]:
    """What is the same in all rows becomes text once; a float of zero may still have two signs."""
    if own.is_empty() or own[0] != own[-1] or not _is_whole(own) or (own.dtype == pl.Float64 and own[0] == 0):
        return pieces
    return [own.head(1).to_frame().select(_joined(pieces)).item()] if (own == own[0]).all() else pieces


def _is_whole(own: pl.Series) -> bool:
    return own.null_count() == 0 and (own.dtype != pl.Float64 or bool(np.isfinite(own.to_numpy()).all()))
