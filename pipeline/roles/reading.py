"""Reading what others may have written: what cannot be read is put aside with its bytes, and the rest goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import DecodeError

from pipeline.core.ports import Outgoing, Reader, Record
from pipeline.roles.culprits import ON_PURPOSE, named
from pipeline.runtime.clock import monotonic
from pipeline.runtime.instruments import Instruments

T = TypeVar("T")
LOOK_EVERY_S = 1.0
REJECTS = "rejects.v1"
ROOM, KEY_ROOM = 15 << 20, 64 << 10  # of what every log takes, 16 MiB: a reject has headers, and a batch around it


@dataclass(slots=True)
class Lag:
    """How many records wait for a role, looked at once a second."""

    instruments: Instruments
    role: str
    readers: Sequence[Reader]
    due: float = 0.0

    def look(self) -> None:
        now = monotonic()
        if now < self.due:
            return
        self.due = now + LOOK_EVERY_S
        waiting = sum(_waiting(reader, partition) for reader in self.readers for partition in reader.partitions)
        self.instruments.consumer_lag.labels(self.role).set(waiting)


def _waiting(reader: Reader, partition: int) -> int:
    done = reader.committed(partition)
    return reader.end_offset(partition) - (reader.first_offset(partition) if done is None else done)


@dataclass(slots=True)
class Place:
    """Where a group stands in a topic: behind what it has committed, or where the log begins.

    A reader is its role's alone; `committed` may be asked by any thread."""

    reader: Reader
    offsets: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.offsets = {partition: self.reader.committed(partition) or 0 for partition in self.reader.partitions}
        self.resume()

    def resume(self) -> None:
        """What was read and not committed is read again."""
        for partition, offset in self.offsets.items():
            self.reader.seek(partition, offset or self.reader.first_offset(partition))

    def commit(self, records: Sequence[Record]) -> None:
        if records:
            offsets = {record.partition: record.offset + 1 for record in records}
            self.reader.commit(offsets)
            self.offsets.update(offsets)

    @property
    def committed(self) -> int:
        """Sum over the partitions."""
        return sum(self.offsets.values())


def rejected(record: Record, topic: str, sentence: str, samples: int = 1) -> Outgoing:
    """The record as a reject, with its place in the log, so that a repeat shows. What cannot be read counts as one
    sample. Of one as large as the log takes the begin is kept; the whole is at its place."""
    where = f"{topic}, partition {record.partition}, offset {record.offset}"
    headers = (
        ("reason", b"poison"),
        ("sentence", f"{where}: {sentence}; the record is skipped".encode()),
        ("samples", str(samples).encode()),
        ("topic", topic.encode()),
        ("partition", str(record.partition).encode()),
        ("offset", str(record.offset).encode()),
    )
    return Outgoing(REJECTS, record.key[:KEY_ROOM], record.value[:ROOM], headers)


def readable(records: Sequence[Record], topic: str, decode: Callable[[bytes], T]) -> tuple[list[T], list[Outgoing]]:
    """What could be decoded, in order, and rejects of what could not."""
    values: list[T] = []
    rejects: list[Outgoing] = []
    for record in records:
        try:
            values.append(decode(record.value))
        except DecodeError as error:
            rejects.append(rejected(record, topic, str(error)))
        except ON_PURPOSE:
            raise
        except BaseException as error:
            rejects.append(rejected(record, topic, named(error)))
    return values, rejects
