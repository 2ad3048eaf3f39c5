"""What the log on Kafka promises beyond the contract: owners on several machines, kills, steps of time, topics."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import pytest

from pipeline.core.errors import Bug, ConfigError, Unavailable
from pipeline.core.ports import Clock, Log, Outgoing
from pipeline.runtime.clock import WallClock
from tests.contract.kafka import addresses, real_kafka

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from connectors.kafka import reader as reading
from connectors.kafka.log import KafkaLog
from connectors.kafka.settings import KafkaSettings

Opener = Callable[[Path, Clock], Log]
Owner = Callable[[Path], subprocess.Popen[str]]

OWNER = """
import sys
from pathlib import Path
from connectors.kafka.log import KafkaLog
from connectors.kafka.settings import KafkaSettings
from pipeline.core.errors import Unavailable

log = KafkaLog(KafkaSettings(tuple(sys.argv[2].split(",")), prefix=sys.argv[3]), Path(sys.argv[1]), {})
reader = log.reader("samples.v1", "worker", "first")
print("owns", flush=True)
for line in sys.stdin:
    try:
        reader.commit({0: int(line)})
        print("committed", flush=True)
    except Unavailable as error:
        print("refused", error, flush=True)
"""


@pytest.fixture
def opener() -> Iterator[Opener]:
    with real_kafka() as found:
        yield found


@pytest.fixture
def log(opener: Opener, tmp_path: Path) -> KafkaLog:
    opened = opener(tmp_path / "here", WallClock())
    assert isinstance(opened, KafkaLog)
    opened.ensure({"samples.v1": 1})
    return opened


@pytest.fixture
def owner(log: KafkaLog) -> Iterator[Owner]:
    """Another process that owns the group `worker`."""
    children: list[subprocess.Popen[str]] = []

    def started(folder: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", OWNER, str(folder), ",".join(addresses()), log.settings.prefix]
        children.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert told(children[-1]) == "owns"
        return children[-1]

    yield started
    for child in children:
        child.kill()
        child.communicate()


def told(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def say(child: subprocess.Popen[str], line: str) -> str:
    assert child.stdin is not None
    child.stdin.write(f"{line}\n")
    child.stdin.flush()
    return told(child)


def write(log: Log, *values: bytes) -> None:
    writer = log.writer()
    writer.write([Outgoing("samples.v1", b"k", value) for value in values])
    writer.flush()
    writer.close()


def test_an_owner_on_another_machine_is_named_until_he_ends(opener: Opener, log: KafkaLog, tmp_path: Path) -> None:
    there = opener(tmp_path / "there", WallClock())
    reader = there.reader("samples.v1", "worker", "first")
    with pytest.raises(Unavailable, match=r"'worker'.*samples.v1.*first"):
        log.reader("samples.v1", "worker", "second")
    assert reader.poll(0) == []
    reader.commit({0: 0})
    reader.close()
    log.reader("samples.v1", "worker", "second").close()


def test_who_was_killed_takes_his_partitions_back_at_once(log: KafkaLog, owner: Owner, tmp_path: Path) -> None:
    write(log, b"1", b"2")
    child = owner(tmp_path / "here")
    assert say(child, "1") == "committed"
    child.kill()
    child.wait()
    begun = monotonic()
    reader = log.reader("samples.v1", "worker", "first")
    assert [record.value for record in reader.poll(0)] == [b"2"]
    assert monotonic() - begun < 5
    reader.close()


@pytest.mark.slow
def test_who_was_away_too_long_can_commit_no_more(log: KafkaLog, owner: Owner, tmp_path: Path) -> None:
    write(log, b"1", b"2")
    child = owner(tmp_path / "there")
    child.send_signal(signal.SIGSTOP)
    deadline = monotonic() + 30
    while True:
        try:
            reader = log.reader("samples.v1", "worker", "second")
            break
        except Unavailable:
            assert monotonic() < deadline
            sleep(0.5)
    reader.commit({0: 2})
    child.send_signal(signal.SIGCONT)
    assert say(child, "1").startswith("refused")
    values, until = list[bytes](), monotonic() + 6  # he asks for his place back, and it is decided
    while monotonic() < until:
        values += [record.value for record in reader.poll(0.2)]
    assert values == [b"1", b"2"]
    assert say(child, "1").startswith("refused")
    assert reader.committed(0) == 2
    reader.commit({0: 1})
    assert reader.committed(0) == 1
    reader.close()


async def with_times(settings: KafkaSettings, topic: str, times: list[int]) -> None:
    """A topic that keeps the times of its writer, as those of several brokers might be."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(settings.bootstrap))
    await admin.start()
    config = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=config)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=list(settings.bootstrap))
    await producer.start()
    for time in times:
        await producer.send_and_wait(topic, b"x", partition=0, timestamp_ms=time)
    await producer.stop()


