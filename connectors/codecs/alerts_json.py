"""Transitions of alarms as JSON, with the CloudEvents 1.0 headers (binary mode) that let any consumer route them.

Rule: equal transitions give equal bytes, so a consumer that sees (id, transition) twice sees a repeat. Bytes that say
anything else than a transition raise msgspec.DecodeError (ValidationError is one of them) and nothing else.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from urllib.parse import quote

import msgspec
import polars as pl

from connectors.codecs.bounds import transition_slip
from pipeline.core.ports import Headers
from pipeline.core.results import Transition

TYPE = "parkpulse.alarm.transition"

Row = tuple[str | int | float | None, ...]

SCHEMA = {
    "id": pl.String,
    "transition": pl.Int64,
    "alarm": pl.String,
    "equipment": pl.String,
    "priority": pl.Int64,
    "state": pl.String,
    "previous": pl.String,
    "event_time_ms": pl.Int64,
    "raised_ms": pl.Int64,
    "value": pl.Float64,
    "threshold": pl.Float64,
    "uom": pl.String,
    "message_en": pl.String,
    "message_vi": pl.String,
    "advice_en": pl.String,
    "advice_vi": pl.String,
    "incident": pl.String,
    "revision": pl.Int64,
    "announced": pl.Boolean,
    "reason": pl.String,
}

IS_ACTIVE = {"norm": 0, "unack": 1, "acked": 1, "rtnun": 0, "latch_unack": 1, "latch_acked": 1}
"""Of each state `active` of an alert: one that is shelved, suppressed or out of service does not say."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECODER = msgspec.json.Decoder(Transition)


def encode(t: Transition) -> bytes:
    return msgspec.json.encode(t)


def decode(value: bytes) -> Transition:
    try:
        transition = _DECODER.decode(value)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
    if slip := transition_slip(transition):
        raise msgspec.DecodeError(f"transition: {slip}")
    return transition


def cloudevents(t: Transition, line: str) -> Headers:
    """`ce_source` is a URI reference, so the names of other scripts are percent-encoded in it."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{t.id}/{t.transition}".encode()),
        ("ce_source", f"/parkpulse/{quote(line)}".encode()),
        ("ce_type", TYPE.encode()),
        ("ce_time", _iso_utc(t.event_time_ms).encode()),
        ("content-type", b"application/json"),
    )


def _iso_utc(ms: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def store_row(t: Transition) -> Row:
    """What a store keeps of a transition: the columns of `SCHEMA`; a number that does not exist is null."""
    fields = {name: getattr(t, name) for name in SCHEMA}
    numbers = {name: fields[name] for name in ("value", "threshold")}
    exists = {name: None if x is None or not isfinite(x) else float(x) for name, x in numbers.items()}
    return tuple({**fields, **exists, "announced": int(t.announced)}.values())


def read_table(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of a store as one table, in order of time, equipment and alarm; the older incident first."""
    stored = {**SCHEMA, "announced": pl.Int64}
    return in_order(pl.DataFrame(rows, schema=stored, orient="row").with_columns(pl.col("announced").cast(pl.Boolean)))


def in_order(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort("event_time_ms", "equipment", "alarm", "raised_ms", "id", "transition")
