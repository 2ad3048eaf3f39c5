"""The whole product while its InfluxDB is away, then busy, then slow: KPIs and alerts go on, in the end all is there.

An hour without the store is STORE_AWAY_S here (12 s): long enough for windows and incidents that begin and end in it.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.influx.fake import FakeInflux
from connectors.influx.fake_points import Bucket
from connectors.influx.settings import InfluxSettings
from connectors.influx.store import InfluxStore
from connectors.memory_store import MemoryStore
from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from connectors.services.influxdb import furnish
from connectors.services.run_folder import free_port
from pipeline.core.results import Result
from pipeline.runtime.clock import WallClock
from tests.contract.test_sink import is_equal
from tests.crash import oracle
from tests.crash.test_kill import LINES, write_config
from tests.crash.traffic import Listener, Publisher
from tests.faults.record import record
from tests.integration.gap import Gap
from tests.integration.test_influx_faults import own_influxd
from tests.processes import Processes

REQUIRED = os.environ.get("SERVICES") == "required"
pytestmark = [
    pytest.mark.faults,
    pytest.mark.real,
    pytest.mark.skipif(
        not find_mosquitto() and not REQUIRED,
        reason="no mosquitto on this machine; `apt-get install mosquitto` brings it",
    ),
]
AWAY_S = float(os.environ.get("STORE_AWAY_S", "12"))
BUSY_S, SLOW_S, SEED = 5.0, 0.1, 1
LEVELS = ("site", "line", "unit")
STORE = '[store]\nkind = "influxdb"\nurl = "http://127.0.0.1:{port}"\n'


@dataclass
class Plant(Processes):
    """A broker, all roles in one process, an InfluxDB behind a gap, and a publisher."""

    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        broker = self.stack.enter_context(embedded_broker(self.folder / "broker", kind="mosquitto"))
        self.port = free_port({broker.port})
        (self.folder / "influxdb").mkdir()
        self.stack.enter_context(own_influxd(self.folder / "influxdb", self.port, auth=False))
        furnish(self.port)
        self.gap = self.stack.enter_context(Gap(free_port({broker.port, self.port}), self.port))
        self.config = self.folder / "config"
        write_config(self.config, broker.url)
        with (self.config / "park.toml").open("a") as park:
            park.write(STORE.format(port=self.gap.port))
        self.listener, self.publisher = Listener(broker.port), Publisher(broker.port, SEED)
        self.start("all", self.config)
        self.publisher.await_subscriber()
        self.store = InfluxStore(InfluxSettings(f"http://127.0.0.1:{self.port}"), LEVELS)

    @property
    def log(self) -> Path:
        return self.config / "data" / "log"

    def results(self) -> list[Result]:
        return oracle.published(self.log)[0]

    def taken(self) -> int:
        """Results that the historian has behind it, in records."""
        return sum(at for (group, topic, _), at in oracle.commits(self.log).items() if (group, topic) == HISTORIAN)

    def waits(self) -> int:
        return sum(oracle.lag(self.log, "historian", topic) for topic in ("results.v1", "alerts.v1"))

    def close(self) -> None:
        self.destroy()
        self.publisher.close()
        self.listener.close()
        self.store.close()
        self.stack.close()


HISTORIAN = ("historian", "results.v1")


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    found = Plant(tmp_path)
    try:
        yield found
    finally:
        found.close()


def is_newer(found: Result, moment_ms: int) -> bool:
    return found.kind == "kpi" and found.window_s == 10 and found.window_start >= moment_ms


def test_row_18_a_store_away_busy_and_slow_stops_no_kpi_and_no_alert_and_has_everything_in_the_end(
    plant: Plant,
) -> None:
    plant.publisher.start()
    plant.await_that(lambda: plant.store.read("metric").height > 0, "the store has results")
    plant.gap.shut()
    away_ms, behind = int(time.time() * 1000), plant.taken()
    plant.await_that(lambda: "nothing answers there; start InfluxDB" in plant.said("all"), "it says so")
    time.sleep(AWAY_S)
    assert plant.taken() <= behind + 1, "nothing is behind the historian that the store has not taken"
    plant.await_that(
        lambda: {r.equipment for r in plant.results() if is_newer(r, away_ms)} >= {*LINES}, "KPIs go on", 20
    )
    raised = {a["equipment"] for a in plant.listener.heard if a["raised_ms"] > away_ms}
    assert raised == {f"{line}/filler" for line in LINES}, "alerts go on"

    busy = FakeInflux(WallClock(), buckets={"parkpulse": Bucket()}, busy=[(503, "2")] * 100)
    with busy.serving():
        plant.gap.to = busy.port
        plant.gap.open()
        plant.await_that(lambda: busy.writes > 0, "it is tried again", 20)
        time.sleep(BUSY_S)
        assert busy.writes <= 2 + BUSY_S / 2, "as seldom as it was asked to"
        plant.gap.shut()
    plant.gap.to, plant.gap.delay_s = plant.port, SLOW_S
    plant.gap.open()
    back = time.monotonic()
    plant.publisher.finish()
    plant.await_that(lambda: plant.waits() == 0, "the store has caught up", 60)
    seconds = time.monotonic() - back
    assert plant.end("all") == 0
    holds_all_that_was_said(plant, seconds)


def holds_all_that_was_said(plant: Plant, seconds: float) -> None:
    """Of each identity the newest revision, each transition once."""
    results, alerts = oracle.published(plant.log)
    wanted = MemoryStore()
    wanted.write([r for r in results if r.kind != "progress"], alerts)
    metrics = plant.store.read("metric")
    lost = wanted.read("metric").height - metrics.height
    names = ["equipment", "name", "window_s", "window_start", "product"]
    record(lost=lost, duplicate=metrics.height - metrics.n_unique(names), seconds=seconds, tier="T2", seed=SEED)
    is_equal(plant.store, wanted)
