"""Telegraf's payloads on a real broker: published to topics of own patterns, they arrive as rows in samples.v1."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from connectors.memory import MemoryLog
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink, Publication
from connectors.services.broker import EmbeddedBroker, embedded_broker
from connectors.services.broker_children import find_mosquitto
from pipeline.config.read import read_config
from pipeline.core.frames import decode
from pipeline.core.ports import Record
from pipeline.roles.start import TOPICS, Park, started
from pipeline.runtime.clock import WallClock

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not find_mosquitto(), reason="no mosquitto on this machine; apt-get install mosquitto"),
]
CONFIG = """
levels = ["site", "line", "unit"]
[gateway]
name = "gw"
[log]
kind = "memory"
[[brokers]]
url = "{url}"
protocol = "{protocol}"
[[brokers.topics]]
pattern = "factory/{{site}}/{{line}}/{{unit}}/telegraf"
family = "telegraf"
[[brokers.topics]]
pattern = "influx/#"
family = "influx"
"""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with embedded_broker(tmp_path / "broker", kind="mosquitto") as running:
        yield running


def rows_of(records: list[Record]) -> set[tuple[str, str, str, int, float, int]]:
    found = set()
    for record in records:
        frame = decode(record.value)
        seqs = [0] * len(frame) if frame.seq is None else frame.seq.tolist()
        for at, t, v, seq in zip(frame.index.tolist(), frame.t.tolist(), frame.v.tolist(), seqs, strict=True):
            series = frame.names[at]
            found.add((record.key.decode(), series.unit, series.metric, t, v, seq))
    return found


def test_json_and_line_protocol_arrive_as_rows_of_their_line(broker: EmbeddedBroker, tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_text(CONFIG.format(url=broker.url, protocol=broker.protocol), "utf-8")
    clock = WallClock()
    log = MemoryLog(clock)
    log.ensure(dict.fromkeys(TOPICS, 1))
    reader, rejects = log.reader("samples.v1", ""), log.reader("rejects.v1", "")
    now = clock.now_ms()
    metric = b'{"fields":{"temp":71.5,"value":3},"name":"boiler","tags":{"host":"a"},"timestamp":%d}' % now
    lines = b"press,equipment=dairy/l2/press force=1i %d000123\nnonsense\n" % now
    rows, refused, until = set(), list[Record](), time.monotonic() + 10
    with ExitStack() as stack:
        park = started(stack, Park(read_config(tmp_path), clock, log, linger_s=0.0), ["gateway"])
        while park.lacks() and time.monotonic() < until:
            time.sleep(0.01)
        sink = MqttSink(MqttSettings(broker.url, "telegraf", broker.protocol))
        stack.callback(sink.close)
        sink.publish([Publication("factory/dairy/l1/boiler/telegraf", metric), Publication("influx/host-7", lines)])
        while (len(rows) < 3 or not refused) and time.monotonic() < until:
            rows |= rows_of(reader.poll(0.2))
            refused += rejects.poll(0.0)
    assert rows == {
        ("dairy/l1", "boiler", "boiler.temp", now, 71.5, 0),
        ("dairy/l1", "boiler", "boiler", now, 3.0, 0),
        ("dairy/l2", "press", "press.force", now, 1.0, 123),
    }
    assert [record.key for record in refused] == [b"influx/host-7"]
    assert {b"bad_json", b"1"} <= {value for _, value in refused[0].headers}
