"""Benchmark `decode`: payloads of each wire format, as many as a gateway takes at once -> columns of samples.

Rules: rounds of the product and of the baseline take turns, on one core. Both must give the samples that were written,
every one and no other, before a figure is said.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

import numpy as np

from connectors.codecs import edge
from connectors.codecs.topics import Grammar
from pipeline.bench import plain_decode
from pipeline.bench.loads import Mismatch
from pipeline.bench.payloads import FORMATS, Format, Wire, grammar, make_wire
from pipeline.bench.table import Row, row
from pipeline.core.samples import Payloads
from pipeline.roles.gateway import MAX_MESSAGES
from pipeline.runtime.garbage import search_seldom

UNIT, MAX_PAYLOAD = "samples/s", 1 << 20
CASES = tuple((form, size) for form in FORMATS for size in form.sizes)


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return len(CASES) * (rounds + 1)


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where the product loses, invents or changes a sample."""
    search_seldom()  # as every process with a gateway does
    for form, size in CASES:
        yield from measure(form, make_wire(form, size), size, rounds, said)


def measure(form: Format, wire: Wire, size: int, rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    name, topics, read = f"{form.name}, {size} a payload", grammar(), plain_decode.READ[form.name]
    baseline = "split" if form.name == "influx line" else "msgspec"
    came = Payloads.of(wire.payloads)
    parts = [came[k : k + MAX_MESSAGES] for k in range(0, len(came), MAX_MESSAGES)]
    check(wire, parts, topics)
    check_plain(wire, parts, read)
    said(f"{name}: results are right")
    gc.collect()
    gc.freeze()  # the load is not the product's: its objects are not to be searched for garbage
    own: list[float] = []
    plain: list[float] = []
    for _ in range(rounds):
        own.append(_rate(wire, parts, lambda part: edge.decode(part, topics, MAX_PAYLOAD)))
        plain.append(_rate(wire, parts, lambda part: plain_decode.decode(part, read)))
        said(name)
    gc.unfreeze()
    yield row(name, UNIT, own, (baseline, plain))
    yield row(f"{name}: {baseline}", UNIT, plain)


def check(wire: Wire, parts: Sequence[Payloads], topics: Grammar) -> None:
    """This is also the warm-up: topics and names are known afterwards."""
    codes = {name: code for code, name in enumerate(wire.names)}
    series, times, values = [], [], []
    for part in parts:
        samples, rejects = edge.decode(part, topics, MAX_PAYLOAD)
        if rejects:
            raise Mismatch(f"{len(rejects)} payloads were not read: {rejects[0].sentence}")
        series.append(np.array([codes[name] for name in samples.names], np.int64)[samples.name])
        times.append(samples.t)
        values.append(samples.v)
    found = (np.concatenate(series), np.concatenate(times), np.concatenate(values))
    if not all(map(np.array_equal, found, (wire.series, wire.t, wire.v))):
        raise Mismatch("samples were lost, invented or changed")


def check_plain(wire: Wire, parts: Sequence[Payloads], read: Callable[[bytes], plain_decode.Rows]) -> None:
    found = [plain_decode.decode(part, read) for part in parts]
    times, values = np.concatenate([one.t for one in found]), np.concatenate([one.v for one in found])
    if not (np.array_equal(times, wire.t) and np.array_equal(values, wire.v)):
        raise Mismatch("the baseline reads something else")


def _rate(wire: Wire, parts: Sequence[Payloads], decode: Callable[[Payloads], object]) -> float:
    started = perf_counter()
    for part in parts:
        decode(part)
    return len(wire.t) / (perf_counter() - started)
