"""What holds the loop of Kafka's clients up is seen from outside, while it lasts and for a while after."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")

from connectors.kafka.background import Background
from pipeline.config.read import read_config
from pipeline.roles.start import Park, open_kafka
from pipeline.runtime.clock import WallClock

PARK = """
data_dir = "data"
[log]
kind = "kafka"
bootstrap = ["127.0.0.1:9"]
[[brokers]]
url = "mqtt://127.0.0.1:1"
"""


@pytest.fixture
def background() -> Iterator[Background]:
    found = Background()
    yield found
    found.close()


async def hold(seconds: float) -> None:
    until = monotonic() + seconds
    while monotonic() < until:
        pass


def test_what_holds_the_loop_up_is_seen_while_it_lasts_and_after(background: Background) -> None:
    assert background.lag() < 0.3
    holding = Thread(target=lambda: background.call(hold(1.5)))
    holding.start()
    sleep(1.2)
    assert background.lag() > 0.3  # it looks twice a second
    holding.join()
    assert 0.9 < background.lag() < 2.0
    sleep(0.6)
    assert background.lag() > 0.9


def test_a_park_on_kafka_shows_it_as_an_instrument(tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_text(PARK, "utf-8")
    config = read_config(tmp_path)
    log = open_kafka(config)  # connects to nobody yet
    park = Park(config, WallClock(), log)
    park.start([])
    log._background.call(hold(0.9))
    shown = park.instruments.registry.get_sample_value("parkpulse_kafka_loop_lag_seconds")
    log.close()
    assert shown is not None
    assert shown > 0.3


def test_of_a_closed_loop_there_is_no_lag() -> None:
    background = Background()
    background.close()
    assert background.lag() == 0.0
