"""The gateway role on a real broker: lines welcomed, wrong clocks caught, a log that is away loses nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.codecs.topics import Grammar
from connectors.memory import MemoryLog
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink, Publication
from connectors.mqtt.source import MqttSource
from connectors.mqtt.sources import MqttSources
from connectors.services.broker import EmbeddedBroker, embedded_broker
from connectors.services.broker_children import find_mosquitto
from connectors.sqlite_log import SqliteLog
from pipeline.config.undeclared import default_line
from pipeline.core.errors import Unavailable
from pipeline.core.frames import END, Frame, Kind, decode
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Log, Record
from pipeline.roles.gateway import Gateway, GatewaySetup
from pipeline.roles.start import TOPICS
from pipeline.runtime.instruments import Instruments
from tests.hand_clock import HandClock

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not find_mosquitto(), reason="no mosquitto on this machine; apt-get install mosquitto"),
]
T0, HOUR = 1_780_000_000_000, 3_600_000
LEVELS = ("site", "line", "unit")


@dataclass
class Bench:
    """A gateway at work turn by turn, and a feeder of its broker."""

    broker: EmbeddedBroker
    log: Log
    clock: HandClock
    gateway: Gateway
    sent: int = 0

    def send(self, *messages: tuple[str, bytes]) -> None:
        """Published, and through the gateway."""
        sink = MqttSink(MqttSettings(self.broker.url, "feeder", self.broker.protocol))
        sink.publish([Publication(f"parkpulse/v1/data/{topic}", body) for topic, body in messages])
        sink.close()
        self.sent += len(messages)
        until = time.monotonic() + 10
        while self.gateway.durable < self.sent and time.monotonic() < until:
            self.gateway.turn(0.05)
        assert self.gateway.durable == self.sent

    def records(self, topic: str = "samples.v1") -> list[Record]:
        reader, found = self.log.reader(topic, ""), list[Record]()
        while more := reader.poll(0):
            found += more
        reader.close()
        return found

    def frames(self) -> list[tuple[str, Frame]]:
        return [(record.key.decode(), decode(record.value)) for record in self.records()]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with embedded_broker(tmp_path / "broker", kind="mosquitto") as running:
        yield running


def make_bench(broker: EmbeddedBroker, log: Log, clock: HandClock) -> Bench:
    log.ensure(dict.fromkeys(TOPICS, 1))
    source = MqttSources([MqttSource(MqttSettings(broker.url, "gw", broker.protocol), ["parkpulse/v1/data/#"], clock)])
    setup = GatewaySetup("gw", [Grammar(LEVELS)], 1_000, [LineConfig(path="s/l1")], default_line("-", LEVELS), 0.0)
    bench = Bench(broker, log, clock, Gateway(source, log, clock, setup, Instruments()))
    until = time.monotonic() + 10
    while bench.gateway.trouble and time.monotonic() < until:
        time.sleep(0.01)
    return bench


def sample(value: float) -> bytes:
    return b'{"timestamp_ms": %d, "value": %f}' % (T0, value)


def test_a_line_whose_first_payload_is_unreadable_is_welcomed_and_an_illegal_path_never_becomes_a_line(
    broker: EmbeddedBroker,
) -> None:
    clock = HandClock(T0)
    bench = make_bench(broker, MemoryLog(clock), clock)
    bench.send(("s/l7/filler/speed", b"{"), ("s/_l8/filler/a/b/c", b"1"), ("s/l9/filler/a/b/c", b"1"))
    found = [(line, frame.kind, frame.number, frame.rejects) for line, frame in bench.frames()]
    assert [entry for entry in found if entry[0] == "s/l7"] == [
        ("s/l7", Kind.CONFIGURATION, 1, 0),
        ("s/l7", Kind.DATA, 2, 1),
    ]
    assert {entry[0] for entry in found} == {"s/l1", "s/l7", "s/l9", "_unassigned"}
    assert {line for line, kind, *_ in found if kind == Kind.CONFIGURATION} == {"s/l1", "s/l7", "s/l9"}
    bench.gateway.close()


def test_row_26_a_clock_set_back_is_said_and_the_log_s_time_is_stamped_until_it_is_right(
    broker: EmbeddedBroker,
) -> None:
    clock = HandClock(T0)
    bench = make_bench(broker, MemoryLog(clock), clock)
    bench.send(("s/l1/filler/speed", sample(1.0)))
    clock.now = T0 - HOUR
    bench.gateway.turn(0.0)  # its heartbeats teach it
    assert bench.gateway.trouble.startswith("clock: this machine's is off; got 3600 s behind the log's time;")
    bench.send(("s/l1/filler/speed", sample(2.0)), ("s/l1/filler/plain", b'{"value": 3}'))
    clock.now = T0 + 1_000
    bench.gateway.turn(0.0)
    assert bench.gateway.trouble == ""
    bench.send(("s/l1/filler/speed", sample(4.0)))
    data = [(frame.ingest_ms, *frame.v) for _, frame in bench.frames() if frame.kind == Kind.DATA]
    assert {at for at, *_ in data} == {T0, T0 + 1_000}
    assert [at for at, value, *_ in data if value == 4.0] == [T0 + 1_000]
    undated = [t for _, frame in bench.frames() for t, v in zip(frame.t, frame.v, strict=True) if v == 3.0]
    assert undated == [T0]
    bench.gateway.close()


def test_a_log_that_is_away_when_a_topic_is_first_written_loses_and_repeats_nothing(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    clock = HandClock(T0)
    bench = make_bench(broker, SqliteLog(tmp_path / "log", clock), clock)
    (tmp_path / "log").rename(tmp_path / "away")
    for _ in range(3):
        with pytest.raises(Unavailable):
            bench.gateway.turn(0.0)
    (tmp_path / "away").rename(tmp_path / "log")
    bench.send(("s/l1/filler/speed", sample(1.0)))
    (tmp_path / "log").rename(tmp_path / "away")
    bench.gateway.finishing.set()
    for _ in range(3):
        with pytest.raises(Unavailable):
            bench.gateway.turn(0.0)
        assert not bench.gateway.ended
    (tmp_path / "away").rename(tmp_path / "log")
    bench.gateway.turn(0.0)
    assert bench.gateway.ended
    frames = [frame for _, frame in bench.frames()]
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert [frame.flags & END for frame in frames] == [0] * (len(frames) - 1) + [END]
    assert [frame.kind for frame in frames][:2] == [Kind.CONFIGURATION, Kind.DATA]
    assert frames[-1].total_rows == 1
    bench.gateway.close()
