"""MQTT on a real broker: acknowledgements in order, redelivery, kept sessions, bounds, retained results."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from connectors.mqtt import session
from connectors.mqtt.bulk_client import BulkClient
from connectors.mqtt.plain_client import PlainClient
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink, Publication
from connectors.mqtt.source import Bounds, Message, MqttSource
from connectors.services.broker import EmbeddedBroker, embedded_broker
from connectors.services.broker_children import find_mosquitto
from pipeline.core.errors import Bug, ConfigError, Unavailable
from pipeline.runtime.clock import WallClock

pytestmark = pytest.mark.real
REQUIRED = os.environ.get("SERVICES") == "required"
needs_mosquitto = pytest.mark.skipif(
    not find_mosquitto() and not REQUIRED, reason="no mosquitto on this machine; `apt-get install mosquitto` brings it"
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with embedded_broker(tmp_path / "broker", kind="mosquitto") as running:
        yield running


def await_that(fact: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until, "did not come true in time"
        time.sleep(0.01)


def make_source(
    broker: EmbeddedBroker,
    name: str = "gw",
    bounds: Bounds | None = None,
    keepalive: int = 30,
    receive_max: int = 10_000,
) -> MqttSource:
    settings = MqttSettings(broker.url, name, broker.protocol, keepalive_s=keepalive, receive_maximum=receive_max)
    source = MqttSource(settings, ["plant/#"], WallClock(), bounds)
    await_that(lambda: source.connected)
    return source


def publish(broker: EmbeddedBroker, *numbers: int, size: int = 0) -> None:
    sink = MqttSink(MqttSettings(broker.url, "feeder", broker.protocol))
    sink.publish([Publication(f"plant/{i}", str(i).encode().rjust(size, b" ")) for i in numbers])
    sink.close()


def take(source: MqttSource, count: int, seconds: float = 10.0) -> list[Message]:
    taken: list[Message] = []
    until = time.monotonic() + seconds
    while len(taken) < count and time.monotonic() < until:
        taken += source.poll(0.2, count - len(taken))
    return taken


def numbers(messages: list[Message]) -> list[int]:
    return [int(message.payload.body) for message in messages]


class Wire:
    """A TCP relay to the broker that can be cut, and keeps what the client sent."""

    def __init__(self, broker: EmbeddedBroker, folder: Path) -> None:
        self.log = folder / "sent"
        self._child = subprocess.Popen(
            [sys.executable, "-c", RELAY, str(broker.port), str(self.log)], stdout=subprocess.PIPE
        )
        assert self._child.stdout is not None
        self.broker = EmbeddedBroker(broker.kind, int(self._child.stdout.readline()), broker.protocol)

    def cut(self) -> None:
        self._child.send_signal(signal.SIGUSR1)

    def acknowledged(self) -> list[int]:
        """Message ids of the PUBACKs that the client sent, all connections."""
        data, ids = self.log.read_bytes(), []
        while data:
            kind, length, at = data[0] >> 4, data[1] & 0x7F, 2
            if data[1] & 0x80:
                length, at = length + (data[2] << 7), 3
            if kind == 4:
                ids.append(int.from_bytes(data[at : at + 2], "big"))
            data = data[at + length :]
        return ids

    def close(self) -> None:
        self._child.kill()
        self._child.wait()


RELAY = """
import select, signal, socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
log, pair = open(sys.argv[2], "ab", 0), []
def cut(*_):
    for end in pair: end.shutdown(socket.SHUT_RDWR)
signal.signal(signal.SIGUSR1, cut)
while True:
    client = server.accept()[0]
    broker = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    pair[:] = [client, broker]
    try:
        while True:
            for end in select.select(pair, [], [])[0]:
                data = end.recv(65536)
                if not data: raise OSError
                if end is client: log.write(data)
                (broker if end is client else client).sendall(data)
    except OSError:
        client.close(); broker.close(); pair.clear()
