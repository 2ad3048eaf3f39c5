"""Benchmark `store`: results as the historian has them -> line protocol, and -> a real InfluxDB.

Rules: the baseline is the client library's own way, a `Point` a result, written synchronously; what the server takes is
seen from a client that only sends bytes made beforehand. Rounds take turns, each with windows of its own. All must say
the same of every result, and every point must be found in the server.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from time import perf_counter
from uuid import uuid4

import numpy as np
import polars as pl
from influxdb_client import InfluxDBClient, Point
from influxdb_client.client.write_api import SYNCHRONOUS

from connectors.influx.measurements import MEASUREMENTS
from connectors.influx.points import points
from connectors.influx.queries import Queries
from connectors.influx.sending import MOST_LINES, batches, body
from connectors.influx.series import Heads
from connectors.influx.settings import InfluxSettings
from connectors.influx.store import InfluxStore
from connectors.influx.wire import Wire
from pipeline.bench.loads import FIRST_MS, Mismatch
from pipeline.bench.table import Row, row
from pipeline.core.errors import Unavailable
from pipeline.core.results import Result

SERIES, LINES, UNITS, SEED = 10_000, 250, 8, 12
LEVELS = ("operator", "park", "tenant", "site", "area", "line", "unit")
ADDRESS = "PARKPULSE_TEST_INFLUX"
BASELINE, PREPARED, UNIT = "influxdb_client Point", "prepared bytes", "points/s"


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return 2 * rounds


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where the two ways differ or a point is missing, Unavailable where there is no InfluxDB."""
    url = os.environ.get(ADDRESS, "")
    if not url:
        raise Unavailable(f"InfluxDB: no address; set {ADDRESS}=http://HOST:PORT (`parkpulse services up influxdb`)")
    yield from _building(rounds, said)
    with own_database(url) as settings:
        yield from _writing(settings, rounds, said)


def windows(number: int) -> list[Result]:
    """One 10-s window of every series."""
    rng = np.random.default_rng(SEED + number)
    values = np.round(rng.normal(70.0, 1.0, (SERIES, 5)), 3).tolist()
    start = FIRST_MS + number * 10_000
    return [
        Result(
            "metric", _equipment(k), f"temperature_{k // (LINES * UNITS)}", 10, start, None, 0,
            {"count": 10, "mean": mean, "min": least, "max": most, "last": last, "sd": abs(sd)}, 1.0,
        )
        for k, (mean, least, most, last, sd) in enumerate(values)
    ]  # fmt: skip


def _equipment(k: int) -> str:
    return f"becamex/park-01/tenant-1/factory/filling/line-{k % LINES}/unit-{k // LINES % UNITS}"


def lines_of(results: Sequence[Result], heads: Heads) -> pl.Series:
    return points(MEASUREMENTS["metric"], results, heads, {}).lines


def point_of(result: Result) -> Point:
    """As one would write it with the library."""
    point = Point("metrics").time(result.window_start, "ms")
    for level, name in zip(LEVELS, result.equipment.split("/"), strict=True):
        point.tag(level, name)
    point.tag("level", "unit").tag("metric", result.name).tag("window", "10s")
    for name, value in result.values.items():
        point.field(name, value)
    return point.field("coverage", result.coverage).field("revision", result.revision)


def _building(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    heads, results = Heads(MEASUREMENTS["metric"], LEVELS), windows(0)
    if [_sorted(line) for line in lines_of(results, heads)] != [
        _sorted(point_of(r).to_line_protocol()) for r in results
    ]:
        raise Mismatch("a line says something else than the Point of its result")
    own: list[float] = []
    plain: list[float] = []
    gc.freeze()  # the load is not the product's: its objects are not to be searched for garbage
    for _ in range(rounds):
        own.append(_rate(lambda: body(lines_of(results, heads))))
        plain.append(_rate(lambda: "\n".join(point_of(r).to_line_protocol() for r in results).encode()))
        said("line protocol built")
    gc.unfreeze()
    yield row("line protocol built", UNIT, own, (BASELINE, plain))
    yield row(f"line protocol built: {BASELINE}", UNIT, plain)


def _writing(settings: InfluxSettings, rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    own: list[float] = []
    plain: list[float] = []
    prepared: list[float] = []
    client = InfluxDBClient(settings.url, token="-", org="-")
    with closing(InfluxStore(settings, LEVELS)) as store, closing(client), closing(Wire(settings)) as wire:
        api = client.write_api(write_options=SYNCHRONOUS)
        store.write(windows(0), [])
        for k in range(rounds):
            first, second, bodies = windows(3 * k + 1), windows(3 * k + 2), _bodies(windows(3 * k + 3))
            gc.collect()
            gc.freeze()
            own.append(_rate(partial(store.write, first, [])))
            prepared.append(_rate(partial(_write_bodies, wire, bodies)))
            plain.append(_rate(partial(_write_points, api.write, settings, second)))
            gc.unfreeze()
            said("written to InfluxDB")
        found, wanted = store.read("metric").height, SERIES * (3 * rounds + 1)
    if found != wanted:
        raise Mismatch(f"{found} of {wanted} points are in InfluxDB")
    yield row("written to InfluxDB", UNIT, own, (BASELINE, plain))
    yield row("written to InfluxDB, again", UNIT, own, (PREPARED, prepared))
    yield row(f"written to InfluxDB: {BASELINE}", UNIT, plain)
    yield row(f"written to InfluxDB: {PREPARED}", UNIT, prepared)


def _bodies(results: Sequence[Result]) -> list[bytes]:
    """As the product sends them."""
    lines = lines_of(results, Heads(MEASUREMENTS["metric"], LEVELS))
    return [body(lines.slice(first, last - first)) for first, last in batches(lines)]


def _write_bodies(wire: Wire, bodies: Sequence[bytes]) -> None:
    for one in bodies:
        if wire.write(one).status != 204:
            raise Mismatch("InfluxDB took no prepared bytes")


def _write_points(write: Callable[..., None], settings: InfluxSettings, results: Sequence[Result]) -> None:
    """In batches of the size that the product sends."""
    for k in range(0, len(results), MOST_LINES):
        batch = [point_of(r) for r in results[k : k + MOST_LINES]]
        write(bucket=settings.database, record=batch, write_precision="ms")


def _rate(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return SERIES / (perf_counter() - started)


def _sorted(line: str) -> tuple[str, list[str], str]:
    head, fields, time = line.split(" ")
    return head, sorted(fields.split(",")), time


@contextmanager
def own_database(url: str) -> Iterator[InfluxSettings]:
    """One of its own, gone at the end."""
    settings = InfluxSettings(url, f"bench_{uuid4().hex[:12]}")
    with closing(Wire(settings)) as wire:
        queries = Queries(wire)
        queries.run([f'CREATE DATABASE "{settings.database}"'], {})
        try:
            yield settings
        finally:
            queries.run([f'DROP DATABASE "{settings.database}"'], {})
