"""Which records of samples.v1 are skipped, for every reader and every replay the same.

    samples.v1   a frame of kind *skip* under the record's key, in its partition: {"partition", "offset", "what", ...}
    state.v1     poison/worker/PARTITION/skip/OFFSET, the same decision where a reader finds it before the record

Rules: a decision stands in the state store before anything is said that rests on it, and in the log before a commit
passes its record: a reader takes the decisions of a partition in when it takes the partition, and so knows of each
before it reaches the record, wherever it begins. Where no checkpoint is left the state store may be new: then the
frames of the log are looked for first, and the decisions are there again. Passing a skipped record aloud writes its
reject and its frame; at a replay they come again, with the same place. First only its rows (or its body) are skipped; a
record that cannot be worked off even without them is passed over whole, and shows as a gap of the ledger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import msgspec

from pipeline.core.frames import Frame, FrameError, Kind, decode, encode
from pipeline.core.husk import husk
from pipeline.core.ports import Log, Outgoing, Record, StateStore
from pipeline.roles.reading import rejected
from pipeline.steps.gateway import SAMPLES

ROLE = "worker"
What = Literal["rows", "record"]


class Skip(msgspec.Struct, frozen=True):
    """`why` as one clause."""

    what: What
    why: str


class _Said(msgspec.Struct, frozen=True):
    """The body of the frame."""

    partition: int
    offset: int
    reason: str
    what: What
    why: str


Skips = dict[int, Skip]  # by offset
Range = tuple[int, int]
_SKIP = bytes([Kind.SKIP])


def root(partition: int | None = None) -> str:
    """Where in the state store all of poison lies, or that of one partition."""
    return f"poison/{ROLE}/" if partition is None else f"poison/{ROLE}/{partition}/"


def decided(kept: Mapping[str, bytes], partition: int) -> Skips:
    """The decisions about a partition; what cannot be read is none."""
    found: Skips = {}
    for key, value in kept.items():
        if key.startswith(f"{root(partition)}skip/"):
            try:
                found[int(key.rpartition("/")[2])] = msgspec.json.decode(value, type=Skip)
            except ValueError:
                continue
    return found


def ahead(log: Log, extents: Mapping[int, Range]) -> dict[int, Skips]:
    """The decisions that stand as frames in these parts of the log, for who knows of them by nothing else."""
    found: dict[int, Skips] = {partition: {} for partition in extents}
    reader = log.reader(SAMPLES, "")
    try:
        for partition in reader.partitions:
            reader.seek(partition, extents[partition][0] if partition in extents else reader.end_offset(partition))
        left = {partition: end for partition, (first, end) in extents.items() if first < end}
        while left:
            for record in reader.poll(1.0):
                if record.value[5:6] == _SKIP and (said := _said(record)) is not None:
                    found.setdefault(record.partition, {})[said.offset] = Skip(said.what, said.why)
                if record.offset + 1 >= left.get(record.partition, 0):
                    left.pop(record.partition, None)
    finally:
        reader.close()
    return found


def _said(record: Record) -> _Said | None:
    """What a frame says of a record of its own partition."""
    try:
        frame = decode(record.value)
        said = msgspec.json.decode(frame.body, type=_Said) if frame.kind is Kind.SKIP else None
    except ValueError:
        return None
    return said if said is not None and said.partition == record.partition else None


def keep(store: StateStore, partition: int, decisions: Skips) -> None:
    for offset, skip in decisions.items():
        store.put(f"{root(partition)}skip/{offset}", msgspec.json.encode(skip))


def forget(store: StateStore, partition: int, offsets: Iterable[int]) -> None:
    for offset in offsets:
        store.put(f"{root(partition)}skip/{offset}", None)


def without(skips: Skips, records: Sequence[Record]) -> Sequence[Record]:
    """The records, of those skipped what is left."""
    if not skips:
        return records
    left = (_left(record, skips.get(record.offset)) for record in records)
    return [record for record in left if record is not None]


def _left(record: Record, skip: Skip | None) -> Record | None:
    if skip is None:
        return record
    try:
        return replace(record, value=husk(record.value)[0]) if skip.what == "rows" else None
    except FrameError:
        return None


def told(record: Record, skip: Skip) -> list[Outgoing]:
    """The reject of a skipped record, with its bytes, and the frame that says so in its partition."""
    body = msgspec.json.encode(_Said(record.partition, record.offset, "poison", skip.what, skip.why))
    frame = Frame(Kind.SKIP, 0, 0, record.append_ms, ROLE, 1, 0, 0, 0, body=body)
    return [
        rejected(record, SAMPLES, skip.why, rows_of(record, skip)),
        Outgoing(SAMPLES, record.key, encode(frame)),
    ]


def rows_of(record: Record, skip: Skip) -> int:
    """For how many samples it stands."""
    try:
        return max(1, husk(record.value)[1]) if skip.what == "rows" else 1
    except FrameError:
        return 1