"""


@pytest.fixture
def wire(broker: EmbeddedBroker, tmp_path: Path) -> Iterator[Wire]:
    relay = Wire(broker, tmp_path)
    yield relay
    relay.close()


@needs_mosquitto
def test_acknowledgements_go_out_in_order_of_arrival_whatever_the_order_of_settling(
    broker: EmbeddedBroker, wire: Wire
) -> None:
    source = make_source(wire.broker)
    publish(broker, *range(6))
    tokens = [message.token for message in take(source, 6)]
    source.settle(reversed(tokens[1:]))
    time.sleep(0.5)
    assert wire.acknowledged() == []
    source.settle(tokens[:1])
    await_that(lambda: len(wire.acknowledged()) == 6)
    ids = wire.acknowledged()
    assert ids == sorted(ids)
    source.close()


@needs_mosquitto
def test_what_was_not_settled_when_the_connection_was_cut_comes_again_and_what_was_settled_does_not(
    broker: EmbeddedBroker, wire: Wire
) -> None:
    source = make_source(wire.broker)
    publish(broker, *range(10))
    first = take(source, 10)
    source.settle(message.token for message in first[:4])
    await_that(lambda: len(wire.acknowledged()) == 4)
    time.sleep(0.2)
    wire.cut()
    again = take(source, 6)
    assert numbers(again) == [4, 5, 6, 7, 8, 9]
    assert source.counts().redelivered == 6
    source.settle(message.token for message in first)
    time.sleep(0.3)
    assert len(wire.acknowledged()) == 4, "tokens of the old connection acknowledge nothing on the new one"
    source.settle(message.token for message in again)
    await_that(lambda: len(wire.acknowledged()) == 10)
    assert source.counts()[2:5] == (0, 0, 2)
    source.close()


@needs_mosquitto
def test_the_session_is_kept_over_a_restart_of_the_gateway(broker: EmbeddedBroker) -> None:
    source = make_source(broker)
    publish(broker, 1, 2)
    source.settle([take(source, 2)[0].token])
    source.close()
    publish(broker, *range(3, 3_003))
    source = make_source(broker, receive_max=100)
    seen: list[int] = []
    while batch := take(source, min(100, 3_001 - len(seen))):
        seen += numbers(batch)
        source.settle(message.token for message in batch)
    assert seen == list(range(2, 3_003)), "also past Mosquitto's default queue of 1000"
    source.close()


@needs_mosquitto
def test_sessions_and_queues_outlive_a_restart_of_the_broker(tmp_path: Path) -> None:
    with embedded_broker(tmp_path, kind="mosquitto") as broker:
        source = make_source(broker)
        publish(broker, 1, 2, 3)
        take(source, 3)
        source.close()
    with embedded_broker(tmp_path, broker.port, "mosquitto") as broker:
        source = make_source(broker)
        assert numbers(take(source, 3)) == [1, 2, 3]
        source.close()


@needs_mosquitto
@pytest.mark.parametrize("bounds", [Bounds(messages=50), Bounds(size=50 * 1_007)])
def test_nothing_is_read_past_the_bound_until_something_is_settled(broker: EmbeddedBroker, bounds: Bounds) -> None:
    source = make_source(broker, bounds=bounds)
    publish(broker, *range(400), size=1_000)
    time.sleep(0.5)
    assert source.counts().unsettled_messages in {50, 51}
    seen: list[int] = []
    while len(seen) < 400:
        batch = take(source, 20)
        assert source.counts().unsettled_messages <= 51
        seen += numbers(batch)
        source.settle(message.token for message in batch)
    assert seen == list(range(400))
    assert source.counts().connections == 1
    source.close()


@needs_mosquitto
def test_a_stop_longer_than_the_keep_alive_lets_the_connection_go_and_loses_nothing(broker: EmbeddedBroker) -> None:
    source = make_source(broker, bounds=Bounds(messages=10), keepalive=1)
    publish(broker, *range(100))
    held = take(source, 10)
    await_that(lambda: not source.connected, 8.0)
    assert source.alive()
    seen = set(numbers(held))
    source.settle(message.token for message in held)
    while len(seen) < 100:
        batch = take(source, 10)
        assert batch
        seen |= set(numbers(batch))
        source.settle(message.token for message in batch)
    source.close()


@needs_mosquitto
@pytest.mark.parametrize("kind", [BulkClient, PlainClient])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_ten_thousand_messages_all_arrive_once_in_order_and_end_settled(
    broker: EmbeddedBroker, protocol: str, kind: type[PlainClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "client_class", lambda: kind)
    spoken = EmbeddedBroker(broker.kind, broker.port, "5" if protocol == "5" else "3.1.1")
    source = make_source(spoken)
    publish(spoken, *range(10_000))
    seen: list[int] = []
    while batch := source.poll(2.0, 500):
        seen += numbers(batch)
        source.settle(message.token for message in batch)
    assert seen == list(range(10_000))
    counts = source.counts()
    assert (counts.received, counts.redelivered, counts.unsettled_messages, counts.errors) == (10_000, 0, 0, 0)
    source.close()
    source = make_source(spoken)
    assert source.poll(0.5, 10) == [], "all acknowledgements had reached the broker"
    source.close()


@needs_mosquitto
def test_a_retained_publication_is_there_for_who_comes_later_and_an_empty_one_takes_it_away(
    broker: EmbeddedBroker,
) -> None:
    sink = MqttSink(MqttSettings(broker.url, "notifier-0", broker.protocol))
    sink.publish([Publication("plant/kept", b"41", True), Publication("plant/kept", b"42", True)])
    source = make_source(broker, "late")
    [message] = take(source, 1)
    assert (message.payload.body, message.payload.retained) == (b"42", True)
    source.close()
    sink.publish([Publication("plant/kept", b"", True)])
    source = make_source(broker, "later")
    assert source.poll(0.5, 10) == []
    source.close()
    sink.close()


@needs_mosquitto
def test_a_sink_says_that_the_broker_is_away_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with embedded_broker(tmp_path, kind="mosquitto") as broker:
        sink = MqttSink(MqttSettings(broker.url, "notifier-0"), timeout_s=0.5)
        source = make_source(broker)
        await_that(lambda: sink.connected)
        sink.publish([])
    await_that(lambda: not sink.connected)
    for _ in range(2):
        with pytest.raises(Unavailable):
            sink.publish([Publication("plant/a", b"1")])
    with embedded_broker(tmp_path, broker.port, "mosquitto"):
        await_that(lambda: sink.connected, 30.0)
        sink.publish([Publication("plant/a", b"2")])
        await_that(lambda: source.connected, 30.0)
        bodies = [message.payload.body for message in take(source, 1)]
        assert bodies == [b"2"], "what was said to have failed is sent by nobody but the caller"
        sink.close()
        source.close()


@needs_mosquitto
def test_a_second_client_with_the_same_id_expels_the_first_which_stays_away_until_it_has_been_told(
    broker: EmbeddedBroker,
) -> None:
    zombie = MqttSink(MqttSettings(broker.url, "notifier-0"))
    await_that(lambda: zombie.connected)
    owner = MqttSink(MqttSettings(broker.url, "notifier-0"))
    await_that(lambda: owner.connected and not zombie.connected)
    time.sleep(0.5)
    owner.publish([Publication("plant/a", b"2")])
    with pytest.raises(Unavailable):
        zombie.publish([Publication("plant/a", b"1")])
    zombie.close()
    source = make_source(broker)
    owner.close()
    assert source.poll(0.3, 9) == []
    source.close()


@needs_mosquitto
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_of_two_gateways_with_one_name_one_says_so_within_seconds_and_stays_away(
    broker: EmbeddedBroker, protocol: Literal["5", "3.1.1"]
) -> None:
    settings = MqttSettings(broker.url, "parkpulse-gw-1", protocol)
    rivals = [MqttSource(settings, ["plant/#"], WallClock()) for _ in range(2)]
    await_that(lambda: any(source.rival for source in rivals), 30.0)
    said, other = sorted(rivals, key=lambda source: not source.rival)
    assert said.rival.startswith(f"{broker.url}: another gateway has this name; got the client id 'parkpulse-gw-1' ")
    assert said.rival.endswith("; give each its own [gateway] name")
    await_that(lambda: other.connected)
    made = [source.counts().connections for source in rivals]
    publish(broker, 1, 2)
    assert numbers(take(other, 2)) == [1, 2]
    time.sleep(3.0)
    assert [source.counts().connections for source in rivals] == made
    assert not said.connected
    for source in rivals:
        source.close()


@needs_mosquitto
def test_a_publication_cut_off_before_its_answer_is_said_to_be_unknown_and_may_be_sent_again(
    broker: EmbeddedBroker, wire: Wire
) -> None:
    source = make_source(broker)
    sink = MqttSink(MqttSettings(wire.broker.url, "notifier-0"))
    await_that(lambda: sink.connected)
    wire.cut()
    await_that(lambda: not sink.connected)
    with pytest.raises(Unavailable):
        sink.publish([Publication("plant/1", b"1")])
    sink.publish([Publication("plant/2", b"2"), Publication("plant/3", b"3")])
    assert numbers(take(source, 2)) == [2, 3]
    sink.close()
    source.close()


class StumblingClock:
    """Fails once."""

    def __init__(self) -> None:
        self.stumbled = False

    def now_ms(self) -> int:
        if not self.stumbled:
            self.stumbled = True
            raise ValueError("no time today")
        return 1

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


@needs_mosquitto
def test_row_05_a_failure_inside_a_callback_stops_no_thread_and_its_messages_come_again_at_once(
    broker: EmbeddedBroker,
) -> None:
    source = MqttSource(MqttSettings(broker.url, "gw"), ["plant/#"], StumblingClock())
    await_that(lambda: source.connected)
    publish(broker, 1, 2)
    batch = take(source, 2)
    assert numbers(batch) == [1, 2]
    assert source.alive()
    assert (source.counts().errors, source.counts().connections) == (1, 2)
    source.settle(message.token for message in batch)
    source.close()
    source = make_source(broker)
    assert source.poll(0.3, 9) == []
    source.close()


@needs_mosquitto
def test_a_closed_source_says_so_instead_of_waiting_for_ever(broker: EmbeddedBroker) -> None:
    source = make_source(broker)
    source.close()
    assert not source.alive()
    with pytest.raises(Bug):
        source.poll(0.1, 1)


def test_a_broker_that_gives_no_answer_is_given_up_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"mqtt://127.0.0.1:{mute.getsockname()[1]}"
        source = MqttSource(MqttSettings(url, "gw", answer_timeout_s=0.3), ["#"], WallClock())
        await_that(lambda: "no answer to CONNECT as MQTT 5" in source.counts().last_error)
        assert source.alive()
        source.close()


@needs_mosquitto
def test_of_a_broker_that_has_answered_before_no_protocol_is_blamed(tmp_path: Path) -> None:
    with embedded_broker(tmp_path, kind="mosquitto") as broker:
        source = MqttSource(MqttSettings(broker.url, "gw", answer_timeout_s=0.3), ["#"], WallClock())
        await_that(lambda: source.connected)
    with socket.create_server(("127.0.0.1", broker.port)):
        await_that(lambda: "the broker may be starting again" in source.counts().last_error)
        source.close()


class Raising(PlainClient):
    """As paho before 2.2 does where a packet is broken."""

    def read(self, room: int) -> bool:
        more = super().read(room)
        if self.socket() is None:
            raise struct.error("unpack requires a buffer of 9 bytes")
        return more


@pytest.mark.parametrize(
    "kind, said",
    [(BulkClient, "Protocol error"), (PlainClient, "Protocol error"), (Raising, "sent what can't be read")],
)
def test_what_even_paho_cannot_read_ends_the_connection_and_not_the_source(
    kind: type[PlainClient], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "client_class", lambda: kind)
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = MqttSource(MqttSettings(f"mqtt://127.0.0.1:{server.getsockname()[1]}", "gw"), ["#"], WallClock())
        for good in (b"1", b"2"):
            broker = server.accept()[0]
            broker.sendall(b"\x20\x03\x00\x00\x00" + b"\x32\x07\x00\x01a\x00\x01\x00" + good + b"\x32\x02\x00\x09")
            assert numbers(take(source, 1)) == [int(good)]
            await_that(lambda: said in source.counts().last_error)
            broker.close()
        assert source.alive()
        source.close()


@pytest.mark.parametrize("url", ["127.0.0.1:1883", "http://x", "mqtt://", "mqtt://x:port", "mqtt://u:p@x"])
def test_an_address_that_is_none_is_a_slip_before_any_connection(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^brokers\.url: "):
        MqttSink(MqttSettings(url, "x"))


@pytest.mark.parametrize("kind", ["mosquitto", "iotcore"])
def test_a_broker_inside_listens_on_loopback_and_is_gone_after_its_block(kind: str, tmp_path: Path) -> None:
    if kind == "mosquitto" and not find_mosquitto() and not REQUIRED:
        pytest.skip("no mosquitto on this machine; `apt-get install mosquitto` brings it")
    if kind == "iotcore" and not REQUIRED:
        pytest.importorskip("iotcore", reason="no iotcore; `pip install 'parkpulse[broker]'` brings it")
    with embedded_broker(tmp_path, kind="mosquitto" if kind == "mosquitto" else "iotcore") as broker:
        assert (broker.kind, broker.protocol) == (kind, "5" if kind == "mosquitto" else "3.1.1")
        source = make_source(broker)
        publish(broker, 1, 2, 3, size=100_000)
        assert numbers(take(source, 3)) == [1, 2, 3]
        source.close()
        with pytest.raises(ConfigError, match="in use by another program"), embedded_broker(tmp_path, broker.port):
            pass
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", broker.port), 0.5).close()


@pytest.mark.parametrize("kind", ["mosquitto", "iotcore"])
def test_a_broker_inside_dies_with_its_parent_however_that_dies(kind: str, tmp_path: Path) -> None:
    if kind == "mosquitto" and not find_mosquitto() and not REQUIRED:
        pytest.skip("no mosquitto on this machine; `apt-get install mosquitto` brings it")
    if kind == "iotcore" and not REQUIRED:
        pytest.importorskip("iotcore", reason="no iotcore; `pip install 'parkpulse[broker]'` brings it")
    code = (
        "import sys, time; from pathlib import Path; from connectors.services.broker import embedded_broker\n"
        f"with embedded_broker(Path(sys.argv[1]), kind={kind!r}) as broker:\n"
        "    print(broker.port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    socket.create_connection(("127.0.0.1", port), 1).close()
    parent.kill()
    parent.wait()

    def is_gone() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            return True
        return False

    await_that(is_gone, 5.0)
