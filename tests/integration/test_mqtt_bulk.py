"""Messages taken in bulk are what stock paho takes one by one, whatever comes and however it is cut over reads."""

import select
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from paho.mqtt.client import Client

from connectors.mqtt import bulk_client
from connectors.mqtt.arrivals import LARGE, Arrivals
from connectors.mqtt.bulk_client import BulkClient, client_class, lacking
from connectors.mqtt.plain_client import PlainClient
from connectors.mqtt.settings import MqttSettings, make_client

CONNACK = {"5": b"\x20\x03\x00\x00\x00", "3.1.1": b"\x20\x02\x00\x00"}
PONG = b"\xd0\x00"


def framed(head: int, rest: bytes) -> bytes:
    size, length = len(rest), b""
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | 128 * (size > 0)])
        if not size:
            return bytes([head]) + length + rest


def publish(
    protocol: str, topic: bytes, body: bytes, mid: int = 1, head: int = 0x32, *, properties: bytes = b""
) -> bytes:
    told = bytes([len(properties)]) + properties if protocol == "5" else b""
    number = mid.to_bytes(2, "big") if head & 6 else b""
    return framed(head, len(topic).to_bytes(2, "big") + topic + number + told + body)


@dataclass
class Heard:
    """What a client made of a stream of bytes: messages as rows, and whether it ended the connection or failed."""

    messages: list[tuple[str, bytes, bytes, bool]] = field(default_factory=list)
    redelivered: int = 0
    most: int = 0  # in one hand
    ended: bool = False
    failed: str = ""

    def take(self, found: Arrivals) -> None:
        self.messages += zip(found.topics, found.bodies, found.acks, found.retained, strict=True)
        self.redelivered += found.redelivered
        self.most = max(self.most, len(found))


def hear(kind: type[PlainClient], protocol: str, parts: Sequence[bytes], room: int = 10_000) -> Heard:
    """Each part is sent when all before it is read."""
    heard = Heard()
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = make_client(MqttSettings(f"mqtt://127.0.0.1:{server.getsockname()[1]}", "x", protocol), kind)
        client.hear(heard.take)
        client.reconnect()
        with server.accept()[0] as broker:
            broker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in filter(None, (CONNACK[protocol], *parts)):
                broker.sendall(part)
                read_all(client, heard, room, len(part))
                if heard.ended:
                    break
        client.disconnect()
    return heard


def read_all(client: PlainClient, heard: Heard, room: int, size: int) -> None:
    more, patience = False, 1.0  # what was sent comes
    while not heard.ended:
        if not more and not select.select([client.socket()], [], [], patience)[0]:
            return
        patience = 0.02 if size > LARGE else 0.0
        try:
            more = client.read(room)
        except Exception as error:
            heard.failed, heard.ended = type(error).__name__, True
        heard.ended = heard.ended or client.socket() is None


def same(protocol: str, parts: Sequence[bytes], room: int = 10_000) -> Heard:
    stock, bulk = (hear(kind, protocol, parts, room) for kind in (PlainClient, BulkClient))
    found = (bulk.messages, bulk.redelivered, bulk.ended, bulk.failed)
    assert found == (stock.messages, stock.redelivered, stock.ended, stock.failed)
    assert stock.most <= 1
    return bulk


def mixed(protocol: str) -> bytes:
    """Of everything something, and the same again at the end."""
    newest = protocol == "5"
    parts = [
        publish(protocol, b"plant/a", b"1"),
        publish(protocol, b"plant/a", b"2" * 200, 2, 0x3A),
        PONG,
        publish(protocol, "máy/số 1".encode(), b"", 3, 0x33),
        publish(protocol, b"\xff\xfe", b"no UTF-8", 4),
        publish(protocol, b"nul\x00/+/#", b"5", 5),
        publish(protocol, b"q0", b"", 0, 0x30),
        publish(protocol, b"q2", b"twice", 7, 0x34),
        b"\x62\x02\x00\x07",
        publish(protocol, b"expires", b"8", 8, properties=b"\x02\x00\x00\x00\x09"),
        publish(protocol, b"" if newest else b"x", b"9", 9),
        publish(protocol, b"plant/a", b"last", 10),
    ]
    return b"".join(parts)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_stream_cut_anywhere_gives_the_same_messages(protocol: str) -> None:
    stream = mixed(protocol)
    whole = same(protocol, [stream])
    assert len(whole.messages) == 10
    assert not whole.ended
    assert whole.most > 1
    for at in range(1, len(stream)):
        cut = hear(BulkClient, protocol, [stream[:at], stream[at:]])
        assert (cut.messages, cut.redelivered, cut.ended) == (whole.messages, whole.redelivered, False), at
    bytewise = hear(BulkClient, protocol, [bytes([byte]) for byte in stream])
    assert bytewise.messages == whole.messages


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("room", [1, 2, 3])
def test_never_more_is_taken_at_once_than_there_is_room_for(protocol: str, room: int) -> None:
    assert hear(BulkClient, protocol, [mixed(protocol)], room).most <= room
    same(protocol, [mixed(protocol)], room)


