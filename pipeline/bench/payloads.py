"""Payloads of each wire format with 1, 20 or 100 samples, and the columns that must come out of them.

Rules: 10 k series whatever a payload holds; seeded; written as senders commonly write: compact, keys in the documented
order. A payload with one time names as many metrics as it has samples; a batch goes over the five of its unit again and
again, each sample with a time of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.codecs.patterns import Pattern
from connectors.codecs.topics import Grammar
from pipeline.bench.loads import FIRST_MS
from pipeline.core.samples import Name, Payload

SERIES, SAMPLES, SEED, OF_A_UNIT = 10_000, 200_000, 12, 5
LEVELS = ("park", "line", "unit")
Body = Callable[[Sequence[int], Sequence[float]], str]


@dataclass(frozen=True, slots=True)
class Format:
    """`topic` of a unit (and of a metric); `metric` as it is named in the samples, of its number."""

    name: str
    topic: str
    body: Body
    metric: str
    sizes: tuple[int, ...]
    batch: bool = False


def _single(t: Sequence[int], v: Sequence[float]) -> str:
    return f'{{"timestamp_ms":{t[0]},"value":{v[0]}}}'


def _batch(t: Sequence[int], v: Sequence[float]) -> str:
    pairs = enumerate(zip(t, v, strict=True))
    samples = [f'{{"t":{at},"m":"metric-{k % OF_A_UNIT}","v":{value}}}' for k, (at, value) in pairs]
    return f"[{','.join(samples)}]"


def _object(t: Sequence[int], v: Sequence[float]) -> str:
    return f'{{"timestamp_ms":{t[0]},{_pairs(v)}}}'


def _telegraf(t: Sequence[int], v: Sequence[float]) -> str:
    return f'{{"fields":{{{_pairs(v)}}},"name":"plc","tags":{{"host":"edge-1"}},"timestamp":{t[0]}}}'


def _influx(t: Sequence[int], v: Sequence[float]) -> str:
    fields = ",".join(f"metric-{k}={value}" for k, value in enumerate(v))
    return f"plc,host=edge-1 {fields} {t[0]}000000"


def _pairs(v: Sequence[float]) -> str:
    return ",".join(f'"metric-{k}":{value}' for k, value in enumerate(v))


FORMATS = (
    Format("own, one metric", "parkpulse/v1/data/{unit}/metric-0", _single, "metric-{k}", (1,)),
    Format("own, batch", "parkpulse/v1/data/{unit}", _batch, "metric-{k}", (1, 20, 100), batch=True),
    Format("own, object", "parkpulse/v1/data/{unit}", _object, "metric-{k}", (1, 20, 100)),
    Format("umh, one metric", "umh/v1/{unit}/_raw/metric-0", _single, "metric-{k}", (1,)),
    Format("umh, object", "umh/v1/{unit}/_raw/plc", _object, "plc.metric-{k}", (20, 100)),
    Format("telegraf", "tj/{unit}", _telegraf, "plc.metric-{k}", (1, 20, 100)),
    Format("influx line", "li/{unit}", _influx, "plc.metric-{k}", (1, 20, 100)),
)


def grammar() -> Grammar:
    patterns = (Pattern("tj/{park}/{line}/{unit}", "telegraf"), Pattern("li/{park}/{line}/{unit}", "influx"))
    return Grammar(LEVELS, patterns=patterns)


@dataclass(frozen=True, slots=True)
class Wire:
    """Payloads, and by sample what they say: series code, t i64 ms, v f64; `names` by series code."""

    payloads: list[Payload]
    names: list[Name]
    series: npt.NDArray[np.int64]
    t: npt.NDArray[np.int64]
    v: npt.NDArray[np.float64]


def make_wire(form: Format, size: int, samples: int = SAMPLES, series: int = SERIES) -> Wire:
    """`size` samples a payload."""
    metrics = min(size, OF_A_UNIT) if form.batch else size
    units, count = series // metrics, samples // size
    rng = np.random.default_rng(SEED)
    v = np.round(rng.normal(70.0, 1.0, (count, size)), 3)
    unit = np.arange(count) % units
    t = (FIRST_MS + np.arange(count) // units * 1_000)[:, None] + np.arange(size) * form.batch
    paths = [f"park/line-{k // 8}/unit-{k % 8}" for k in range(units)]
    topics = [form.topic.format(unit=path) for path in paths]
    rows = zip(unit.tolist(), t.tolist(), v.tolist(), strict=True)
    receipt = FIRST_MS + samples
    payloads = [Payload(topics[own], form.body(times, values).encode(), receipt) for own, times, values in rows]
    names = [
        Name(f"park/line-{k // 8}", f"unit-{k % 8}", form.metric.format(k=m))
        for k in range(units)
        for m in range(metrics)
    ]
    codes = unit[:, None] * metrics + np.arange(size) % metrics
    return Wire(payloads, names, codes.reshape(-1), t.reshape(-1), v.reshape(-1))
