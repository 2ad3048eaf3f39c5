"""The notifier role on a real broker: events, retained states, heartbeats and the silence that becomes an alert."""

import json
import threading
from dataclasses import replace

import paho.mqtt.client as paho
import pytest

from connectors.codecs import alerts_json, results_json
from connectors.memory import MemoryLog
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink
from connectors.services.broker import embedded_broker, find_mosquitto
from pipeline.core.alarm import first_transition
from pipeline.core.line_config import AlarmConfig
from pipeline.core.ports import Outgoing
from pipeline.core.results import Result
from pipeline.roles.notifier import Notifier
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not find_mosquitto(), reason="no mosquitto on this machine; apt-get install mosquitto"),
]
T0 = 1_780_000_000_000
LINE = "park/line-1"


class Listener:
    """Everything under parkpulse/v1, in order of arrival; retained messages too."""

    def __init__(self, broker):
        self.heard, self.more = [], threading.Condition()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, "listener", protocol=paho.MQTTv5)
        self.client.on_message = self._note
        self.client.connect("127.0.0.1", broker.port)
        self.client.subscribe("parkpulse/v1/#", qos=1)
        self.client.loop_start()

    def _note(self, _client, _data, message):
        with self.more:
            self.heard.append((message.topic, message.payload))
            self.more.notify_all()

    def wait_for(self, topic, count=1):
        with self.more:
            assert self.more.wait_for(lambda: len(self.of(topic)) >= count, timeout=10), (topic, self.heard)
            return self.of(topic)

    def of(self, topic):
        return [body for heard, body in self.heard if heard == topic]


def progress(append_ms):
    values = {"watermark_ms": append_ms - 2000, "append_ms": append_ms, "open_alarms": 1}
    result = Result("progress", LINE, "progress", 10, append_ms // 10_000 * 10_000, None, 0, values)
    return Outgoing("results.v1", LINE.encode(), results_json.encode([result]), (("kinds", b"progress"),))


@pytest.fixture
def park(tmp_path):
    with embedded_broker(tmp_path) as broker:
        clock = VirtualClock(T0)
        log = MemoryLog(clock)
        log.ensure({"results.v1": 1, "alerts.v1": 1})
        sink = MqttSink(MqttSettings(broker.url, "notifier", broker.protocol))
        listener = Listener(broker)
        yield Notifier(log, sink, clock, Instruments()), log.writer(), clock, listener
        listener.client.loop_stop()
        sink.close()


def test_an_alert_is_an_event_and_a_retained_state_and_its_repeat_is_neither(park):
    notifier, writer, _, listener = park
    alarm = AlarmConfig(name="cold", kind="limit", unit="filler", metric="temp", low=70.0)
    alert = replace(first_transition(alarm, f"{LINE}/filler", T0, 0), announced=True)
    record = Outgoing("alerts.v1", LINE.encode(), alerts_json.encode(alert))
    writer.write([record, record, Outgoing("alerts.v1", LINE.encode(), b"no alert")])
    writer.flush()
    notifier.turn(0.0)
    notifier.turn(0.0)
    (event,) = listener.wait_for(f"parkpulse/v1/alerts/{LINE}/filler/cold")
    assert json.loads(event)["id"] == alert.id
    assert len(listener.wait_for(f"parkpulse/v1/alarm-state/{LINE}/filler/cold")) == 1


def test_a_line_beats_while_its_chain_works_and_is_lost_when_it_stops(park):
    notifier, writer, clock, listener = park
    writer.write([progress(T0)])
    writer.flush()
    notifier.turn(0.0)
    clock.advance(T0 + 11_000)
    notifier.turn(0.0)
    beats = listener.wait_for(f"parkpulse/v1/heartbeat/{LINE}")
    assert json.loads(beats[0]) == {"timestamp_ms": T0, "watermark_ms": T0 - 2000, "open_alarms": 1}
    clock.advance(T0 + 31_000)
    notifier.turn(0.0)
    (lost,) = listener.wait_for(f"parkpulse/v1/alerts/{LINE}/chain-lost")
    assert json.loads(lost)["state"] == "unack"
    writer.write([progress(T0 + 31_000)])
    writer.flush()
    notifier.turn(0.0)
    found = listener.wait_for(f"parkpulse/v1/alerts/{LINE}/chain-lost", 2)
    assert json.loads(found[1])["state"] == "norm"


def restarted(notifier, clock):
    notifier.alerts.close()
    notifier.results.close()
    return Notifier(notifier.log, notifier.sink, clock, Instruments())


def test_a_restart_of_a_quiet_plant_forgets_no_line_that_may_fall_silent(park):
    notifier, writer, clock, listener = park
    writer.write([progress(T0)])
    writer.flush()
    notifier.turn(0.0)
    clock.advance(T0 + 5_000)
    again = restarted(notifier, clock)
    clock.advance(T0 + 36_000)
    again.turn(0.0)
    (lost,) = listener.wait_for(f"parkpulse/v1/alerts/{LINE}/chain-lost")
    assert json.loads(lost)["state"] == "unack"


def test_a_restart_remembers_that_a_chain_was_lost_and_clears_it_when_it_works_again(park):
    notifier, writer, clock, listener = park
    writer.write([progress(T0)])
    writer.flush()
    notifier.turn(0.0)
    clock.advance(T0 + 40_000)
    notifier.turn(0.0)
    (lost,) = listener.wait_for(f"parkpulse/v1/alarm-state/{LINE}/chain-lost")
    again = restarted(notifier, clock)
    writer.write([progress(T0 + 41_000)])
    writer.flush()
    clock.advance(T0 + 42_000)
    again.turn(0.0)
    states = listener.wait_for(f"parkpulse/v1/alarm-state/{LINE}/chain-lost", 2)
    assert json.loads(lost)["state"] == "unack"
    assert states[1] == b""
    clear = json.loads(listener.wait_for(f"parkpulse/v1/alerts/{LINE}/chain-lost", 2)[1])
    assert (clear["id"], clear["state"]) == (json.loads(lost)["id"], "norm")
