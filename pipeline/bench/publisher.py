"""A process that publishes a burst to a broker with QoS 1 as fast as it takes it, or at a pace of the wall clock.

Rules: at most `WINDOW` messages are without their acknowledgement, and every acknowledgement must come, in order.
Orders are lines on standard input, each answered by one: `stamp MS` makes the burst ready, `send` sends it; `pace
MESSAGES_A_SECOND SECONDS` goes over the burst again and again, each message stamped with the time it is due.
"""

import select
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter, sleep, time_ns

import msgspec
import numpy as np

from pipeline.bench.burst import IDS, Burst, Packets

WINDOW, AT_ONCE, PATIENCE_S, PACE_S, PAUSE_S = 10_000, 1 << 20, 60.0, 0.01, 0.002
CONNECT = b"\x10%c\0\x04MQTT\x04\x02\0\0"


@dataclass(slots=True)
class Publishing:
    """One connection. `acks`: what the broker said, whole."""

    connection: socket.socket
    acks: list[bytes] = field(default_factory=list)
    heard: int = 0

    @property
    def acked(self) -> int:
        return self.heard // 4

    def hear(self, after: float) -> None:
        """Sleeps first: to be woken by every single acknowledgement costs us 4 us each and the broker 1.5."""
        if after:
            sleep(after)
        with suppress(BlockingIOError):
            found = self.connection.recv(1 << 18)
            if not found:
                raise ConnectionError("the broker has hung up")
            self.acks.append(found)
            self.heard += len(found)

    def send(self, block: memoryview, width: int, already: int = 0) -> None:
        """A block of whole messages, each `width` long; `already` were sent before it."""
        sent, until = 0, perf_counter() + PATIENCE_S
        while sent < len(block):
            room = (self.acked + WINDOW - already) * width
            end = min(len(block), sent + AT_ONCE, room)
            writable = select.select([], [self.connection], [], 0.0)[1] if end > sent else []
            if writable:
                sent += self.connection.send(block[sent:end])
            self.hear(0.0 if writable else PAUSE_S)
            if perf_counter() > until:
                raise ConnectionError(f"the broker takes no more than {self.acked} messages")

    def await_acks(self, count: int) -> bool:
        """Were they all acknowledged, in order?"""
        until = perf_counter() + PATIENCE_S
        while self.acked < count and perf_counter() < until:
            self.hear(PAUSE_S)
        found = np.frombuffer(b"".join(self.acks), np.uint8)
        number = np.arange(count) % IDS + 1
        wanted = np.column_stack((np.full(count, 0x40), np.full(count, 2), number >> 8, number & 0xFF))
        return bool(np.array_equal(found, wanted.reshape(-1).astype(np.uint8)))


def connected(address: str, name: str = "") -> Publishing:
    """With a session of its own, that ends with the connection; of one that was kept under the name nothing is left."""
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client_id = (name or f"bench-{time_ns()}").encode()
    connection.sendall(CONNECT % (12 + len(client_id)) + len(client_id).to_bytes(2, "big") + client_id)
    if connection.recv(4) != b"\x20\x02\0\0":
        raise ConnectionError(f"{address}: refuses the load")
    connection.setblocking(False)
    return Publishing(connection)


def burst_sent(address: str, packets: Packets) -> str:
    """When the first byte left and when the last acknowledgement came, in ms of the wall; were all in order?"""
    own = connected(address)
    with own.connection:
        began = time_ns()
        own.send(packets.bytes.reshape(-1).data, packets.bytes.shape[1])
        all_there = own.await_acks(packets.burst.messages)
        return f"{began // 1_000_000} {time_ns() // 1_000_000} {'in order' if all_there else 'out of order'}"


def paced(address: str, packets: Packets, rate: float, seconds: float) -> str:
    """How many messages were sent, the greatest delay behind the pace in ms, and were they acknowledged in order? Each
    is stamped with the time at which it is due."""
    own, burst, width = connected(address), packets.burst, packets.bytes.shape[1]
    back = (
        np.tile(np.arange(burst.stretch), max(1, burst.size // burst.stretch)) - burst.stretch + 1
    ) * burst.period_ms
    flat, sent, worst = packets.bytes.reshape(-1).data, 0, 0.0
    began, began_ms = perf_counter(), time_ns() / 1e6
    with own.connection:
        while (passed := perf_counter() - began) < seconds:
            due = int(passed * rate) - sent
            if due < rate * PACE_S:
                own.hear(PACE_S / 2)
                continue
            place = sent % burst.messages
            count = min(due, burst.messages - place)
            due_ms = (began_ms + np.arange(sent, sent + count) * 1000 / rate).astype(np.int64)
            packets.restamp(place, place + count, due_ms[:, None] + back)
            packets.number(place, place + count, sent)
            own.send(flat[place * width : (place + count) * width], width, sent)
            sent += count
            worst = max(worst, perf_counter() - began - sent / rate)
        return f"{sent} {worst * 1000:.0f} {'in order' if own.await_acks(sent) else 'out of order'}"


def main(address: str, shape: str) -> None:
    packets = Packets(msgspec.json.decode(shape, type=Burst))
    print("built", flush=True)
    for order in sys.stdin:
        match order.split():
            case ["stamp", first_ms]:
                packets.stamp(int(first_ms))
                print("stamped", flush=True)
            case ["send"]:
                print(burst_sent(address, packets), flush=True)
            case ["pace", rate, seconds]:
                print(paced(address, packets, float(rate), float(seconds)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