@pytest.mark.parametrize("size", [100, 127, 128, 16_383, 16_384, LARGE - 4, LARGE, LARGE + 1, 3 * LARGE])
def test_a_message_of_any_size_comes_whole_and_in_its_place(size: int) -> None:
    stream = b"".join(publish("5", b"a", body, mid) for mid, body in enumerate((b"1", b"x" * size, b"2"), 1))
    assert [len(body) for _, body, *_ in same("5", [stream]).messages] == [1, size, 1]


MALFORMED = {
    "a topic longer than its packet": framed(0x32, b"\x00\x09abc\x00\x01\x00x"),
    "no room for the packet id": framed(0x32, b"\x00\x03abc\x00"),
    "nothing at all": framed(0x32, b""),
    "QoS 3": framed(0x36, b"\x00\x03abc\x00\x01\x00x"),
    "properties longer than the packet": framed(0x32, b"\x00\x03abc\x00\x01\x7fx"),
    "a property that nobody knows": framed(0x32, b"\x00\x03abc\x00\x01\x02\x7e\x7ex"),
    "a length without end": b"\x32\xff\xff\xff\xff\xff",
    "no packet of any kind": b"\x00\x00",
    "an acknowledgement of nothing": b"\x40\x02\x00\x63",
}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("what", MALFORMED)
def test_what_is_malformed_ends_as_with_stock_paho_and_takes_nothing_before_it_along(what: str, protocol: str) -> None:
    stream = publish(protocol, b"a", b"1") + MALFORMED[what] + publish(protocol, b"a", b"2", 2)
    assert same(protocol, [stream]).messages[:1] == [("a", b"1", b"\x40\x02\x00\x01", False)]


@st.composite
def streams(draw: st.DrawFn) -> tuple[str, list[bytes], int]:
    protocol = draw(st.sampled_from(["5", "3.1.1"]))
    plain = st.builds(
        publish, st.just(protocol), st.binary(min_size=1, max_size=9), st.binary(max_size=200),
        st.integers(0, 0xFFFF), st.sampled_from([0x30, 0x31, 0x32, 0x33, 0x38, 0x3A, 0x3B]),
    )  # fmt: skip
    other = st.sampled_from([PONG, *MALFORMED.values()]) | st.builds(framed, st.integers(0x30, 0x3F), st.binary())
    packets = draw(st.lists(plain | plain | plain | other, max_size=12))
    return protocol, packets, draw(st.integers(1, 20))


@settings(max_examples=150, deadline=None)
@given(streams())
@example(("5", [publish("5", b"a", b"1"), b"\x32\x00"], 9))
def test_whatever_comes_is_read_as_stock_paho_reads_it(stream: tuple[str, list[bytes], int]) -> None:
    protocol, packets, room = stream
    same(protocol, [b"".join(packets)], room)


@pytest.mark.parametrize("kind", [PlainClient, BulkClient])
def test_acknowledgements_leave_as_given_and_in_order(kind: type[PlainClient]) -> None:
    packets = b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in (1, 300, 2)) + b"\x70\x02\x00\x07"
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = make_client(MqttSettings(f"mqtt://127.0.0.1:{server.getsockname()[1]}", "x"), kind)
        client.hear(Heard().take)
        client.reconnect()
        with server.accept()[0] as broker:
            broker.settimeout(1.0)
            broker.recv(1_000)
            client.acknowledge(packets)
            assert broker.recv(len(packets), socket.MSG_WAITALL) == packets
        client.disconnect()


def test_the_paho_that_is_installed_has_what_bulk_leans_on() -> None:
    assert client_class() is BulkClient


@pytest.fixture
def _other_paho(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(bulk_client, "PRIVATE", (*bulk_client.PRIVATE, "_gone"))
    client_class.cache_clear()
    yield
    client_class.cache_clear()


@pytest.mark.usefixtures("_other_paho")
def test_with_another_paho_it_is_said_once_and_messages_are_taken_one_by_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert lacking(Client, ["_gone", "loop_read"]) == ["_gone"]
    assert [client_class(), client_class()] == [PlainClient, PlainClient]
    assert len(caplog.records) == 1
    assert "one by one" in caplog.text
