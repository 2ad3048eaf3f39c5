"""Workers of one group on a real Kafka, as processes: they share the partitions, and results stay those of the log."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka_feed import Feed, assert_as_of_one
from tests.kafka_park import KafkaPark, kafka_park, lag

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def park(tmp_path: Path) -> Iterator[KafkaPark]:
    with kafka_park(tmp_path, levels=("site", "line", "unit")) as found:
        yield found


def test_a_second_worker_takes_a_share_and_all_when_the_first_is_killed(park: KafkaPark) -> None:
    config = park.configure()
    log = park.log(config)
    feed = Feed(log)
    feed.write(3)
    park.start("one", config, "worker")
    park.await_that(lambda: park.owned("one") == [0, 1, 2, 3], "the first has all")
    feed.write(2)
    park.start("two", config, "worker")
    park.await_that(lambda: len(park.owned("two") or []) == 2, "the second has half")
    park.await_that(lambda: len(park.owned("one") or []) == 2, "the first has the other half")
    assert sorted((park.owned("one") or []) + (park.owned("two") or [])) == [0, 1, 2, 3]
    feed.write(3)
    park.kill("one")
    feed.write(2)
    park.await_that(lambda: park.owned("two") == [0, 1, 2, 3], "the second has all")
    feed.write(2)
    park.await_that(lambda: lag(park, log, "samples.v1", "worker") == 0, "everything is read")
    assert park.end("two") == 0
    assert_as_of_one(log)


def both(park: KafkaPark, config: Path) -> None:
    """Two workers, each with half of the partitions."""
    park.start("one", config, "worker")
    park.await_that(lambda: park.owned("one") == [0, 1, 2, 3], "the first has all")
    park.start("two", config, "worker")
    park.await_that(lambda: len(park.owned("two") or []) == len(park.owned("one") or []) == 2, "each has half")


def test_one_that_was_killed_comes_back_to_its_share_at_once_and_the_other_notices_nothing(park: KafkaPark) -> None:
    config = park.configure()
    log = park.log(config)
    feed = Feed(log)
    feed.write(2)
    both(park, config)
    share, told = park.owned("one"), park.said("two").count("works on")
    feed.write(4)
    park.kill("one")
    since = time.monotonic()
    park.start("again", config, "worker")
    park.await_that(lambda: park.owned("again") == share, "it has its share again")
    assert time.monotonic() - since < 8  # less than a session
    feed.write(6)
    park.await_that(lambda: lag(park, log, "samples.v1", "worker") == 0, "everything is read")
    assert park.said("two").count("works on") == told
    assert (park.end("again"), park.end("two")) == (0, 0)
    assert_as_of_one(log)


def test_row_12_one_that_sleeps_longer_than_its_session_spoils_nothing_when_it_wakes(park: KafkaPark) -> None:
    config = park.configure()
    log = park.log(config)
    feed = Feed(log)
    feed.write(2)
    both(park, config)
    park.children["one"].send_signal(signal.SIGSTOP)
    feed.write(4)
    park.await_that(lambda: park.owned("two") == [0, 1, 2, 3], "the other has all")
    feed.write(3)
    park.await_that(lambda: lag(park, log, "samples.v1", "worker") == 0, "everything is read")
    park.children["one"].send_signal(signal.SIGCONT)
    park.await_that(lambda: len(park.owned("two") or []) == len(park.owned("one") or []) == 2, "each has half again")
    feed.write(3)
    park.await_that(lambda: lag(park, log, "samples.v1", "worker") == 0, "everything is read")
    assert (park.end("one"), park.end("two")) == (0, 0)
    assert_as_of_one(log)
