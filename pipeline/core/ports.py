"""What the pure middle needs from the world: the log, its readers and writers, the state store, the clock, sinks.

Each port has two users today (embedded and memory); Kafka, InfluxDB and others implement the same words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from pipeline.core.results import Result, Transition

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the log gives it back. `append_ms` is the log's own time, never falling within a partition."""

    partition: int
    offset: int
    append_ms: int
    key: bytes
    value: bytes
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to write; the partition is murmur2(key) as Kafka's default partitioner has it."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers = ()


class Place(NamedTuple):
    """Where a block lies on a shelf: file, offset, length; and its CRC-32."""

    file: int
    offset: int
    length: int
    crc: int


class Clock(Protocol):
    """The time of day. Only shells hold one; steps get times as arguments."""

    def now_ms(self) -> int: ...

    def wait(self, seconds: float) -> None: ...


class Owner(Protocol):
    """Who works on partitions that a group of readers shares. The reader calls it within `poll`, in the thread that
    polls. What it raises leaves `poll`, and the next one calls again."""

    def take(self, partitions: Sequence[int]) -> None:
        """These are ours from now on, and no others. Reading begins at the commit, or where `seek` says."""

    def give(self, partitions: Sequence[int]) -> None:
        """All of ours are asked back: what was read is finished, flushed and committed here. Then they are gone."""


class Reader(Protocol):
    """Reads partitions of one topic for one group, in offset order within a partition."""

    @property
    def instance(self) -> str:
        """The name by which its group knows it, of one reader at a time; kept over a kill where it can be."""

    @property
    def partitions(self) -> Sequence[int]:
        """All of the topic; with an owner those that are his now: they change within `poll` alone."""

    def poll(self, max_wait: float, max_bytes: int = 8 << 20) -> list[Record]:
        """Waits at most `max_wait` seconds (of the wall) for records; an empty list is no end."""

    def seek(self, partition: int, offset: int) -> None:
        """The next poll goes on at `offset` of this partition."""

    def committed(self, partition: int) -> int | None:
        """Offset of the first record whose results are not yet out; None = never committed."""

    def first_offset(self, partition: int) -> int:
        """Oldest offset that the log still holds (the next one to be written, if it holds none)."""

    def end_offset(self, partition: int) -> int:
        """Offset of the next record to be written."""

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Raises Unavailable where one of them is no longer ours."""

    def close(self) -> None: ...


class Writer(Protocol):
    """Writes records. What `flush` returned for is durable; until then nothing is promised."""

    def write(self, records: Sequence[Outgoing]) -> None:
        """Only remembers: nothing it does can fail. The topics need not be there before the flush."""

    def flush(self) -> int:
        """Makes all written records durable; returns the newest append time (ms) of this writer, 0 where it knows none.
        Raises Unavailable: nothing is forgotten, call it again."""

    def close(self) -> None: ...


@runtime_checkable
class FarWriter(Writer, Protocol):
    """Writes a log over a network: what was written goes on its way by itself, while nobody waits for it."""

    def flush_within(self, seconds: float) -> int:
        """As `flush`, with this patience; with none it only looks."""


class StateStore(Protocol):
    """Compacted key -> value store in the log (`state.v1`)."""

    def put(self, key: str, value: bytes | None) -> None:
        """None deletes."""

    def flush(self) -> None: ...

    def load(self, prefix: str) -> dict[str, bytes]: ...

    def close(self) -> None: ...


class Shelf(Protocol):
    """Blocks of bytes on the local disk, for what is too much for memory and can be made out of the log again."""

    @property
    def name(self) -> str:
        """No other shelf has it, here or on another machine."""

    @property
    def was(self) -> str:
        """The name of the shelf whose blocks it has, too, at their places; "" for none."""

    def put(self, block: bytes) -> Place:
        """Raises Unavailable, and then nothing is kept of it."""

    def get(self, place: Place) -> bytes:
        """Empty where it is no longer there, or not as it was."""

    def holds(self, places: Iterable[Place]) -> bool:
        """Are these all there, as far as their names and lengths say?"""

    def flush(self) -> None:
        """Makes what was put durable. Raises Unavailable."""

    def keep(self, places: Iterable[Place]) -> None:
        """All others may go; a shelf forgets in large parts, and may keep more."""


class Log(Protocol):
    """The spine: topics of partitions of records, and the state store."""

    def ensure(self, topics: Mapping[str, int]) -> None:
        """Creates topics with so many partitions, or raises ConfigError where they exist with another number."""

    def reader(self, topic: str, group: str, instance: str = "", owner: Owner | None = None) -> Reader:
        """Without an owner a reader of all partitions: raises Unavailable while another of the group has them. With one
        it shares them with the others of the group, where the log can; one that cannot gives all to the first."""

    def writer(self) -> Writer: ...

    def state(self) -> StateStore: ...

    def forget(self, topic: str, before_ms: int) -> None:
        """Records appended before this may go; a log forgets in large parts, and may keep more."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Unstorable:
    """A result or transition that a store can never take, and why."""

    what: Result | Transition
    why: str


class Sink(Protocol):
    """A store of results by identity. What `write` returned for is durable; older revisions change nothing."""

    def write(self, results: Sequence[Result], alerts: Sequence[Transition]) -> Sequence[Unstorable]:
        """Returns what it can never store. Raises Unavailable where waiting helps; then nothing of this call may be
        relied on, and it is sent again."""

    def close(self) -> None: ...
