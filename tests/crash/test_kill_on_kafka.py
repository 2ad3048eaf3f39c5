"""Workers on a real Kafka that die at every step of their work, of a checkpoint and of a change of owner: the next one
goes on, and all of them together say what one says that never dies.
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.ports import Log
from tests.kafka_feed import Feed, assert_as_of_one
from tests.kafka_park import KafkaPark, kafka_park, lag

pytestmark = [pytest.mark.real, pytest.mark.slow]
ALONE = [
    "taken, nothing read",
    "Kafka: computed, nothing written",
    "Kafka: written, not committed",
    "checkpoint flushed, state not put",
    "Kafka: state put, not flushed",
    "Kafka: state flushed, not committed",
    "Kafka: committed",
    "checkpoint committed",
]
GIVING = ["asked to give, nothing given", "given, not yet fenced"]


PIECES, BEAT_S = 200, 0.3


@pytest.fixture
def park(tmp_path: Path) -> Iterator[KafkaPark]:
    with kafka_park(tmp_path) as found:
        yield found


def feed_until_killed(park: KafkaPark, feed: Feed, name: str, point: str) -> None:
    until = time.monotonic() + 30
    while f"killed at: {point}" not in park.said(name):
        assert time.monotonic() < until, park.said(name)
        feed.write()
        time.sleep(BEAT_S)
    assert park.children.pop(name).wait(10) == -signal.SIGKILL


def finish(park: KafkaPark, feed: Feed, log: Log, *names: str) -> None:
    feed.write(PIECES)
    park.await_that(lambda: lag(park, log, "samples.v1", "worker") == 0, "everything is read")
    assert [park.end(name) for name in names] == [0] * len(names)
    assert_as_of_one(log)


def test_a_worker_that_dies_at_any_step_leaves_what_the_next_one_needs(park: KafkaPark) -> None:
    config = park.configure()
    log = park.log(config)
    feed = Feed(log, PIECES)
    for point in ALONE:
        park.launch(point, config, point, 0.0 if point.startswith("taken") else 2.0)
        feed_until_killed(park, feed, point, point)
    park.start("last", config, "worker")
    finish(park, feed, log, "last")


def test_a_worker_that_dies_while_it_gives_leaves_what_its_heirs_need(park: KafkaPark) -> None:
    config = park.configure()
    log = park.log(config)
    feed = Feed(log, PIECES)
    for number, point in enumerate(GIVING):
        park.launch(point, config, point, 0.0)
        park.await_that(lambda name=point: bool(park.owned(name)), "it has its share")
        park.start(f"heir-{number}", config, "worker")
        feed_until_killed(park, feed, point, point)
        heirs = [f"heir-{k}" for k in range(number + 1)]
        park.await_that(lambda some=heirs: sum(len(park.owned(h) or ()) for h in some) == 4, "the heirs have all")
    finish(park, feed, log, "heir-0", "heir-1")