def test_append_time_is_the_newest_so_far_wherever_reading_begins(log: KafkaLog) -> None:
    from aiokafka import AIOKafkaConsumer
    from aiokafka.structs import TopicPartition

    from connectors.kafka.places import Places

    begin = 1_767_225_600_000
    times = [begin + after for after in (0, 50, 20, 30, 70, 60, 10, 80, 80, 75)]
    topic = f"{log.settings.prefix}stepping"

    async def newest_by_offset() -> list[int]:
        await with_times(log.settings, topic, times)
        places, found, tp = Places(log.settings), list[int](), TopicPartition(topic, 0)
        consumer = AIOKafkaConsumer(bootstrap_servers=list(log.settings.bootstrap), auto_offset_reset="earliest")
        consumer.assign([tp])
        await consumer.start()
        while len(found) < len(times):
            for record in (await consumer.getmany(timeout_ms=1000)).get(tp, []):
                found.append(await places.newest_until(record))
        await consumer.stop()
        await places.close()
        return found

    assert asyncio.run(newest_by_offset()) == [max(times[: n + 1]) for n in range(len(times))]


def test_a_topic_that_keeps_the_times_of_its_writers_is_refused(log: KafkaLog) -> None:
    asyncio.run(with_times(log.settings, f"{log.settings.prefix}foreign", [1_767_225_600_000]))
    reader = log.reader("foreign", "")
    with pytest.raises(ConfigError, match="LogAppendTime"):
        reader.poll(0)
    reader.close()


def test_settings_of_a_topic_that_differ_are_told_with_their_cure(log: KafkaLog, tmp_path: Path) -> None:
    assert log.verify({"samples.v1": 1}) == []
    demanding = KafkaLog(log.settings, tmp_path / "there", {"samples.v1": 10**12})
    (slip,) = demanding.verify({"samples.v1": 1})
    demanding.close()
    assert "retention.ms is 604800000; expected 1000000000000 or more" in slip
    assert "kafka-configs.sh" in slip


def test_row_47_a_place_that_the_log_no_longer_holds_is_no_silent_jump(log: KafkaLog) -> None:
    write(log, b"1")
    reader = log.reader("samples.v1", "worker")
    reader.seek(0, 7)
    with pytest.raises(ConfigError, match="offset"):
        reader.poll(1)
    reader.close()


def test_a_state_larger_than_a_batch_comes_back_whole(log: KafkaLog) -> None:
    state = log.state()
    kept = {f"worker/0/{n:02d}": bytes([n]) * 1_000_000 for n in range(40)}
    for key, value in kept.items():
        state.put(key, value)
    state.flush()
    assert state.load("worker/") == kept
    state.put("worker/0/00", None)
    assert state.load("worker/") == kept
    state.flush()
    assert len(state.load("worker/")) == 39
    state.close()


def test_a_cluster_that_is_away_is_unavailable_and_nothing_is_forgotten(log: KafkaLog, tmp_path: Path) -> None:
    nobody = KafkaLog(replace(log.settings, bootstrap=("127.0.0.1:9",)), tmp_path / "there", {})
    writer = nobody.writer()
    writer.write([Outgoing("samples.v1", b"k", b"1")])
    for _ in range(2):
        with pytest.raises(Unavailable, match="no connection"):
            writer.flush()
    with pytest.raises(Unavailable):
        nobody.ensure({"samples.v1": 1})
    nobody.close()
    nobody.close()
    with pytest.raises(Bug, match="closed"):
        nobody.ensure({"samples.v1": 1})


class Computes:
    """An owner that computes for a while with what he has read, and lets nobody else in meanwhile."""

    def __init__(self, log: KafkaLog) -> None:
        self.taken: list[list[int]] = []
        self.reader = log.reader("samples.v1", "worker", "first", self)

    def take(self, partitions: Sequence[int]) -> None:
        self.taken.append(list(partitions))

    def give(self, partitions: Sequence[int]) -> None:
        raise AssertionError("nobody else is there")

    def compute(self, seconds: float) -> None:
        until, total = monotonic() + seconds, 0
        while monotonic() < until:
            total += sum(range(1000))


@pytest.mark.slow
def test_who_computes_longer_than_his_session_keeps_his_partitions(log: KafkaLog) -> None:
    write(log, b"1")
    owner = Computes(log)
    while not owner.reader.poll(0.2):
        pass
    owner.compute(reading.SESSION_MS / 1000 + 3)
    owner.reader.commit({0: 1})
    write(log, b"2")
    assert [record.value for record in owner.reader.poll(5)] == [b"2"]
    assert owner.taken == [[0]]
    owner.reader.close()


@pytest.mark.slow
@pytest.mark.parametrize("shared", [False, True])
def test_who_did_not_poll_for_too_long_is_let_in_again(
    log: KafkaLog, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "IDLE_MS", 3_000)  # of half an hour
    write(log, b"1")
    reader = Computes(log).reader if shared else log.reader("samples.v1", "worker", "first")
    while not reader.poll(0.2):
        pass
    sleep(6)
    write(log, b"2")
    values, until = list[bytes](), monotonic() + 20
    while b"2" not in values:
        assert monotonic() < until
        try:
            values += [record.value for record in reader.poll(0.2)]
        except Unavailable:
            sleep(0.2)
    reader.commit({0: 2})
    reader.close()
