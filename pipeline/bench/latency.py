"""Benchmark `latency`: at 70 % of what the chain takes, how long from a sample to its alert, and from the end of a
window to its KPI in InfluxDB.

Rules: real time, real services, all roles as processes; what the chain takes is measured before, in the same call.
Every alert and every KPI must come, and every sample, of the load too, must be in the ledger.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from statistics import median
from time import time_ns

import numpy as np

from pipeline.bench.burst import Burst
from pipeline.bench.chain import CASES, MQTT_PREFIX, addresses, begins, own_chain
from pipeline.bench.chain_round import Load, load
from pipeline.bench.latency_probe import WINDOW_MS, KpiLook, Probe, line_files
from pipeline.bench.loads import Mismatch
from pipeline.bench.product import Addresses, product
from pipeline.bench.table import Row
from pipeline.roles.start import ROLES

SHARE, FOUND = 0.7, 2  # of the chain's rate, found in so many rounds
SETTLE_S, MEASURED_S, AFTER_S, PATIENCE_S = 5, 55, 4, 30.0
LINES, SIZE, TICKS = 250, 100, 20


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return 2


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where a sample, an alert or a KPI is lost, Unavailable where a service is missing."""
    yield from measure(addresses(), MEASURED_S, LINES, said)


def measure(at: Addresses, seconds: int, lines: int, said: Callable[[str], None]) -> Iterator[Row]:
    """`lines` of the load, beside those of the probe."""
    with ExitStack() as stack:
        own = stack.enter_context(product(at, line_files()))
        own.start(ROLES)
        with own_chain(CASES[0]._replace(lines=(lines, 0, 0)), at, own) as chain:
            rates = [chain.rate(first_ms) for first_ms in begins(FOUND)]
            sent = len(rates) * chain.load.burst.samples
        rate = SHARE * median(rates[1:])
        said(f"the chain takes {median(rates[1:]):,.0f} samples/s")
        steady = stack.enter_context(load(at.mqtt, steady_burst(rate, lines)))
        probe = stack.enter_context(closing(Probe(at.mqtt)))
        began_ms = time_ns() // 1_000_000 + SETTLE_S * 1000
        until_ms = began_ms + seconds * 1000
        look = KpiLook(own.database, window_ends(began_ms, until_ms))
        pacing = Pacing(steady, rate / SIZE, SETTLE_S + seconds + AFTER_S)
        threads = [threading.Thread(target=one.run, daemon=True) for one in (look, pacing)]
        for thread in threads:
            thread.start()
        probe.send(SETTLE_S + seconds + AFTER_S, began_ms, until_ms)
        for thread in threads:
            thread.join()
        alerts = probe.delays_ms(PATIENCE_S)
        probe.await_all_taken(PATIENCE_S)
        if look.failed:
            raise Mismatch(look.failed)
        own.account(sent + pacing.samples() + probe.sent)
        said("every sample accounted for")
    yield from quantiles("sample → alert", alerts)
    yield from quantiles("window end → KPI", look.delays_ms)
    yield Row("load meanwhile", pacing.samples() / pacing.seconds, "samples/s", rate, rate, 1)


class Pacing:
    """The load at its pace, in a thread that waits for it."""

    def __init__(self, steady: Load, rate: float, seconds: float) -> None:
        self.steady, self.rate, self.seconds = steady, rate, seconds
        self.said: list[str] = []

    def run(self) -> None:
        self.said = self.steady.told(f"pace {self.rate} {self.seconds}")

    def samples(self) -> int:
        match self.said:
            case [messages, behind_ms, "in", "order"] if int(behind_ms) < 1000:
                return int(messages) * SIZE
            case said:
                raise Mismatch(f"the load could not keep its pace: {' '.join(said)}")


def steady_burst(rate: float, lines: int) -> Burst:
    """Its samples stand so far apart that each unit has the next message ready when its turn comes."""
    per_series = rate / Burst(MQTT_PREFIX, lines, SIZE, 1, TICKS).senders / 5
    return Burst(MQTT_PREFIX, lines, SIZE, max(1, int(1000 / per_series)), TICKS)


def window_ends(began_ms: int, until_ms: int) -> list[int]:
    """Of the windows that lie wholly between."""
    first = -(-began_ms // WINDOW_MS) * WINDOW_MS + WINDOW_MS
    return list(range(first, until_ms + 1, WINDOW_MS))


def quantiles(case: str, delays_ms: Sequence[int]) -> Iterator[Row]:
    least, most = float(min(delays_ms)), float(max(delays_ms))
    for name, value in (("p50", 50), ("p99", 99), ("max", 100)):
        found = float(np.percentile(delays_ms, value))
        yield Row(f"{case}, {name}", found, "ms", least, most, len(delays_ms))
