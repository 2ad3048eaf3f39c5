"""An MQTT broker and an InfluxDB that are slow, or away in the middle: a line, and all goes on where it was."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from connectors.influx.settings import InfluxSettings
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.source import MqttSource
from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from connectors.services.influxdb import furnish
from connectors.services.run_folder import free_port
from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import WallClock
from tests.integration.gap import Gap
from tests.integration.test_influx_faults import Chain, own_influxd, results

pytestmark = pytest.mark.real
SLOW_S = 0.3


def until(fact: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def store(folder: Path) -> Iterator[tuple[Chain, Gap]]:
    port = free_port(set())
    with own_influxd(folder, port, auth=False), Gap(free_port({port}), port) as gap:
        furnish(port)
        yield Chain(InfluxSettings(f"http://127.0.0.1:{gap.port}")), gap


def test_row_18_a_slow_store_gets_everything(tmp_path: Path) -> None:
    with store(tmp_path) as (chain, gap):
        gap.delay_s = SLOW_S
        for part in range(3):
            chain.publish(results(part * 5, 5))
        until(lambda: chain.historian.turn(0.0) == 0)
        assert chain.historian.taken("results.v1") == 3
        assert chain.counts() == list(range(15))


def test_row_18_a_store_that_is_away_in_the_middle_is_one_line_and_gets_the_rest_when_it_is_back(
    tmp_path: Path,
) -> None:
    with store(tmp_path) as (chain, gap):
        chain.publish(results(0, 5))
        chain.historian.turn(0.0)
        assert chain.historian.taken("results.v1") == 1
        gap.shut()
        chain.publish(results(5, 5))
        with suppress(Unavailable):  # what stood is cut, and said as that
            chain.historian.turn(0.0)
        said = f"store: http://127.0.0.1:{gap.port}: nothing answers there; start InfluxDB, or correct store.url"
        assert chain.refused() == (said, 1)
        gap.open()
        chain.historian.turn(0.0)
        assert chain.historian.taken("results.v1") == 2
        assert chain.counts() == list(range(10))


class Listening:
    """A source behind a gap, and a publisher that goes around it."""

    def __init__(self, port: int, gap: Gap) -> None:
        self.port, self.found = port, list[bytes]()
        self.source = MqttSource(MqttSettings(f"mqtt://127.0.0.1:{gap.port}", "gw"), ["a/#"], WallClock())
        until(lambda: self.source.connected)

    def publish(self, first: int, count: int) -> None:
        lines = "".join(f"{number}\n" for number in range(first, first + count))
        command = ["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", "a/b", "-l"]
        subprocess.run(command, input=lines, text=True, check=True)

    def take(self) -> int:
        some = self.source.poll(0.2, 1_000)
        self.found += [one.payload.body for one in some]
        self.source.settle([one.token for one in some])
        return len(self.found)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[Listening, Gap]]:
    if not find_mosquitto():
        pytest.skip("no mosquitto on this machine; `apt-get install mosquitto` brings it")
    with embedded_broker(tmp_path / "broker", kind="mosquitto") as broker:
        port = int(broker.url.rpartition(":")[2])
        with Gap(free_port({port}), port) as gap:
            found = Listening(port, gap)
            yield found, gap
            found.source.close()


def test_a_slow_broker_loses_nothing_and_everything_is_acknowledged(listening: tuple[Listening, Gap]) -> None:
    mine, gap = listening
    gap.delay_s = SLOW_S
    mine.publish(0, 500)
    until(lambda: mine.take() >= 500)
    assert mine.found == [b"%d" % number for number in range(500)]
    gap.delay_s = 0.0
    until(lambda: mine.source.counts().unsettled_messages == 0)


def test_a_broker_that_is_away_in_the_middle_is_said_and_what_came_meanwhile_comes_after(
    listening: tuple[Listening, Gap],
) -> None:
    mine, gap = listening
    mine.publish(0, 10)
    until(lambda: mine.take() == 10)
    until(lambda: mine.source.counts().unsettled_messages == 0)
    time.sleep(0.5)  # the acknowledgements are on their way
    gap.shut()
    mine.publish(10, 10)
    said = f"mqtt://127.0.0.1:{gap.port}: can't connect: nobody listens there (ECONNREFUSED)"
    until(lambda: mine.source.counts().last_error == said)
    assert not mine.source.connected
    gap.open()
    until(lambda: mine.take() >= 20)
    assert mine.found == [b"%d" % number for number in range(20)]
