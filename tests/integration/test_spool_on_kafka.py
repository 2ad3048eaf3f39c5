"""A gateway between a real broker and a real Kafka that is stopped, slow, or lacks a topic: nothing acknowledged is
lost, nothing is doubled, each line keeps its order."""

import asyncio
import math
import resource
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")


from connectors.codecs.topics import Grammar
from connectors.kafka.log import KafkaLog
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink, Publication
from connectors.mqtt.source import Bounds, MqttSource
from connectors.mqtt.sources import MqttSources
from connectors.services.broker import EmbeddedBroker, embedded_broker
from connectors.services.broker_children import find_mosquitto
from connectors.spool import Spool
from pipeline.config.undeclared import default_line
from pipeline.core.frames import SPOOLED, Frame, Kind, decode
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Record
from pipeline.roles.gateway import Gateway, GatewaySetup
from pipeline.roles.spooled_writer import SpoolBounds, SpooledWriter
from pipeline.roles.start import TOPICS
from pipeline.runtime.clock import WallClock
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log as logger
from pipeline.runtime.loop import Waiting, run
from tests.faults.record import record
from tests.integration.secure_kafka import SecureKafka, removed, secure_kafka
from tests.integration.test_start import await_true, running

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not find_mosquitto(), reason="no mosquitto on this machine; apt-get install mosquitto"),
]
LINES = ("s/l1", "s/l2", "s/l3", "s/l4", "s/l5")
MIB = 1 << 20
BOUNDS = Bounds(messages=2_000, size=4 * MIB)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("kafka")) as found:
        yield found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with embedded_broker(tmp_path / "broker", kind="mosquitto") as running:
        yield running


