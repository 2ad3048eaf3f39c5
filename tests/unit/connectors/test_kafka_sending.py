"""What is on its way into a faltering Kafka: nothing lost, nothing twice, in order; the newest time is told."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")

import asyncio

from aiokafka.errors import OutOfOrderSequenceNumber

from connectors.kafka.background import Background
from connectors.kafka.producer import Batch
from connectors.kafka.sending import Sending
from pipeline.core.errors import Unavailable


class FullAfterTwo:
    def __init__(self) -> None:
        self.values: list[bytes | None] = []

    def append(self, *, timestamp: None, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> object:
        if len(self.values) == 2:
            return None
        self.values.append(value)
        return self

    def close(self) -> None:
        """Nothing more comes."""


@dataclass
class Cluster:
    """Keeps what it is sent; may be away, and may break the producer that sends to it."""

    kept: list[bytes | None] = field(default_factory=list)
    is_away: threading.Event = field(default_factory=threading.Event)
    is_closed: threading.Event = field(default_factory=threading.Event)  # lets nobody in
    breaks: int = 0
    lacks: str = ""
    producers: int = 0

    def producer(self) -> "Producer":
        self.producers += 1
        return Producer(self)


@dataclass
class Producer:
    cluster: Cluster

    async def start(self) -> None:
        while self.cluster.is_closed.is_set():
            await asyncio.sleep(0.001)

    def create_batch(self) -> Batch:
        return FullAfterTwo()

    async def send(self, batch: Batch, topic: str, partition: int) -> int:
        while self.cluster.is_away.is_set():
            await asyncio.sleep(0.001)
        if self.cluster.breaks:
            self.cluster.breaks -= 1
            raise OutOfOrderSequenceNumber()
        assert isinstance(batch, FullAfterTwo)
        self.cluster.kept += batch.values
        return 1000 + len(self.cluster.kept)

    async def lacks(self, topic: str) -> bool:
        return topic == self.cluster.lacks

    async def stop(self) -> None:
        """Holds nothing."""


@pytest.fixture
def background() -> Iterator[Background]:
    found = Background()
    yield found
    found.close()


def add(sending: Sending, *values: bytes) -> None:
    for value in values:
        sending.add("t", 0, (b"k", value, ()))


def test_what_arrives_after_a_flush_gave_up_is_sent_once_and_its_time_is_told(background: Background) -> None:
    cluster = Cluster()
    sending = Sending(background, cluster.producer, "")
    cluster.is_away.set()
    add(sending, b"1", b"2", b"3")
    for _ in range(2):
        with pytest.raises(Unavailable, match="t/0: not acknowledged"):
            sending.flush(0.05)
    cluster.is_away.clear()
    while len(cluster.kept) < 3:
        background.call(asyncio.sleep(0.001))
    background.call(asyncio.sleep(0.01))
    assert sending.flush() == 1003
    add(sending, b"4")
    assert sending.flush() == 1004
    assert (cluster.kept, cluster.producers) == ([b"1", b"2", b"3", b"4"], 1)
    sending.close()


def test_what_came_while_the_cluster_was_away_follows_in_order(background: Background) -> None:
    cluster = Cluster()
    sending = Sending(background, cluster.producer, "")
    cluster.is_away.set()
    for value in (b"1", b"2", b"3"):
        add(sending, value)
        with pytest.raises(Unavailable):
            sending.flush(0.05)
    cluster.is_away.clear()
    add(sending, b"4")
    sending.flush()
    assert cluster.kept == [b"1", b"2", b"3", b"4"]
    sending.close()


def test_after_an_error_that_no_retry_mends_a_new_producer_sends_the_rest(background: Background) -> None:
    cluster = Cluster(breaks=1)
    sending = Sending(background, cluster.producer, "")
    add(sending, b"1", b"2", b"3")
    with pytest.raises(Unavailable, match="OutOfOrderSequenceNumber"):
        sending.flush()
    add(sending, b"4")
    assert sending.flush() == 1004
    assert (cluster.kept, cluster.producers) == ([b"1", b"2", b"3", b"4"], 2)
    sending.close()


def test_records_that_wait_for_a_topic_that_is_gone_say_so(background: Background) -> None:
    cluster = Cluster(lacks="t")
    sending = Sending(background, cluster.producer, "")
    cluster.is_away.set()
    add(sending, b"1")
    with pytest.raises(Unavailable, match=r"the records wait: topic 't' is missing; run `parkpulse topics ensure`$"):
        sending.flush(0.05)
    cluster.is_away.clear()
    sending.flush()
    assert cluster.kept == [b"1"]
    sending.close()


def test_a_flush_without_patience_only_looks_and_what_it_began_goes_on(background: Background) -> None:
    cluster = Cluster()
    sending = Sending(background, cluster.producer, "")
    cluster.is_closed.set()
    cluster.is_away.set()
    add(sending, b"1")
    with pytest.raises(Unavailable, match="no answer in time"):
        sending.flush(0)
    cluster.is_closed.clear()
    background.call(asyncio.sleep(0.05))
    for _ in range(2):
        with pytest.raises(Unavailable, match="t/0: not acknowledged after 0 s"):
            sending.flush(0)
    cluster.is_away.clear()
    background.call(asyncio.sleep(0.05))
    assert sending.flush(0) == 1001
    assert (cluster.kept, cluster.producers) == ([b"1"], 1)
    sending.close()


def test_closing_ends_what_still_tries_to_be_let_in(background: Background) -> None:
    cluster = Cluster()
    sending = Sending(background, cluster.producer, "")
    cluster.is_closed.set()
    add(sending, b"1")
    with pytest.raises(Unavailable):
        sending.flush(0)
    sending.close()
