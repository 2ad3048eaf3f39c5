"""Messages with QoS 1 as one block of bytes, built once and stamped anew for each round: what a load sends.

Rules: every message of a load has the same length, so that times, values and packet numbers are columns of a table of
bytes. Lines of eight units of five metrics each. A message holds one sample of a metric, or, as a batch of the own
family, the same stretch of time of all five metrics of its unit; stretch by stretch, unit by unit.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UNITS, METRICS, SEED, IDS = 8, 5, 12, 65_535
STAMP, VALUE, LINE = 13, 6, 4  # digits of a time in ms, of a value, of a line's number

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Burst:
    """`size` samples a message, 1 or a multiple of 5; each series has `ticks` samples, `period_ms` apart."""

    prefix: str
    lines: int
    size: int
    period_ms: int
    ticks: int

    @property
    def stretch(self) -> int:
        """Ticks in a message."""
        return max(1, self.size // METRICS)

    @property
    def senders(self) -> int:
        """Whose messages take turns: units, or series where a message holds one sample."""
        return self.lines * UNITS * (METRICS if self.size == 1 else 1)

    @property
    def messages(self) -> int:
        return self.senders * self.ticks // self.stretch

    @property
    def samples(self) -> int:
        return self.messages * self.size

    def times(self, first_ms: int) -> Ints:
        """Event times, a row a message: those of one stretch, metric after metric."""
        count = self.ticks // self.stretch
        ticks = np.arange(self.ticks).reshape(count, 1, self.stretch)
        each = 1 if self.size == 1 else METRICS
        whole = np.broadcast_to(ticks[:, :, None, :], (count, self.senders, each, self.stretch))
        return first_ms + whole.reshape(self.messages, self.size) * self.period_ms

    def values(self) -> Ints:
        """In thousandths, 60 to 80, a row a message."""
        return np.random.default_rng(SEED).integers(60_000, 80_000, (self.messages, self.size))

    def series(self) -> Ints:
        """Codes, a row a message: metrics of a unit stand together, units of a line too."""
        sender = np.tile(np.arange(self.senders), self.ticks // self.stretch)[:, None]
        if self.size == 1:
            return sender
        return sender * METRICS + np.repeat(np.arange(METRICS), self.stretch)


class Packets:
    """The messages of a burst as packets; `bytes` u8[message, width]."""

    def __init__(self, burst: Burst) -> None:
        self.burst = burst
        head, stamps, values = _template(burst)
        self._stamps = _columns(stamps, STAMP)
        self.bytes: Bytes = np.tile(np.frombuffer(head, np.uint8), (burst.messages, 1))
        self._name(head)
        thousandths = burst.values()
        _write(self.bytes, _columns(values, 2), thousandths // 1000)
        _write(self.bytes, _columns([at + 3 for at in values], 3), thousandths % 1000)

    def _name(self, head: bytes) -> None:
        burst, sender = self.burst, np.tile(np.arange(self.burst.senders), self.burst.ticks // self.burst.stretch)
        if burst.size == 1:
            _write(self.bytes, _columns([head.index(b"metric-M") + 7], 1), sender[:, None] % METRICS)
            sender = sender // METRICS
        _write(self.bytes, _columns([head.index(b"unit-U") + 5], 1), sender[:, None] % UNITS)
        _write(self.bytes, _columns([head.index(b"line-LLLL") + 5], LINE), sender[:, None] // UNITS)
        self._id = head.index(b"\xff\xff")
        self.number(0, burst.messages, 0)

    def number(self, first: int, last: int, sent: int) -> None:
        """Messages `first` up to `last` are sent after `sent` others."""
        number = np.arange(sent, sent + last - first) % IDS + 1
        self.bytes[first:last, self._id], self.bytes[first:last, self._id + 1] = number >> 8, number & 0xFF

    def stamp(self, first_ms: int) -> None:
        """From here on the burst begins at this event time."""
        _write(self.bytes, self._stamps, self.burst.times(first_ms))

    def restamp(self, first: int, last: int, times: Ints) -> None:
        """Messages `first` up to `last` get these event times, a row a message."""
        _write(self.bytes[first:last], self._stamps, times)


def _template(burst: Burst) -> tuple[bytes, list[int], list[int]]:
    """One packet with blanks, and where the times and values stand in it."""
    topic = f"{burst.prefix}/park/line-LLLL/unit-U" + ("/metric-M" if burst.size == 1 else "")
    time, value = "T" * STAMP, "00.000"
    if burst.size == 1:
        body = f'{{"timestamp_ms":{time},"value":{value}}}'
    else:
        names = [f"metric-{metric}" for metric in range(METRICS) for _ in range(burst.stretch)]
        body = "[" + ",".join(f'{{"t":{time},"m":"{name}","v":{value}}}' for name in names) + "]"
    rest = len(topic).to_bytes(2, "big") + topic.encode() + b"\xff\xff" + body.encode()
    packet = b"\x32" + _length(len(rest)) + rest
    return packet, _places(packet, time.encode()), _places(packet, value.encode())


def _length(size: int) -> bytes:
    """MQTT's variable length.

    >>> _length(321).hex()
    'c102'
    """
    return bytes((size,)) if size < 128 else bytes((size % 128 | 128,)) + _length(size // 128)


def _places(packet: bytes, word: bytes) -> list[int]:
    found, at = list[int](), packet.find(word)
    while at >= 0:
        found.append(at)
        at = packet.find(word, at + len(word))
    return found


def _columns(places: list[int], digits: int) -> Ints:
    """Columns of the table of bytes: a row a number, its digits from the first."""
    return np.array(places)[:, None] + np.arange(digits)


def _write(table: Bytes, columns: Ints, numbers: Ints) -> None:
    """Numbers, one for each row of `columns`, as digits."""
    left = numbers.astype(np.int64)
    for k in range(columns.shape[1] - 1, -1, -1):
        left, digit = np.divmod(left, 10)
        table[:, columns[:, k]] = (digit + 48).astype(np.uint8)
