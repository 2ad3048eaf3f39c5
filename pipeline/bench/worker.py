"""Benchmark `worker`: from a topic of a real Kafka to results in another, by the worker role as it is, checkpoints on.

Rules: rounds of the product and of the plain loop take turns; both read the same samples, as many to a record: the
product frames, the plain loop JSON. One JSON sample a record the product reads too, by the gateway's codecs. Every
round's results are read back and checked. Topics are the benchmark's own, and gone at the end.
"""

import asyncio
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from uuid import uuid4

from connectors.kafka.log import KafkaLog
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.topics import administrator
from pipeline.bench.json_log import JsonLog
from pipeline.bench.loads import POLL_MS, Shape, make_load
from pipeline.bench.log_load import JSON, write
from pipeline.bench.plain_kafka import PlainLoop
from pipeline.bench.table import Row, row
from pipeline.bench.worker_rounds import Round, topics
from pipeline.config.log_section import KAFKA_PARTITIONS
from pipeline.core.errors import Unavailable
from pipeline.runtime.garbage import search_seldom

ADDRESS = "PARKPULSE_TEST_KAFKA"
BASELINE, UNIT = "plain aiokafka loop", "samples/s"
WARM_UP, LATEST = 10, 5  # seconds of event time; polls before the end at which windows may still be open
PLAIN_WARM, PLAIN_SAMPLES = 20_000, 100_000  # at most a tenth, and the half, of what is there
MINUTE_MS, BEFORE_MINUTE_MS = 60_000, 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """`linger_ms` makes the rows of a frame; `seconds` of event time are measured. A line has 40 series."""

    name: str
    per_pane: int
    linger_ms: int
    seconds: int
    json: bool = False
    lines: int = 250


CASES = (
    Case("frames of 100 rows", 10, 250, 40),
    Case("frames of 20 rows", 10, 50, 40),
    Case("frames of 4 rows", 1, 100, 60),
    Case("JSON, one sample a record", 1, 100, 60, json=True),
)


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return len(CASES) * (rounds + 1)


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where a sample is lost, invented or miscounted, Unavailable where there is no Kafka."""
    address = os.environ.get(ADDRESS, "")
    if not address:
        raise Unavailable(f"Kafka: no address; set {ADDRESS}=HOST:PORT (`parkpulse services up kafka --env`)")
    search_seldom()  # as every process with a worker does
    for case in CASES:
        with own_log(tuple(address.split(","))) as log:
            yield from measure(case, log, rounds, said)


def measure(case: Case, log: KafkaLog, rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    shape = Shape(case.lines, 8, 5, case.per_pane)
    first_ms = first_minute(WARM_UP + case.seconds)
    load = make_load(shape, WARM_UP + case.seconds, case.linger_ms, first_ms)
    write(log, load, alone=case.json)
    until_ms = first_ms + (len(load.polls) - LATEST) * POLL_MS
    load.polls.clear()
    said(f"{case.name}: written")
    sent, warm = sum(len(poll.t) for poll in load.raw), WARM_UP * shape.size * case.per_pane
    mine = Round(JsonLog(log) if case.json else log, load, KAFKA_PARTITIONS, warm, until_ms)
    prefix = log.settings.prefix
    loop = PlainLoop([*log.settings.bootstrap], prefix + JSON, f"{prefix}plain.v1", sent)
    own: list[float] = []
    plain: list[float] = []
    gc.collect()
    gc.freeze()  # the load is not the product's: its objects are not to be searched for garbage
    for number in range(rounds):
        own.append(mine.rate(f"round-{number}"))
        plain.append(asyncio.run(loop.rate(min(PLAIN_WARM, sent // 10), min(PLAIN_SAMPLES, sent // 2))))
        said(case.name)
    gc.unfreeze()
    yield row(case.name, UNIT, own, (BASELINE, plain))
    yield row(f"{case.name}: {BASELINE}", UNIT, plain)


def first_minute(seconds: int) -> int:
    """Event time of the first sample, so that the last is not ahead of now: 20 s before a whole minute."""
    return (int(time()) - seconds - BEFORE_MINUTE_MS // 1000) * 1000 // MINUTE_MS * MINUTE_MS - BEFORE_MINUTE_MS


@contextmanager
def own_log(servers: tuple[str, ...]) -> Iterator[KafkaLog]:
    """Topics under a prefix of their own, gone at the end."""
    settings = KafkaSettings(servers, prefix=f"bench-{uuid4().hex[:12]}-")
    with TemporaryDirectory() as folder:
        log = KafkaLog(settings, Path(folder), {})
        try:
            log.ensure({**topics(KAFKA_PARTITIONS), "plain.v1": KAFKA_PARTITIONS})
            yield log
        finally:
            log.close()
            asyncio.run(remove(settings))


async def remove(settings: KafkaSettings) -> None:
    async with administrator(settings) as admin:
        await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(settings.prefix)])
