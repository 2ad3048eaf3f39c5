"""Telegraf payloads in JSON, many at a time: parsed by type, their values joined, everything else done on columns.

Rule: a payload that parses by type, is dated, and whose every field has a name and a usable value is read here, bit for
bit as `telegraf` would; any other is handed back whole.
"""

from typing import Annotated

import msgspec
import numpy as np

from connectors.codecs.columns import Bodies, Columns
from connectors.codecs.joined import Joined
from connectors.codecs.json_cursor import Ints
from connectors.codecs.json_samples import Rows
from connectors.codecs.stamps import MAX_STAMP, split_stamps
from connectors.codecs.telegraf import EQUIPMENT, name_of
from pipeline.core.samples import Name

Stamp = Annotated[int, msgspec.Meta(ge=0, le=MAX_STAMP)]


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    fields: dict[str, float]
    timestamp: Stamp
    tags: dict[str, str] = {}


class _Mixed(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    fields: dict[str, float | bool | str]
    timestamp: Stamp
    tags: dict[str, str] = {}


class _PlainBatch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    metrics: list[_Plain]


class _MixedBatch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    metrics: list[_Mixed]


_PLAIN, _MIXED = msgspec.json.Decoder(_Plain), msgspec.json.Decoder(_Mixed)
_PLAIN_BATCH, _MIXED_BATCH = msgspec.json.Decoder(_PlainBatch), msgspec.json.Decoder(_MixedBatch)
_SLIPS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_metrics(rows: Rows, bodies: Bodies) -> tuple[Columns, Ints]:
    """Payloads of one metric or several; also the indices (into `bodies`) of those handed back."""
    joined, stamps, layouts = Joined(bodies), list[int](), bodies.known.layouts
    for owner, (body, topic) in enumerate(zip(bodies.texts, bodies.topic.tolist(), strict=True)):
        metrics, is_plain = _parse(body)
        joined.is_plain &= is_plain
        for metric in metrics:
            fields, equipment = metric.fields, metric.tags.get(EQUIPMENT, "") if metric.tags else ""
            key = (topic, metric.name, equipment, tuple(fields))
            numbers = layouts.get(key)
            if numbers is None:
                below = bodies.known.routes[topic].below
                numbers = layouts.learn(key, [_name(below, equipment, metric.name, field) for field in fields])
            joined.take(owner, numbers, fields.values())
            stamps.append(metric.timestamp)
    return joined.columns(rows, *split_stamps(np.array(stamps, np.int64)))


def _parse(body: bytes) -> tuple[list[_Plain] | list[_Mixed], bool]:
    """The metrics of a payload, none where they do not parse; and whether all values are floats."""
    is_batch = body.startswith(b'{"metrics"')
    try:
        return _PLAIN_BATCH.decode(body).metrics if is_batch else [_PLAIN.decode(body)], True
    except _SLIPS:
        pass
    try:
        return _MIXED_BATCH.decode(body).metrics if is_batch else [_MIXED.decode(body)], False
    except _SLIPS:
        return [], True


def _name(below: tuple[str, ...], equipment: str, measurement: str, key: str) -> Name | None:
    found = name_of(below, equipment, measurement, key)
    return found if isinstance(found, Name) else None
