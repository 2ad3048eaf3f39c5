"""Telegraf payloads in JSON, many at a time: parsed by type, their values joined, everything else done on columns.

Rule: a payload that parses by type, is dated, and whose every field has a name and a usable value is read here, bit for
bit as `telegraf` would; any other is handed back whole. Only lists are built per metric, no value is looked at.
"""

import operator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Annotated

import msgspec
import numpy as np

from connectors.codecs.columns import Bodies, Columns, Values, name_indices, text_indices
from connectors.codecs.json_cursor import Bools, Ints
from connectors.codecs.json_samples import MAX_SAMPLES, Flaw, Rows, read_value
from connectors.codecs.stamps import MAX_STAMP, split_stamps
from connectors.codecs.telegraf import EQUIPMENT, name_of
from pipeline.core.samples import Name


class _Metric(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    fields: dict[str, float | bool | str]
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=MAX_STAMP)]
    tags: dict[str, str] = {}


class _Batch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    metrics: list[_Metric]


_METRIC, _BATCH = msgspec.json.Decoder(_Metric), msgspec.json.Decoder(_Batch)


@dataclass(slots=True)
class _Joined:
    """The metrics of many payloads one after the other; `names` are distinct only within a layout of fields."""

    names: list[Name | None] = field(default_factory=list)
    layouts: dict[tuple[int, str, str, tuple[str, ...]], range] = field(default_factory=dict)
    name: list[int] = field(default_factory=list)
    value: list[float | bool | str] = field(default_factory=list)
    stamp: list[int] = field(default_factory=list)
    width: list[int] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)

    def take(self, owner: int, route: int, below: tuple[str, ...], metric: _Metric) -> None:
        layout = (route, metric.name, metric.tags.get(EQUIPMENT, ""), tuple(metric.fields))
        columns = self.layouts.get(layout)
        if columns is None:
            columns = self.layouts[layout] = range(len(self.names), len(self.names) + len(metric.fields))
            found = [name_of(below, layout[2], metric.name, key) for key in metric.fields]
            self.names += [name if isinstance(name, Name) else None for name in found]
        self.name.extend(columns)
        self.value.extend(metric.fields.values())
        self.stamp.append(metric.timestamp)
        self.width.append(len(columns))
        self.owner.append(owner)


def decode_metrics(rows: Rows, bodies: Bodies) -> tuple[Columns, Ints]:
    """Payloads of one metric or several; also the indices (into `bodies`) of those handed back."""
    joined = _join(bodies)
    width, metric_owner = np.array(joined.width, np.int64), np.array(joined.owner, np.int64)
    owner, name = np.repeat(metric_owner, width), np.array(joined.name, np.int64)
    t, seq = split_stamps(np.array(joined.stamp, np.int64))
    values = _read_values(joined.value)
    bad_texts = [at for at, text in enumerate(values.texts) if isinstance(read_value(text), Flaw)]
    fits = np.array([found is not None for found in joined.names], np.bool_)[name] & ~np.isin(values.text, bad_texts)
    fits &= (values.text >= 0) | np.isfinite(values.v)
    fine = _without(len(bodies.texts), owner[~fits], metric_owner[width == 0])
    count = np.bincount(owner, minlength=len(fine))
    fine &= (count > 0) & (count <= MAX_SAMPLES)
    good = fine[owner]
    columns = Columns(
        name=name_indices(rows, joined.names, name, good),
        t=np.repeat(t, width)[good],
        v=values.v[good],
        text=text_indices(rows, values, good),
        q=np.zeros(np.count_nonzero(good), np.uint64),
        seq=np.repeat(seq, width)[good],
        payload=bodies.payload[owner[good]],
    )
    return columns, np.flatnonzero(~fine)


def _join(bodies: Bodies) -> _Joined:
    joined = _Joined()
    for owner, (body, route) in enumerate(zip(bodies.texts, bodies.topic.tolist(), strict=True)):
        try:
            metrics = _BATCH.decode(body).metrics if body.startswith(b'{"metrics"') else (_METRIC.decode(body),)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        for metric in metrics:
            joined.take(owner, route, bodies.known.routes[route].below, metric)
    return joined


def _without(size: int, *flawed: Ints) -> Bools:
    fine = np.ones(size, np.bool_)
    for index in flawed:
        fine[index] = False
    return fine


def _read_values(value: list[float | bool | str]) -> Values:
    text = np.full(len(value), -1, np.int64)
    is_text = np.fromiter(map(operator.is_, map(type, value), repeat(str)), np.bool_, len(value))
    if not is_text.any():
        return Values(np.array(value, np.float64) + 0.0, text, [])  # -0.0 becomes 0.0, as in the strict codec
    mixed = np.array(value, np.object_)
    strings = mixed[is_text].tolist()
    codes = {string: code for code, string in enumerate(dict.fromkeys(strings))}
    text[is_text] = list(map(codes.__getitem__, strings))
    mixed[is_text] = np.nan
    return Values(mixed.astype(np.float64) + 0.0, text, list(codes))