@dataclass
class Feed:
    """Numbered samples of some lines, QoS 1, about so many messages a second; `sent` counts those the broker took."""

    url: str
    protocol: str
    rate: int = 400
    body: int = 0
    sent: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Feed":
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.thread.join()

    def _run(self) -> None:
        sink = MqttSink(MqttSettings(self.url, "feeder", self.protocol))
        while not self.stopped.wait(0.1):
            some = range(self.sent, self.sent + self.rate // 10)
            sink.publish([self.message(n) for n in some])
            self.sent += len(some)
        sink.close()

    def message(self, n: int) -> Publication:
        note = b', "note": "%s"' % (b"x" * self.body) if self.body else b""
        body = b'{"timestamp_ms": %d, "n": %d%s}' % (1_780_000_000_000 + n, n, note)
        return Publication(f"parkpulse/v1/data/{LINES[n % len(LINES)]}/u", body)


class Bench:
    """A gateway in its loop, and what the log holds of it."""

    def __init__(self, kafka: SecureKafka, broker: EmbeddedBroker, folder: Path, bounds: SpoolBounds) -> None:
        self.kafka, self.broker, self.folder, self.bounds = kafka, broker, folder, bounds
        self.said, self.most_held, self.connections = set[str](), 0, 0
        self.log = KafkaLog(kafka.plain, folder, {})
        self.log.ensure(dict.fromkeys(TOPICS, 3))
        self.stop = threading.Event()
        self.start()

    def start(self) -> None:
        clock, broker = WallClock(), self.broker
        source = MqttSource(MqttSettings(broker.url, "gw", broker.protocol), ["parkpulse/v1/data/#"], clock, BOUNDS)
        self.sources = MqttSources([source])
        self.spool = Spool(self.folder / "spool" / "gw.sqlite", clock)
        self.writer = SpooledWriter(
            self.log.writer(), self.spool, bounds=self.bounds, clock=clock, instruments=Instruments()
        )
        levels = ("site", "line", "unit")
        lines = [LineConfig(path=line) for line in LINES]
        setup = GatewaySetup("gw", [Grammar(levels)], MIB, lines, default_line("-", levels), 0.1)
        self.gateway = Gateway(self.sources, self.log, clock, setup, Instruments(), self.writer)
        waiting = Waiting(logger("gateway"), clock)
        self.thread = threading.Thread(target=run, args=(self.gateway, self.stop, waiting), name="gateway")
        self.thread.start()

    def until(self, what: Callable[[], bool], seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until
            assert self.thread.is_alive()
            counts = self.sources.counts()
            self.said.add(self.writer.trouble)
            self.most_held = max(self.most_held, counts.unsettled_bytes)
            self.connections = counts.connections
            time.sleep(0.02)

    def watch(self, seconds: float) -> None:
        over = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > over)

    def durable(self, n: int) -> Callable[[], bool]:
        return lambda: self.gateway.durable >= n

    def is_empty(self) -> bool:
        return not self.writer.state.lanes and not self.writer.state.is_away

    def close(self) -> None:
        self.stop.set()
        self.thread.join()
        self.log.close()

    def frames(self) -> list[tuple[str, Frame]]:
        return [(record.key.decode(), decode(record.value)) for record in records_of(self.log)]

    def holds_once_in_order(self, sent: int) -> list[tuple[str, Frame]]:
        """All samples once; the frames of each line by their numbers without a hole; none live before a spooled one."""
        found = self.frames()
        values = [int(v) for _, frame in found for v in frame.v if not math.isnan(v)]
        assert sorted(values) == list(range(sent))
        for line in LINES:
            own = [frame for of, frame in found if of == line]
            assert [frame.number for frame in own] == list(range(1, len(own) + 1))
            assert own[-1].total_rows == sum(map(len, own))
            assert [frame.ingest_ms for frame in own] == sorted(frame.ingest_ms for frame in own)
        return found


@pytest.fixture
def bench(kafka: SecureKafka, broker: EmbeddedBroker, tmp_path: Path) -> Iterator[Bench]:
    found = Bench(kafka, broker, tmp_path, SpoolBounds(after_s=2.0))
    yield found
    found.close()
    asyncio.run(removed(kafka, "samples.v1", "rejects.v1"))


def test_row_06_kafka_stopped_under_load_and_started_again_loses_doubles_and_disorders_nothing(
    kafka: SecureKafka, broker: EmbeddedBroker, bench: Bench
) -> None:
    with Feed(broker.url, broker.protocol) as feed:
        bench.until(bench.durable(200))
        kafka.kill()
        bench.until(lambda: bench.writer.state.is_away)
        begun = bench.gateway.durable
        bench.watch(10)
        assert bench.gateway.durable > begun + 1_000  # acknowledged all the while
        kafka.start()
        back = time.monotonic()
        bench.until(bench.is_empty)
        drained_s = round(time.monotonic() - back, 2)
        bench.until(bench.durable(bench.gateway.durable + 200))
    bench.until(bench.durable(feed.sent))
    bench.until(bench.is_empty)
    frames = bench.holds_once_in_order(feed.sent)
    spooled = [frame for _, frame in frames if frame.flags & SPOOLED]
    assert {frame.kind for frame in spooled} == {Kind.DATA}
    assert sum(map(len, spooled)) > 1_000
    assert not frames[-1][1].flags
    assert len(bench.said) == 2  # nothing, and one line
    record(lost=0, duplicate=0, seconds=drained_s, tier="T2")
    assert bench.connections == 1


PARK = """
language = "en"
levels = ["site", "line", "unit"]
[gateway]
name = "gw"
[gateway.spool]
after = "1s"
[log]
kind = "kafka"
bootstrap = ["127.0.0.1:{port}"]
partitions = 3
[[brokers]]
url = "{url}"
protocol = "{protocol}"
"""


def instrument(http: str, name: str) -> float:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{http}/metrics") as answer:
        found = [line.split() for line in answer.read().decode().splitlines()]
    return next(float(words[1]) for words in found if words[0] == f"parkpulse_{name}")


def test_row_06_a_gateway_killed_while_kafka_is_away_loses_nothing_and_its_spool_goes_first(
    kafka: SecureKafka, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    log = KafkaLog(kafka.plain, tmp_path / "reader", {})
    log.ensure(dict.fromkeys(TOPICS, 3))
    park = PARK.format(port=kafka.gap.port, url=broker.url, protocol=broker.protocol)
    (tmp_path / "park.toml").write_text(park, "utf-8")
    with ExitStack() as stack:
        stack.callback(lambda: asyncio.run(removed(kafka, "samples.v1", "rejects.v1")))
        stack.callback(log.close)
        with running(tmp_path, "gateway") as first:
            await_true(lambda: first.answers("/readyz")[0] == 200)
            with Feed(broker.url, broker.protocol) as feed:
                await_true(lambda: len(records_of(log)) > 3)
                kafka.gap.shut()
                await_true(lambda: instrument(first.http, "spool_records") > 30)
                assert "what comes is kept in the spool meanwhile, and acknowledged" in first.answers("/readyz")[1]
                first.child.kill()
        kafka.gap.open()
        with running(tmp_path, "gateway") as second:
            await_true(lambda: second.answers("/readyz")[0] == 200)
            await_true(lambda: instrument(second.http, "spool_records") == 0)
            await_true(lambda: values_of(records_of(log)) >= set(range(feed.sent)))
            assert second.end()[0] == 0
        found = [(one.key, decode(one.value)) for one in records_of(log)]
    assert any(frame.flags & SPOOLED for _, frame in found)
    for line in LINES:
        firsts = [*dict.fromkeys((frame.boot, frame.number) for key, frame in found if key == line.encode())]
        assert firsts == sorted(firsts)
        assert len({boot for boot, _ in firsts}) == 2
    doubled = len(found) - len({(key, frame.boot, frame.number) for key, frame in found})
    assert doubled < 40  # what was on its way when Kafka went


def test_row_06_a_gateway_started_while_kafka_is_away_takes_in_and_follows_once_it_is_there(
    kafka: SecureKafka, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    park = PARK.format(port=kafka.gap.port, url=broker.url, protocol=broker.protocol)
    (tmp_path / "park.toml").write_text(park, "utf-8")
    kafka.gap.shut()
    try:
        with ExitStack() as stack:
            process = stack.enter_context(running(tmp_path, "gateway"))
            await_true(lambda: any(line["event"] == "started" for line in process.said))
            await_true(lambda: "MQTT broker" not in process.answers("/readyz")[1])  # else nothing is kept for it there
            feed = stack.enter_context(Feed(broker.url, broker.protocol))
            await_true(lambda: instrument(process.http, "spool_records") > 30)
            assert "nobody listens there (ECONNREFUSED); what comes is kept" in process.answers("/readyz")[1]
            kafka.gap.open()
            await_true(lambda: instrument(process.http, "spool_records") == 0)
            await_true(lambda: process.answers("/readyz") == (200, "ready\n"))
            feed.stopped.set()
            feed.thread.join()
            log = KafkaLog(kafka.plain, tmp_path / "reader", {})
            await_true(lambda: values_of(records_of(log)) >= set(range(feed.sent)))
            found = [(one.key.decode(), decode(one.value)) for one in records_of(log)]
            log.close()
            assert process.end()[0] == 0
        for line in LINES:
            own = [frame for of, frame in found if of == line]
            assert [frame.number for frame in own] == list(range(1, len(own) + 1))
            assert own[0].kind == Kind.CONFIGURATION
            assert any(frame.flags & SPOOLED for frame in own)
    finally:
        kafka.gap.shut()
        kafka.gap.open()
        asyncio.run(removed(kafka, "samples.v1", "rejects.v1"))


def records_of(log: KafkaLog, topic: str = "samples.v1") -> list[Record]:
    """All that is there now, by partition in order."""
    reader, found = log.reader(topic, ""), list[Record]()
    ends = sum(reader.end_offset(p) for p in reader.partitions)
    until = time.monotonic() + 30
    while len(found) < ends and time.monotonic() < until:
        found += reader.poll(0.2)
    reader.close()
    return sorted(found, key=lambda one: (one.partition, one.offset))


def values_of(records: list[Record]) -> set[int]:
    return {int(v) for one in records for v in decode(one.value).v if not math.isnan(v)}


def test_row_07_a_slow_kafka_holds_the_unsettled_bytes_below_their_bound_and_ends_no_connection(
    kafka: SecureKafka, broker: EmbeddedBroker, bench: Bench
) -> None:
    bench.until(lambda: bench.sources.connected)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Feed(broker.url, broker.protocol, rate=300, body=2_000) as feed:
        for delay_s, seconds in ((0.25, 6), (2.5, 12)):
            kafka.gap.delay_s = delay_s
            begun = bench.gateway.durable
            bench.watch(seconds)
            assert bench.gateway.durable > begun
        kafka.gap.delay_s = 0.0
        back = time.monotonic()
    bench.until(bench.durable(feed.sent))
    bench.until(bench.is_empty)
    drained_s = round(time.monotonic() - back, 2)
    bench.holds_once_in_order(feed.sent)
    assert bench.most_held <= BOUNDS.size + MIB
    assert bench.connections == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
    record(lost=0, duplicate=0, seconds=drained_s, tier="T2")


def test_row_48_rejects_that_have_no_topic_wait_in_the_spool_with_all_that_comes_and_follow(
    kafka: SecureKafka, broker: EmbeddedBroker, bench: Bench
) -> None:
    bench.until(lambda: bench.sources.connected)
    asyncio.run(removed(kafka, "rejects.v1"))
    time.sleep(1)  # until it is gone
    sink = MqttSink(MqttSettings(broker.url, "feeder", broker.protocol))
    for n in range(40):
        sink.publish([Publication(f"parkpulse/v1/data/{LINES[0]}/u", b"no JSON %d" % n)])
        time.sleep(0.1)
    bench.until(bench.durable(40))
    assert bench.spool.oldest_ms
    bench.log.ensure({"rejects.v1": 3})
    bench.until(bench.is_empty)
    sink.close()
    assert sorted(record.value for record in records_of(bench.log, "rejects.v1")) == sorted(
        b"no JSON %d" % n for n in range(40)
    )
    assert max(frame.total_rejects for line, frame in bench.frames() if line == LINES[0]) == 40


def test_row_17_a_full_disk_of_the_spool_stops_the_acknowledgements_and_goes_on_by_itself(
    kafka: SecureKafka, broker: EmbeddedBroker, bench: Bench
) -> None:
    with Feed(broker.url, broker.protocol, rate=300, body=500) as feed:
        bench.until(bench.durable(100))
        kafka.gap.shut()
        bench.until(lambda: bench.writer.state.is_away)
        bench.until(bench.durable(bench.gateway.durable + 300))
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        full = bench.spool.path.with_name(bench.spool.path.name + "-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, limit[1]))
        try:
            bench.watch(6)
            stopped = bench.gateway.durable
            bench.watch(2)
            assert bench.gateway.durable == stopped
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        bench.until(lambda: bench.gateway.durable > stopped)
        kafka.gap.open()
    bench.until(bench.durable(feed.sent))
    bench.until(bench.is_empty)
    bench.holds_once_in_order(feed.sent)
