"""A process that speaks as much MQTT 5 as it takes to send messages with QoS 1: to one client, so that no broker is
measured, or to a broker.

Rules: it sends as fast as the socket takes them, at most `WINDOW` without their acknowledgement, and says at the end
how many were acknowledged, and whether in order. `python -m pipeline.bench.mqtt_feed COUNT 0` prints its port, serves
one client, and prints that; `... COUNT PORT` goes to the broker at that port.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from subprocess import PIPE, Popen

SERIES, WINDOW, AT_ONCE, IDS = 10_000, 10_000, 500, 65_535
CONNECT, CONNACK, PUBACK, SUBSCRIBE, PING, DISCONNECT = 1, 2, 4, 8, 12, 14
WELCOME, PONG = b"\x20\x03\x00\x00\x00", b"\xd0\x00"
GREETING = b"\x10\x12\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x05bench"
ACK = 4  # bytes
PATIENCE_S = 60.0


def message(number: int) -> tuple[str, bytes]:
    """Topic and payload of the message `number` from 0."""
    topic = f"parkpulse/v1/data/park/line-{number % SERIES // 40}/unit-{number % 40 // 5}/metric-{number % 5}"
    return topic, f'{{"timestamp_ms":{1_780_000_000_000 + number},"value":{70 + number % 1000 / 1000}}}'.encode()


def publish(number: int) -> bytes:
    """The message as a packet with QoS 1.

    >>> publish(0)[:2], len(publish(0))
    (b'2]', 95)
    """
    topic, body = message(number)
    raw = topic.encode()
    rest = b"".join((len(raw).to_bytes(2, "big"), raw, packet_id(number).to_bytes(2, "big"), b"\0", body))
    return bytes((0x32, len(rest))) + rest


def packet_id(number: int) -> int:
    return number % IDS + 1


@dataclass(slots=True)
class Feed:
    """One connection."""

    connection: socket.socket
    packets: list[bytes]
    sent: int = 0
    acked: int = 0
    in_order: bool = True
    subscribed: bool = False  # or, by a broker, let in
    open: bool = True
    inbox: bytes = b""
    outbox: bytes = b""
    acks: bytes = field(init=False)  # as they should come
    replies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.acks = b"".join(b"\x40\x02" + packet_id(number).to_bytes(2, "big") for number in range(len(self.packets)))

    def run(self) -> None:
        self.connection.setblocking(False)
        while self.open and self.acked < len(self.packets):
            self._refill()
            if self.outbox:
                self._send()
            self._hear()

    def _refill(self) -> None:
        room = min(AT_ONCE, self.acked + WINDOW - self.sent)
        if self.outbox or not (self.replies or (self.subscribed and room > 0)):
            return
        batch = self.packets[self.sent : self.sent + room] if self.subscribed else []
        self.outbox = b"".join((*self.replies, *batch))
        self.sent, self.replies = self.sent + len(batch), []

    def _send(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            self.outbox = self.outbox[self.connection.send(self.outbox) :]

    def _hear(self) -> None:
        """Waits a little where there is nothing to send."""
        waiting = not self.outbox and (self.sent == len(self.packets) or self.sent - self.acked >= WINDOW)
        self.connection.settimeout(0.05 if waiting or not self.subscribed else 0.0)
        try:
            heard = self.connection.recv(1 << 16)
        except (BlockingIOError, TimeoutError):
            return
        except ConnectionError:
            heard = b""
        self.open = bool(heard)
        self.inbox += heard
        at = self._take_acks()
        while len(self.inbox) >= at + 2 and len(self.inbox) >= at + 2 + self.inbox[at + 1]:
            end = at + 2 + self.inbox[at + 1]  # a client's packets here are shorter than 128 bytes
            self._take(self.inbox[at] >> 4, self.inbox[at + 2 : end])
            at = end
        self.inbox = self.inbox[at:]

    def _take_acks(self) -> int:
        """At one look, where nothing but the acknowledgements that should come has come; and how far that goes."""
        size = len(self.inbox) // ACK * ACK
        if self.inbox[:size] != self.acks[self.acked * ACK : self.acked * ACK + size]:
            return 0
        self.acked += size // ACK
        return size

    def _take(self, kind: int, body: bytes) -> None:
        if kind == PUBACK:
            self.in_order &= int.from_bytes(body[:2], "big") == packet_id(self.acked)
            self.acked += 1
        elif kind == CONNECT:
            self.replies.append(WELCOME)
        elif kind == CONNACK:
            self.subscribed = True
        elif kind == SUBSCRIBE:
            self.replies.append(b"\x90\x04" + body[:2] + b"\0\x01")
            self.subscribed = True
        elif kind == PING:
            self.replies.append(PONG)
        elif kind == DISCONNECT:
            self.open = False


@dataclass(slots=True)
class Feeding:
    """The process, seen from the one that measures; where to find what it feeds."""

    process: "Popen[str]"
    port: int

    def report(self) -> str:
        """Waits for the end: "<acknowledged> in order", or "<acknowledged> out of order"."""
        return self._line()

    def _line(self) -> str:
        return self.process.stdout.readline().strip() if self.process.stdout else ""


@contextmanager
def feeding(count: int, broker: int = 0) -> Iterator[Feeding]:
    """`broker`: the port of one to send to."""
    command = [sys.executable, "-m", "pipeline.bench.mqtt_feed", str(count), str(broker)]
    with Popen(command, stdout=PIPE, text=True) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            yield Feeding(process, int(port))
        finally:
            process.kill()


def serve(count: int, broker: int) -> None:
    packets = [publish(number) for number in range(count)]
    if broker:
        print(broker, flush=True)
        with socket.create_connection(("127.0.0.1", broker)) as connection:
            connection.sendall(GREETING)
            _feed(connection, packets)
            return
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
        with connection:
            feed = _feed(connection, packets)
            connection.settimeout(PATIENCE_S)
            while feed.open and connection.recv(1 << 16):  # until the client leaves
                pass


def _feed(connection: socket.socket, packets: list[bytes]) -> Feed:
    feed = Feed(connection, packets)
    feed.run()
    print(f"{feed.acked} {'in order' if feed.in_order else 'out of order'}", flush=True)
    return feed


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
