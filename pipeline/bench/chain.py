"""Benchmark `chain`: load -> Mosquitto -> gateway -> Kafka -> worker -> results, and on to InfluxDB; each a process.

Rules: the product's processes are those of `parkpulse run --role ...`; the ordinary chain beside it does the same
windows, with fewer lines, and less besides (no scores, no checkpoints, no promise). Rounds take turns. Every round's
windows are compared, and at the end the ledger must hold every sample; else no figure is said.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from time import time
from typing import NamedTuple

from pipeline.bench.burst import Burst
from pipeline.bench.chain_round import Chain, load, own_windows, plain_windows
from pipeline.bench.chain_store import Stored
from pipeline.bench.product import Addresses, Product, product
from pipeline.bench.table import Row, row
from pipeline.config.log_section import KAFKA_PARTITIONS
from pipeline.core.errors import Unavailable

UNIT, MINUTE_MS = "samples/s", 60_000
PLAIN, ALONE = "ordinary chain", "ordinary, a record a sample"
VARIABLES = {"mosquitto": "PARKPULSE_TEST_MQTT", "kafka": "PARKPULSE_TEST_KAFKA", "influxdb": "PARKPULSE_TEST_INFLUX"}
MQTT_PREFIX = "parkpulse/v1/data"


class Case(NamedTuple):
    """`lines` of the product, of the ordinary chain, and of it with a record a sample (0: it is the same)."""

    size: int
    period_ms: int
    ticks: int
    lines: tuple[int, int, int]

    @property
    def name(self) -> str:
        return f"{self.size} a payload"

    def burst(self, prefix: str, lines: int) -> Burst:
        return Burst(prefix, lines, self.size, self.period_ms, self.ticks)


CASES = (  # the last payloads of each begin 22 s behind the first, when its last windows are due
    Case(100, 100, 240, (250, 100, 10)),
    Case(20, 100, 224, (250, 40, 10)),
    Case(1, 1_000, 23, (250, 25, 0)),
)


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return (len(CASES) + 1) * (rounds + 1)


def addresses() -> Addresses:
    """Of the services, from the environment."""
    for service, variable in VARIABLES.items():
        if not os.environ.get(variable):
            raise Unavailable(f"{service}: no address; set {variable} (`parkpulse services up {service} --env`)")
    return Addresses(*(os.environ[variable] for variable in VARIABLES.values()))


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where a sample is lost, invented or miscounted, Unavailable where a service is missing."""
    at = addresses()
    for case in CASES:
        yield from measure(case, at, rounds, said)
    yield from measure_stored(CASES[0], at, rounds, said)


def begins(rounds: int) -> list[int]:
    """Event times at which rounds begin, and the warm-up before them: none ahead of now, none in the minute of another,
    into whose last seconds each goes on."""
    newest = int(time() * 1000) // MINUTE_MS * MINUTE_MS - MINUTE_MS + 40_000
    return [newest - 2 * (rounds - k) * MINUTE_MS for k in range(rounds + 1)]


def measure(case: Case, at: Addresses, rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    with ExitStack() as stack:
        own = stack.enter_context(product(at))
        own.start(("worker", "gateway"))
        chains = {"": stack.enter_context(own_chain(case, at, own))}
        for name, alone, lines in ((PLAIN, False, case.lines[1]), (ALONE, True, case.lines[2])):
            if lines:
                chains[name] = _plain(stack, case, at, own, alone)
        rates: dict[str, list[float]] = {name: [] for name in chains}
        for number, first_ms in enumerate(begins(rounds)):
            for name, chain in chains.items():
                rate = chain.rate(first_ms)
                rates[name] += [rate] if number else []
            said(case.name)
        own.account((rounds + 1) * chains[""].load.burst.samples)
    baselines = [name for name in chains if name]
    for name in baselines:
        yield row(f"{case.name}, again" if name == ALONE else case.name, UNIT, rates[""], (name, rates[name]))
    for name in baselines:
        yield row(f"{case.name}: {name}", UNIT, rates[name])


def measure_stored(case: Case, at: Addresses, rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    with ExitStack() as stack:
        own = stack.enter_context(product(at))
        own.start(("worker", "gateway", "historian"))
        chain = stack.enter_context(own_chain(case, at, own))
        stored = stack.enter_context(closing(Stored(own.database)))
        rates: list[float] = []
        for number, first_ms in enumerate(begins(rounds)):
            rate = stored.rate(chain, first_ms)
            rates += [rate] if number else []
            said(f"{case.name}, to InfluxDB")
        own.account((rounds + 1) * chain.load.burst.samples)
    yield row(f"{case.name}, to InfluxDB", UNIT, rates)


@contextmanager
def own_chain(case: Case, at: Addresses, own: Product) -> Iterator[Chain]:
    with (
        load(at.mqtt, case.burst(MQTT_PREFIX, case.lines[0])) as burst,
        closing(own.log.reader("results.v1", "")) as results,
    ):
        yield Chain(burst, results, own_windows)


def _plain(stack: ExitStack, case: Case, at: Addresses, own: Product, alone: bool) -> Chain:
    """The ordinary chain: its topics beside the product's, its processes with them."""
    name = "alone" if alone else "plain"
    topic, results = f"{name}.v1", f"{name}-results.v1"
    own.log.ensure(dict.fromkeys((topic, results), KAFKA_PARTITIONS))
    prefix, form = own.log.settings.prefix, "one" if case.size == 1 else "batch"
    mqtt_prefix = f"bench/{name}"
    start, kafka = own.processes.start, at.kafka
    start(f"{name}-worker", "pipeline.bench.plain_worker", kafka, prefix + topic, prefix + results, form)
    record = "sample" if alone else "payload"
    start(f"{name}-gateway", "pipeline.bench.plain_gateway", at.mqtt, kafka, f"{mqtt_prefix}/#", prefix + topic, record)
    own.processes.await_word(f"{name}-worker", "works on")
    own.processes.await_word(f"{name}-gateway", "subscribed")
    burst = stack.enter_context(load(at.mqtt, case.burst(mqtt_prefix, case.lines[2 if alone else 1])))
    reader = stack.enter_context(closing(own.log.reader(results, "")))
    return Chain(burst, reader, plain_windows)
