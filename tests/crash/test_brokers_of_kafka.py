"""A Kafka of three brokers under load: one after another is killed, leaders move, and a majority is away for a while.

What was written is in the log once and in order, and workers say of it what one says that nothing ever disturbed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from connectors.services.processes import running
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Log, Outgoing
from tests.faults.record import record
from tests.integration.brought_up import OURS, services, up
from tests.kafka_feed import Feed, assert_as_of_one
from tests.kafka_park import KafkaPark, kafka_park, lag, records

pytestmark = [pytest.mark.real, pytest.mark.slow]
NODES, BEAT_S, CALM_S, MOST_STALL_S = 3, 0.1, 2.0, 15.0
MANY_PIECES = 900


@dataclass
class Stream:
    """Writes a little each beat, as a gateway does; knows how long a flush took at most."""

    feed: Feed
    written: list[Outgoing] = field(default_factory=list)
    longest_s: float = 0.0

    def write(self, pieces: int = 1, patience_s: float = 60.0) -> None:
        self.written += self.feed.records[: self.feed.size * pieces]
        since = time.monotonic()
        try:
            self.feed.write(pieces)
        except Unavailable:
            self.flush(patience_s)
        self.longest_s = max(self.longest_s, time.monotonic() - since)

    def flush(self, patience_s: float = 60.0) -> None:
        until = time.monotonic() + patience_s
        while True:
            try:
                return self.feed.writer.flush()
            except Unavailable:
                if time.monotonic() > until:
                    raise

    def during(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.write()
            time.sleep(BEAT_S)


@dataclass
class Cluster:
    place: Path
    park: KafkaPark
    log: Log
    stream: Stream

    def node(self, number: int) -> int:
        return next(one.pid for one in running(self.place) if one.name == f"kafka-{number}")

    def kill(self, number: int) -> None:
        os.kill(self.node(number), signal.SIGKILL)

    def again(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "pipeline", "services", "up", "kafka", "--dir", str(self.place)]
        return subprocess.Popen(command, env=OURS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def until(self, fact: Callable[[], bool]) -> None:
        """Goes on writing."""
        until = time.monotonic() + 60
        while not fact():
            assert time.monotonic() < until
            self.stream.write()
            time.sleep(BEAT_S)

    def check(self) -> None:
        """Nothing lost, nothing twice, each key in the order of writing; and the worker's numbers."""
        self.stream.write(MANY_PIECES)
        self.park.await_that(lambda: lag(self.park, self.log, "samples.v1", "worker") == 0, "everything is read", 60)
        assert self.park.end("worker") == 0
        found = records(self.log, "samples.v1")
        assert len(found) == len(self.stream.written) > 1_000
        for key in {one.key for one in self.stream.written}:
            assert [r.value for r in found if r.key == key] == [w.value for w in self.stream.written if w.key == key]
        assert_as_of_one(self.log)
        record(lost=0, duplicate=0, seconds=round(self.stream.longest_s, 2), tier="T2")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    place = (tmp_path / "services").resolve()
    try:
        address = up(place, "kafka", "--kafka-nodes", str(NODES))["PARKPULSE_TEST_KAFKA"]
        with kafka_park(tmp_path, bootstrap=address) as park:
            config = park.configure()
            log = park.log(config)
            park.start("worker", config, "worker")
            park.await_that(lambda: park.owned("worker") == [0, 1, 2, 3], "the worker has all")
            yield Cluster(place, park, log, Stream(Feed(log, MANY_PIECES)))
    finally:
        services("down", place)


def test_row_10_each_of_three_brokers_is_killed_in_turn_and_nothing_is_lost_or_doubled(cluster: Cluster) -> None:
    cluster.stream.during(CALM_S)
    for number in range(1, NODES + 1):
        cluster.kill(number)
        cluster.stream.during(CALM_S)
        back = cluster.again()
        cluster.until(lambda back=back: back.poll() is not None)
        assert back.returncode == 0
        cluster.stream.during(2 * CALM_S)  # until its copies have caught up
    assert cluster.stream.longest_s < MOST_STALL_S
    cluster.check()


@pytest.mark.faults
def test_row_09_leaders_that_move_under_load_stall_it_for_less_than_three_seconds(cluster: Cluster) -> None:
    cluster.stream.during(CALM_S)
    for number in range(1, NODES + 1):
        os.kill(cluster.node(number), signal.SIGTERM)  # hands its partitions over before it ends
        cluster.until(lambda name=f"kafka-{number}": name not in {one.name for one in running(cluster.place)})
        back = cluster.again()
        cluster.until(lambda back=back: back.poll() is not None)
        cluster.stream.during(2 * CALM_S)
    assert cluster.stream.longest_s < 3.0
    cluster.check()


@pytest.mark.faults
def test_row_08_without_a_majority_nothing_moves_and_then_everything_arrives(cluster: Cluster) -> None:
    cluster.stream.during(CALM_S)
    cluster.kill(1)
    cluster.kill(2)
    with pytest.raises(Unavailable):
        cluster.stream.write(1, patience_s=0)
    back = cluster.again()
    assert back.wait(90) == 0
    cluster.stream.flush()
    cluster.check()
