"""Workers of one group on a real Kafka, as processes: they share the partitions, and results stay those of the log."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.frames import encode
from pipeline.core.ports import Log, Outgoing
from tests.crash import oracle
from tests.kafka_park import KafkaPark, kafka_park, lag, published, records
from tests.unit.steps.logs import random_log

pytestmark = [pytest.mark.real, pytest.mark.slow]
LINES, SECONDS, PIECES = 9, 60, 12


@pytest.fixture
def park(tmp_path: Path) -> Iterator[KafkaPark]:
    with kafka_park(tmp_path, levels=("site", "line", "unit")) as found:
        yield found


class Feed:
    """A random log of many lines, written piece by piece."""

    def __init__(self, log: Log, seed: int = 5) -> None:
        self.log, self.writer = log, log.writer()
        entries, _ = random_log(seed, SECONDS, LINES)
        self.records = [Outgoing("samples.v1", entry.line.encode(), encode(entry.frame)) for entry in entries]
        self.size = -(-len(self.records) // PIECES)

    def write(self, pieces: int) -> None:
        for _ in range(pieces):
            some, self.records = self.records[: self.size], self.records[self.size :]
            self.writer.write(some)
            self.writer.flush()


def assert_as_of_one(log: Log) -> None:
    """What all workers said is what one says that reads the log from its start: all of it, and one content each."""
    results, alerts = oracle.unbroken(records(log, "samples.v1"))
    wanted = {(*oracle.identity(r), r.revision): repr((r.values, r.coverage, r.formula)) for r in results}
    said, raised = published(log)
    assert len(wanted) > 1000
    assert said.keys() == wanted.keys()
    assert {key: found for key, found in said.items() if found != {wanted[key]}} == {}
    assert raised == {(alert.id, alert.transition): {repr(alert)} for alert in alerts}


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


def test_one_that_sleeps_longer_than_its_session_spoils_nothing_when_it_wakes(park: KafkaPark) -> None:
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
