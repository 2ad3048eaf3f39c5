"""A golden snapshot: the worker's state in the middle of a log, and that log, to see what it is good for."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline.core.frames import decode, encode
from pipeline.runtime import snapshot
from pipeline.runtime.snapshot import Snapshot
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step

GOLDEN = Path(__file__).with_name(f"worker-{snapshot.SCHEMA}.bin")


class Golden(msgspec.Struct):
    """`records`: (offset, append ms, line, frame); `taken`: how many of them are in the state."""

    schema: int
    configuration: str
    parts: dict[str, bytes]
    records: list[tuple[int, int, str, bytes]]
    taken: int

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "Golden":
        taken = len(entries) * 2 // 3
        state, _ = step(PartitionState(), entries[:taken])
        kept = snapshot.dump(state, cut="lines")
        records = [(entry.offset, entry.append_ms, entry.line, encode(entry.frame)) for entry in entries]
        return cls(kept.schema, kept.configuration, dict(kept.parts), records, taken)

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.parts, self.configuration, self.schema)

    def entries(self) -> list[Entry]:
        return [Entry(offset, append_ms, line, decode(frame)) for offset, append_ms, line, frame in self.records]


def read_golden() -> Golden:
    return msgspec.msgpack.decode(GOLDEN.read_bytes(), type=Golden)
