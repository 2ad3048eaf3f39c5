"""PUBLISH packets cut out of the bytes of a connection, many at a time: pure, no socket, no clock.

Rule: only what is plain is cut here: whole packets with QoS 0 or 1, a topic and no properties. Whatever else stands
there is left where it is, for the client library to read, so that it means and breaks what it always did.

>>> packets = bytes.fromhex("300900046b696c6e002121" "32080002616200070021" "d000")
>>> arrivals, at, stopped = cut(packets, 0, 99, True, Topics())
>>> arrivals.topics, arrivals.bodies, arrivals.acks
(['kiln', 'ab'], [b'!!', b'!'], [b'', b'@\\x02\\x00\\x07'])
>>> packets[at:], stopped
(b'\\xd0\\x00', <Stop.OTHER: 3>)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

LARGE = 1 << 18  # bytes read at once; a packet of more is not waited for here
PUBACK, PUBCOMP = b"\x40\x02", b"\x70\x02"
REMEMBERED, MAX_REMEMBERED = 1 << 16, 256


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Messages in order of arrival, as columns. `acks`: the packet that acknowledges each, b"" for QoS 0."""

    topics: Sequence[str]  # "" for one in bytes that are no UTF-8, which nobody may use: becomes a reject
    bodies: Sequence[bytes]
    acks: Sequence[bytes]
    retained: Sequence[bool]
    redelivered: int

    def __len__(self) -> int:
        return len(self.topics)


class Stop(Enum):
    """Why no more was cut."""

    MOST = 1  # as many as were wanted
    SHORT = 2  # the next packet is not there, or not whole
    OTHER = 3  # the next is for the client library


class Topics(dict[bytes, str]):
    """Bytes of a topic -> the topic: the same come again and again, so they are remembered (bounded)."""

    def __missing__(self, raw: bytes) -> str:
        try:
            topic = raw.decode()
        except UnicodeDecodeError:
            topic = ""
        if len(self) >= REMEMBERED:
            self.clear()
        if len(raw) <= MAX_REMEMBERED:
            self[raw] = topic
        return topic


def cut(data: bytes, at: int, most: int, newest: bool, names: Topics) -> tuple[Arrivals, int, Stop]:
    """At most so many messages from `at` on, where they end, and why; `newest`: MQTT 5."""
    topics: list[str] = []
    bodies: list[bytes] = []
    acks: list[bytes] = []
    marked: list[tuple[int, int]] = []  # the few retained or redelivered: which, and its first byte
    end, stopped = len(data), Stop.MOST
    for _ in range(most):
        if end - at < 2:
            stopped = Stop.SHORT if end == at or data[at] >> 4 == 3 else Stop.OTHER
            break
        head, size, start = data[at], data[at + 1], at + 2
        if size > 127:
            size, start = _size(data, at)
        stop = start + size
        if head & 0xF4 != 0x30 or stop - at > LARGE or (size < 6 and start <= end):
            stopped = Stop.OTHER
            break
        if stop > end:
            stopped = Stop.SHORT
            break
        rest = start + 2 + (data[start] << 8 | data[start + 1])
        raw, ack = data[start + 2 : rest], b""
        if head & 2:
            ack = PUBACK + data[rest : rest + 2]
            rest += 2
        if newest:
            rest += 1
        if rest > stop or not raw or (newest and data[rest - 1]):
            stopped = Stop.OTHER
            break
        if head & 9:
            marked.append((len(topics), head))
        topics.append(names[raw])
        bodies.append(data[rest:stop])
        acks.append(ack)
        at = stop
    return Arrivals(topics, bodies, acks, *_marks(len(topics), marked)), at, stopped


def _marks(count: int, marked: list[tuple[int, int]]) -> tuple[list[bool], int]:
    retained = [False] * count
    for index, head in marked:
        retained[index] = head & 1 == 1
    return retained, sum(head >> 3 & 1 for _, head in marked)


def _size(data: bytes, at: int) -> tuple[int, int]:
    """Of a packet of more than 127 bytes: how many follow, and where. Far too many where that is not yet said, or in
    more than three bytes: such a packet is large."""
    size = 0
    for place, byte in enumerate(data[at + 1 : at + 4]):
        size |= (byte & 127) << 7 * place
        if byte < 128:
            return size, at + 2 + place
    return (LARGE, at + 2) if len(data) - at >= 4 else (0, len(data) + 1)
