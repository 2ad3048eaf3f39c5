"""The gateway as a process, and trouble between it and its broker while a plant sends: nothing acknowledged is lost.

LINK_SEED chooses when the link is cut. What the broker took is known by its own answers (tests.crash.traffic).
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.mqtt.settings import MqttSettings
from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from connectors.services.run_folder import free_port
from tests.crash import oracle
from tests.crash.traffic import Publisher
from tests.faults.record import record
from tests.integration.gap import Gap
from tests.processes import Processes

REQUIRED = os.environ.get("SERVICES") == "required"
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(
        not find_mosquitto() and not REQUIRED,
        reason="no mosquitto on this machine; `apt-get install mosquitto` brings it",
    ),
]
SEED = int(os.environ.get("LINK_SEED", "1"))
PARK = """
levels = ["site", "line", "unit"]
data_dir = "data"
language = "en"
[gateway]
name = "gw"
[[brokers]]
url = "mqtt://127.0.0.1:{port}"
"""


@dataclass
class Site(Processes):
    """A broker, a gateway behind a gap, and a publisher that goes around it."""

    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.broker = ExitStack()
        self.port = free_port(set())
        self.serve("broker")
        self.gap = self.stack.enter_context(Gap(free_port({self.port}), self.port))
        self.config = self.folder / "config"
        self.config.mkdir()
        (self.config / "park.toml").write_text(PARK.format(port=self.gap.port))
        self.start("gateway", self.config, "gateway")
        self.publisher = Publisher(self.port, SEED)
        self.publisher.await_subscriber()

    def serve(self, folder: str) -> None:
        """A broker on the same port; in another folder it knows nothing of any session."""
        self.broker.enter_context(embedded_broker(self.folder / folder, self.port, "mosquitto"))

    @property
    def log(self) -> Path:
        return self.config / "data" / "log"

    def rows(self) -> Counter:
        return Counter(row[:5] for record in oracle.records(self.log, "samples.v1") for row in oracle.rows(record))

    def lost(self, sent: list[tuple]) -> int:
        return len(set(sent) - self.rows().keys())

    def settle(self, seconds: float = 30.0, since: int = 0) -> None:
        """All that the broker took (from the sample numbered `since` on) is in the log; the gateway ends cleanly."""
        self.publisher.finish()
        sent = self.publisher.acknowledged[since:]
        begun = time.monotonic()
        self.await_that(lambda: self.lost(sent) == 0, "all that the broker took is in the log", seconds)
        took = round(time.monotonic() - begun, 2)
        assert self.end("gateway") == 0
        rows = self.rows()
        again = sum(rows.values()) - len(rows)
        record(lost=self.lost(sent), duplicate=again, seconds=took, tier="T1", seed=SEED)

    def close(self) -> None:
        self.destroy()
        self.publisher.close()
        self.stack.close()
        self.broker.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    try:
        yield found
    finally:
        found.close()


def test_row_02_a_link_that_is_cut_every_second_or_two_loses_nothing(site: Site) -> None:
    dice = random.Random(SEED)
    site.publisher.start()
    for _ in range(8):
        time.sleep(dice.uniform(0.5, 2.0))
        site.gap.shut()
        time.sleep(dice.uniform(0.0, 0.5))
        site.gap.open()
    site.settle()
    rows = site.rows()
    assert len(site.publisher.acknowledged) > 10_000
    assert sum(rows.values()) - len(rows) < 0.2 * len(rows), "what came again is what was on its way when it was cut"


@pytest.mark.faults
def test_row_03_a_half_open_link_is_given_up_within_one_and_a_half_keepalives_and_loses_nothing(site: Site) -> None:
    site.publisher.start()
    time.sleep(2)
    site.gap.swallows = True
    since = time.monotonic()
    keepalive = MqttSettings("mqtt://x:1", "x").keepalive_s
    site.await_that(lambda: "waiting" in site.said("gateway"), "the gateway says that it waits", 2 * keepalive)
    assert time.monotonic() - since < 1.5 * keepalive + 2
    site.gap.swallows = False
    site.settle(60)


def test_row_04_a_broker_that_lost_its_sessions_is_subscribed_to_again_and_no_number_is_taken_for_another(
    site: Site,
) -> None:
    site.publisher.start()
    time.sleep(3)
    site.broker.close()
    before = list(site.publisher.acknowledged)
    site.serve("broker without a past")
    site.await_that(lambda: "forgotten our session" in site.said("gateway"), "it says what is lost")
    site.publisher.await_later(1.0)
    site.settle(since=len(site.publisher.acknowledged))
    assert site.lost(before) < 0.2 * len(before), "what the old broker still held is gone with it"


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.faults) for n in range(2, 25))])
def test_row_41_told_to_end_at_any_moment_all_acknowledged_is_in_the_log(site: Site, seed: int) -> None:
    dice = random.Random(SEED * 1000 + seed)
    site.publisher.start()
    for life in range(8):
        time.sleep(dice.uniform(0.0, 1.0))
        begun, since = site.said("gateway").count('"started"') > life, time.monotonic()
        assert site.end("gateway") in ({0} if begun else {0, -signal.SIGTERM}), site.said("gateway")[-2000:]
        assert time.monotonic() - since < 10
        site.start("gateway", site.config, "gateway")
    site.settle()
