"""Reading what others may have written: what cannot be read is put aside with its bytes, and the rest goes on."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import DecodeError

from pipeline.core.ports import Outgoing, Reader, Record

T = TypeVar("T")
REJECTS = "rejects.v1"


def resume(reader: Reader) -> None:
    """Every partition goes on behind what was committed, or where the log begins."""
    for partition in reader.partitions:
        reader.seek(partition, reader.committed(partition) or reader.first_offset(partition))


def rejected(record: Record, topic: str, sentence: str) -> Outgoing:
    """The record as a reject, with its place in the log, so that a repeat shows."""
    headers = (
        ("reason", b"poison"),
        ("sentence", sentence.encode()),
        ("topic", topic.encode()),
        ("partition", str(record.partition).encode()),
        ("offset", str(record.offset).encode()),
    )
    return Outgoing(REJECTS, record.key, record.value, headers)


def readable(records: Sequence[Record], topic: str, decode: Callable[[bytes], T]) -> tuple[list[T], list[Outgoing]]:
    """What could be decoded, in order, and rejects of what could not."""
    values: list[T] = []
    rejects: list[Outgoing] = []
    for record in records:
        try:
            values.append(decode(record.value))
        except DecodeError as error:
            rejects.append(rejected(record, topic, str(error)))
    return values, rejects
