"""The log while Kafka is slow, away, full or without a topic, and what strangers write: a line each, nothing lost."""

import asyncio
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")

from aiokafka import AIOKafkaProducer

from connectors.kafka.log import KafkaLog
from connectors.kafka.reader import SESSION_MS
from pipeline.core.errors import Unavailable
from pipeline.core.frames import encode
from pipeline.core.ports import Outgoing, Record
from pipeline.roles.reading import ROOM
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import Worker
from pipeline.runtime.instruments import Instruments
from tests.integration.secure_kafka import SecureKafka, removed, secure_kafka
from tests.unit.steps.logs import random_log

pytestmark = pytest.mark.real
RATHER_LARGE = (16 << 20) - 200  # of the 16 MiB that a topic takes, with what Kafka adds


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("kafka")) as found:
        yield found


@pytest.fixture
def log(kafka: SecureKafka, tmp_path: Path) -> Iterator[KafkaLog]:
    """Its topics are made anew for each test."""
    found = KafkaLog(kafka.plain, tmp_path, {})
    found.ensure(dict.fromkeys(TOPICS, 1))
    yield found
    found.close()
    asyncio.run(removed(kafka, "samples.v1", "rejects.v1"))


class Stream:
    """Numbers written one by one, and read back."""

    def __init__(self, log: KafkaLog) -> None:
        self.writer, self.reader = log.writer(), log.reader("samples.v1", "worker", "first")
        self.written, self.found, self.said = 0, list[Record](), set[str]()

    def write(self) -> None:
        self.written += 1
        self.writer.write([Outgoing("samples.v1", b"k", b"%d" % self.written)])
        self.writer.flush()

    def read(self) -> None:
        """All that was written."""
        until = monotonic() + 30
        while len(self.found) < self.written and monotonic() < until:
            self.found += self.reader.poll(0.2)
        assert [record.value for record in self.found] == [b"%d" % n for n in range(1, self.written + 1)]

    def commit(self) -> int:
        self.reader.commit({0: self.found[-1].offset + 1})
        return self.reader.committed(0) or 0

    def commit_or_join(self) -> int:
        try:
            return self.commit()
        except Unavailable as error:
            self.said.add(str(error))
            self.found += self.reader.poll(0.2)
            return 0


def said(what: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as why:
        what()
    return str(why.value)


def test_over_a_slow_way_everything_arrives_once_and_is_committed(kafka: SecureKafka, log: KafkaLog) -> None:
    stream = Stream(log)
    kafka.gap.delay_s = 0.3
    try:
        for _ in range(3):
            stream.write()
        stream.read()
        assert stream.commit() == 3
    finally:
        kafka.gap.delay_s = 0.0


def test_away_for_longer_than_a_session_is_one_line_each_and_all_goes_on_where_it_was(
    kafka: SecureKafka, log: KafkaLog
) -> None:
    stream = Stream(log)
    stream.write()
    stream.read()
    assert stream.commit() == 1
    stream.write()
    stream.read()
    kafka.gap.shut()
    until = monotonic() + SESSION_MS / 1000 + 5
    try:
        lines = set[str]()
        while monotonic() < until:
            lines |= {said(stream.write), said(lambda: stream.reader.poll(0.2)), said(stream.commit)}
    finally:
        kafka.gap.open()
    assert lines == {
        "log: samples.v1/0: not acknowledged after 5 s; the records wait",
        "log: samples.v1: read: no answer in time",
        "log: samples.v1: commit: no answer in time",
    }
    stream.write()
    stream.read()
    until = monotonic() + 20
    while stream.commit_or_join() != stream.written:  # the group has ended our session
        assert monotonic() < until
    assert stream.said <= {"log: samples.v1: commit: the group has gone on without us; we join it again"}
    assert len(stream.found) == stream.written


def test_row_17_a_full_disk_of_kafka_ends_kafka_and_what_was_not_acknowledged_is_written_once(
    kafka: SecureKafka, log: KafkaLog
) -> None:
    assert kafka.child is not None
    writer, large = log.writer(), [os.urandom(1 << 20) for _ in range(9)]
    resource.prlimit(kafka.child.pid, resource.RLIMIT_FSIZE, (8 << 20, resource.RLIM_INFINITY))
    writer.write([Outgoing("samples.v1", b"k", value) for value in large])
    assert said(writer.flush) == "log: samples.v1/0: not acknowledged after 5 s; the records wait"
    kafka.child.wait(20)
    assert "log dirs in" in (kafka.folder / "log").read_text()
    kafka.start()
    until = monotonic() + 30
    while True:
        try:
            writer.flush()
            break
        except Unavailable:
            assert monotonic() < until
    reader, found = log.reader("samples.v1", ""), list[bytes]()
    while some := reader.poll(0.2):
        found += [record.value for record in some]
    assert found == large


def test_a_topic_that_is_gone_is_named_and_what_waits_for_it_is_written_once_it_is_there_again(
    kafka: SecureKafka, log: KafkaLog
) -> None:
    stream = Stream(log)
    stream.write()
    stream.read()
    asyncio.run(removed(kafka, "samples.v1"))
    sleep(1)  # until it is gone
    gone = "topic 'samples.v1' is missing; run `parkpulse topics ensure`"
    until = monotonic() + 20
    while said(lambda: stream.reader.poll(0.2)) != f"log: {gone}":
        assert monotonic() < until
    for _ in range(2):
        assert said(stream.write) == f"log: samples.v1/0: not acknowledged after 5 s; the records wait: {gone}"
    log.ensure({"samples.v1": 1})
    stream.write()
    assert [record.value for record in log.reader("samples.v1", "").poll(1)] == [b"2", b"3", b"4"]


async def strange(kafka: SecureKafka, values: list[bytes | None]) -> None:
    """As others write: without a key, with any bytes in key and headers."""
    producer = AIOKafkaProducer(**kafka.settings().client("stranger"), max_request_size=1 << 25)
    await producer.start()
    for value in values:
        await producer.send_and_wait("samples.v1", value, None if value else b"\xff", headers=[("who", b"\xff")])
    await producer.stop()


def test_what_no_gateway_wrote_lands_in_rejects_with_its_place_and_stops_nothing(
    kafka: SecureKafka, log: KafkaLog
) -> None:
    entries, _ = random_log(5, 30, 1)
    frames = [Outgoing("samples.v1", entry.line.encode(), encode(entry.frame)) for entry in entries]
    worker, writer, samples = Worker(log, Instruments()), log.writer(), log.reader("samples.v1", "")
    writer.write(frames[:5])
    writer.flush()
    torn = frames[0].value[: len(frames[0].value) // 2]
    foreign = [b"", None, b"junk", b'{"timestamp_ms": 1, "value": 2}', torn, os.urandom(RATHER_LARGE)]
    asyncio.run(strange(kafka, foreign))
    writer.write(frames[5:])
    writer.flush()
    until = monotonic() + 60
    while worker.held.get(0) is None or worker.held[0].position < samples.end_offset(0):
        assert monotonic() < until
        worker.turn(0.2)
    reader, found = log.reader("rejects.v1", ""), list[Record]()
    while some := reader.poll(0.5):
        found += some
    kept = [(dict(one.headers), one.value) for one in found if dict(one.headers)["reason"] == b"poison"]
    assert [value for _, value in kept] == [(value or b"")[:ROOM] for value in foreign]
    assert [int(headers["offset"]) for headers, _ in kept] == list(range(5, 11))
    assert {headers["topic"] for headers, _ in kept} == {b"samples.v1"}
    assert all(b"the record is skipped" in headers["sentence"] for headers, _ in kept)
