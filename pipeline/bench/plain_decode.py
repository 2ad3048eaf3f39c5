"""The baseline of `decode`: payload by payload with msgspec (line protocol: split), the samples as columns at the end.

Rule: no check of names, times or values, and no quality; the same series, times and values must come out.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.core.samples import Payloads

Rows = Iterator[tuple[str, int, float]]


class Single(msgspec.Struct):
    timestamp_ms: int
    value: float


class Item(msgspec.Struct):
    t: int
    m: str
    v: float


class Metric(msgspec.Struct):
    fields: dict[str, float]
    name: str
    tags: dict[str, str]
    timestamp: int


class Plain(NamedTuple):
    """By sample: place of its series in `names` (topic, metric), t i64, v f64."""

    names: list[tuple[str, str]]
    series: npt.NDArray[np.int64]
    t: npt.NDArray[np.int64]
    v: npt.NDArray[np.float64]


_SINGLE, _BATCH = msgspec.json.Decoder(Single), msgspec.json.Decoder(list[Item])
_OBJECT, _METRIC = msgspec.json.Decoder(dict[str, float]), msgspec.json.Decoder(Metric)


def _single(body: bytes) -> Rows:
    found = _SINGLE.decode(body)
    yield "", found.timestamp_ms, found.value


def _batch(body: bytes) -> Rows:
    for item in _BATCH.decode(body):
        yield item.m, item.t, item.v


def _object(body: bytes) -> Rows:
    found = _OBJECT.decode(body)
    t = int(found.pop("timestamp_ms"))
    for name, value in found.items():
        yield name, t, value


def _metric(body: bytes) -> Rows:
    found = _METRIC.decode(body)
    for name, value in found.fields.items():
        yield name, found.timestamp, value


def _line(body: bytes) -> Rows:
    _, fields, stamp = body.decode().split(" ")
    t = int(stamp) // 1_000_000
    for pair in fields.split(","):
        name, _, value = pair.partition("=")
        yield name, t, float(value)


READ: dict[str, Callable[[bytes], Rows]] = {
    "own, one metric": _single,
    "own, batch": _batch,
    "own, object": _object,
    "umh, one metric": _single,
    "umh, object": _object,
    "telegraf": _metric,
    "influx line": _line,
}


def decode(payloads: Payloads, read: Callable[[bytes], Rows]) -> Plain:
    codes: dict[tuple[str, str], int] = {}
    series, times, values = list[int](), list[int](), list[float]()
    for topic, body in zip(payloads.topics, payloads.bodies, strict=True):
        for metric, t, v in read(body):
            series.append(codes.setdefault((topic, metric), len(codes)))
            times.append(t)
            values.append(v)
    return Plain(list(codes), np.array(series), np.array(times), np.array(values))
