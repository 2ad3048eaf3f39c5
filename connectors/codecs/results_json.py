"""Results as the JSON that people and other systems read from `results.v1`, and as rows and tables of a store.

Rule: every float that exists keeps its bits; what does not exist is null, never NaN. Bytes that say anything else than
a list of results raise msgspec.DecodeError (ValidationError is one of them) and nothing else.
"""

from collections.abc import Mapping, Sequence
from math import isfinite

import msgspec
import numpy as np
import polars as pl

from connectors.codecs.bounds import result_slip
from pipeline.core.results import Result, Value

Row = tuple[str | int | float | None, ...]

SCHEMA = {
    "equipment": pl.String,
    "name": pl.String,
    "window_s": pl.Int64,
    "window_start": pl.Int64,
    "product": pl.String,
    "revision": pl.Int64,
    "coverage": pl.Float64,
    "formula": pl.String,
    "values": pl.String,
}


def _plain(value: object) -> object:
    """A number that comes out of an array is the same number."""
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"no JSON for {type(value).__name__}")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
_DECODER = msgspec.json.Decoder(list[Result])


def encode(results: Sequence[Result]) -> bytes:
    """One JSON array; the keys of a result stand in the order of its fields."""
    return _ENCODER.encode(results)


def encode_one(result: Result) -> bytes:
    return _ENCODER.encode(result)


def decode(value: bytes) -> list[Result]:
    try:
        results = _DECODER.decode(value)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
    for place, result in enumerate(results):
        if slip := result_slip(result):
            raise msgspec.DecodeError(f"result {place}: {slip}")
    return results


def store_row(result: Result) -> Row:
    """What a store keeps of a result beside its kind: the columns of `SCHEMA`, product null as ''."""
    return (
        result.equipment,
        result.name,
        result.window_s,
        result.window_start,
        result.product or "",
        result.revision,
        None if result.coverage is None or not isfinite(result.coverage) else float(result.coverage),
        result.formula,
        values_text(result.values),
    )


def stored(kind: str, row: Row) -> Result:
    """The result of which `store_row` made this row."""
    found: dict[str, object] = dict(zip(SCHEMA, row, strict=True))
    values = msgspec.json.decode(str(found["values"]))
    return msgspec.convert(found | {"kind": kind, "product": found["product"] or None, "values": values}, Result)


def values_text(values: Mapping[str, Value]) -> str:
    return _ENCODER.encode(values).decode()


def read_table(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of a store as one table: product '' is null again, values are columns; in order of time, equipment, name."""
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return _expand_values(in_order(table.with_columns(pl.col("product").replace("", None))))


def in_order(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort("window_start", "equipment", "name", "window_s", "product")


def _expand_values(table: pl.DataFrame) -> pl.DataFrame:
    """Column `values` becomes one column a key: the union of all keys, null where a row has it not.

    A key that another column already bears is left out; a key without any value is a float that does not exist.
    """
    rest = table.drop("values")
    if table.is_empty():
        return rest
    fields = table["values"].str.json_decode(infer_schema_length=None).struct.unnest()
    new = fields.select(name for name in fields.columns if name not in rest.columns)
    return rest.with_columns(new.with_columns(pl.col(pl.Null).cast(pl.Float64)).get_columns())
