"""The chain on three nodes of Kafka, each role a process: plants, Mosquitto, two gateways, workers, the store.

In the middle a node dies, and a worker with it, and another worker comes. No figure changes.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.local_store import LocalStore
from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from connectors.services.processes import running
from tests.bundled import CONFIG
from tests.e2e.simulated import Simulated
from tests.kafka_park import KafkaPark, kafka_park, lag

REQUIRED = os.environ.get("SERVICES") == "required"
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(
        not find_mosquitto() and not REQUIRED,
        reason="no mosquitto on this machine; `apt-get install mosquitto` brings it",
    ),
]
LEVELS = ("operator", "park", "tenant", "site", "area", "line", "unit")
LENGTH_S, SPEED = 60, 3
BROKER = """
[gateway]
name = "{name}"
[[brokers]]
url = "{url}"
families = [{families}]
"""
TELEGRAF = """
[[brokers.topics]]
pattern = "telegraf/+"
family = "telegraf"
"""


@dataclass
class Chain:
    """The configurations of one park: of both gateways, each with half of the forms, and of the plants."""

    park: KafkaPark
    url: str

    def __post_init__(self) -> None:
        self.first = self._configured("first", '"own"')
        self.second = self._configured("second", '"umh"', TELEGRAF)
        self.plants = self._configured("plants", '"own", "umh"', TELEGRAF)
        self.log = self.park.log(self.first)
        self.store = LocalStore(self.park.folder / "data" / "store.sqlite")
        self.simulated = Simulated(self.plants, self.park.folder, LENGTH_S, SPEED)

    def _configured(self, name: str, families: str, more: str = "") -> Path:
        config = self.park.configure(name, BROKER.format(name=name, url=self.url, families=families) + more)
        shutil.copytree(CONFIG / "lines", config / "lines")
        return config

    def start(self) -> None:
        self.park.start("gateway-1", self.first, "gateway")
        self.park.start("gateway-2", self.second, "gateway")
        self.park.start("worker-1", self.first, "worker")
        self.park.start("worker-2", self.first, "worker")
        self.park.start("historian", self.first, "historian")
        self.park.await_that(lambda: "parkpulse.gateway" in self.park.said("gateway-2"), "gateways run")
        self.park.await_that(self._shared, "workers share")

    def _shared(self) -> bool:
        return all(len(self.park.owned(name) or ()) == 2 for name in ("worker-1", "worker-2"))

    def assert_ends(self) -> None:
        self.park.await_that(lambda: lag(self.park, self.log, "samples.v1", "worker") < 50, "workers keep up")
        codes = {name: self.park.end(name) for name in list(self.park.children)}
        assert set(codes.values()) == {0}, codes


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with embedded_broker(tmp_path / "broker", kind="mosquitto") as broker:
        yield broker.url


@contextmanager
def three_nodes(folder: Path) -> Iterator[str]:
    """A cluster of our own, for one of its nodes is to die."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PARKPULSE_TEST_")}
    command = [sys.executable, "-m", "pipeline", "services"]
    place = ["--dir", str(folder)]
    try:
        up = [*command, "up", "kafka", "--kafka-nodes", "3", *place, "--env"]
        done = subprocess.run(up, capture_output=True, text=True, check=False, env=ours)
        if done.returncode and "not to be had here" in done.stderr and not REQUIRED:
            pytest.skip(done.stderr.splitlines()[-1])
        assert done.returncode == 0, done.stderr
        yield dict(line.split("=", 1) for line in done.stdout.splitlines())["PARKPULSE_TEST_KAFKA"]
    finally:
        subprocess.run([*command, "down", *place], check=False, capture_output=True, env=ours)


def test_on_three_nodes_one_that_dies_with_a_worker_changes_no_number(tmp_path: Path, url: str) -> None:
    nodes = tmp_path / "nodes"
    with three_nodes(nodes) as addresses, kafka_park(tmp_path, levels=LEVELS, bootstrap=addresses) as park:
        chain = Chain(park, url)
        chain.start()
        chain.simulated.start()
        time.sleep(chain.simulated.seconds / 3)
        os.kill(running(nodes)[0].pid, signal.SIGKILL)
        park.kill("worker-1")
        park.start("worker-3", chain.first, "worker")
        chain.simulated.wait()
        chain.simulated.await_stored(park, chain.store)
        chain.simulated.assert_true(chain.store, stalled=True)
        assert park.owned("worker-3")
        chain.assert_ends()
