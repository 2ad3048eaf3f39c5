"""Checkpoints in the state store, keyed role/partition/instance/slot/...: three slots in turn for each instance.

Rules: a checkpoint is chunks of at most 1 MB, then a manifest with their CRC-32; it counts only where all of them hold,
so one that was torn falls back to the one before, which stands in another slot. An instance writes its own keys alone,
so one that does not know that it is no longer the owner spoils nothing. What other instances had saved when it took the
partition the owner removes, once two checkpoints of its own are out and its commit was taken.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.core.ports import StateStore

CHUNK = 1_000_000
SLOTS = 3


@dataclass(frozen=True, slots=True)
class Saved:
    """A whole checkpoint: the state as it was before the record at `offset`."""

    offset: int
    state: bytes


@dataclass(slots=True)
class _Own:
    """One partition: the number of the next checkpoint, how many chunks lie in each slot, what others left."""

    number: int = 0
    chunks: list[int] = field(default_factory=lambda: [0] * SLOTS)
    saved: int = 0
    others: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Slots:
    store: StateStore
    role: str
    instance: str
    own: dict[int, _Own] = field(default_factory=dict)

    def save(self, partition: int, saved: Saved) -> None:
        own = self.own.setdefault(partition, _Own())
        slot = own.number % SLOTS
        key = self._key(partition, slot)
        chunks = [saved.state[i : i + CHUNK] for i in range(0, len(saved.state), CHUNK)]
        for i, chunk in enumerate(chunks):
            self.store.put(f"{key}chunk/{i}", chunk)
        for i in range(len(chunks), own.chunks[slot]):
            self.store.put(f"{key}chunk/{i}", None)
        manifest = {"offset": saved.offset, "number": own.number, "chunks": [zlib.crc32(chunk) for chunk in chunks]}
        self.store.put(f"{key}manifest", json.dumps(manifest).encode())
        own.chunks[slot] = len(chunks)
        own.number += 1
        own.saved += 1

    def _key(self, partition: int, slot: int) -> str:
        return f"{self.role}/{partition}/{self.instance}/{slot}/"

    def load(self, partition: int) -> Iterator[Saved]:
        """The whole checkpoints of all instances: highest offset first, of equal ones the last written first."""
        kept = self.store.load(f"{self.role}/{partition}/")
        told = {key.removesuffix("manifest"): _told(kept[key]) for key in kept if key.endswith("/manifest")}
        own = self.own[partition] = _Own(max((number for _, number, _ in told.values()), default=-1) + 1)
        own.chunks = [_count(kept, self._key(partition, slot)) for slot in range(SLOTS)]
        own.others = [key for key in kept if not key.startswith(f"{self.role}/{partition}/{self.instance}/")]
        order = sorted(told, key=lambda key: told[key][:2], reverse=True)
        return (whole for key in order if (whole := _whole(kept, key, told[key])))

    def forget(self, partitions: Iterable[int]) -> None:
        """Behind a commit: removes what others had saved of partitions of which two checkpoints of ours are out."""
        due = [self.own[partition] for partition in partitions if self.own[partition].saved >= 2]
        gone = [key for own in due for key in own.others]
        for key in gone:
            self.store.put(key, None)
        if gone:
            self.store.flush()
        for own in due:
            own.others = []


def _told(manifest: bytes) -> tuple[int, int, list[int]]:
    """Offset, number and CRCs; of what cannot be read no checkpoint is made."""
    try:
        told = json.loads(manifest)
        return int(told["offset"]), int(told.get("number", 0)), [int(crc) for crc in told["chunks"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return -1, -1, []


def _whole(kept: Mapping[str, bytes], key: str, told: tuple[int, int, list[int]]) -> Saved | None:
    offset, _, crcs = told
    chunks = [kept.get(f"{key}chunk/{i}", b"") for i in range(len(crcs))]
    whole = crcs and [zlib.crc32(chunk) for chunk in chunks] == crcs
    return Saved(offset, b"".join(chunks)) if whole else None


def _count(kept: Mapping[str, bytes], key: str) -> int:
    """How many chunks lie there, or did before a hole."""
    return max((int(one.removeprefix(f"{key}chunk/")) + 1 for one in kept if one.startswith(f"{key}chunk/")), default=0)
