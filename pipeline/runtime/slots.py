"""Checkpoints in the state store, keyed role/partition/instance/slot/...: three slots in turn for each instance.

    role/partition/instance/slot/chunk/part/0   the first MB of a part of the snapshot, and so on
    role/partition/instance/slot/manifest       what it is made of: `Manifest`

Rules: chunks first, then the manifest; a checkpoint counts only where all of them hold, so one that was torn falls back
to the one before, which stands in another slot. An instance writes its own keys alone, so one that does not know that
it is no longer the owner spoils nothing. What other instances had saved when it took the partition the owner removes,
once two checkpoints of its own are out and its commit was taken.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from pipeline.core.ports import StateStore
from pipeline.runtime.snapshot import Snapshot

CHUNK = 1_000_000
SLOTS = 3


@dataclass(frozen=True, slots=True)
class Saved:
    """A whole checkpoint: the state as it was before the record at `offset`."""

    offset: int
    state: Snapshot


class Manifest(msgspec.Struct, frozen=True):
    """`number` counts the checkpoints of a partition; `chunks`: the CRC-32 of each chunk of each part."""

    offset: int
    number: int
    schema: int
    configuration: str
    chunks: dict[str, list[int]]


@dataclass(slots=True)
class _Own:
    """One partition: the number of the next checkpoint, the chunks that lie in each slot, what others left."""

    number: int = 0
    chunks: list[set[str]] = field(default_factory=lambda: [set() for _ in range(SLOTS)])
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
        slot, state = own.number % SLOTS, saved.state
        key, written, crcs = self._key(partition, slot), set[str](), dict[str, list[int]]()
        for name, part in state.parts.items():
            chunks = [part[i : i + CHUNK] for i in range(0, len(part), CHUNK)]
            crcs[name] = [zlib.crc32(chunk) for chunk in chunks]
            for i, chunk in enumerate(chunks):
                written.add(f"{key}chunk/{name}/{i}")
                self.store.put(f"{key}chunk/{name}/{i}", chunk)
        for gone in sorted(own.chunks[slot] - written):
            self.store.put(gone, None)
        manifest = Manifest(saved.offset, own.number, state.schema, state.configuration, crcs)
        self.store.put(f"{key}manifest", msgspec.json.encode(manifest))
        own.chunks[slot] = written
        own.number += 1
        own.saved += 1

    def _key(self, partition: int, slot: int) -> str:
        return f"{self.role}/{partition}/{self.instance}/{slot}/"

    def load(self, partition: int) -> Iterator[Saved]:
        """The whole checkpoints of all instances: highest offset first, of equal ones the last written first."""
        kept = self.store.load(f"{self.role}/{partition}/")
        told = {key.removesuffix("manifest"): _told(kept[key]) for key in kept if key.endswith("/manifest")}
        found = {key: manifest for key, manifest in told.items() if manifest is not None}
        own = self.own[partition] = _Own(max((manifest.number for manifest in found.values()), default=-1) + 1)
        own.chunks = [_chunks(kept, self._key(partition, slot)) for slot in range(SLOTS)]
        own.others = [key for key in kept if not key.startswith(f"{self.role}/{partition}/{self.instance}/")]
        order = sorted(found, key=lambda key: (found[key].offset, found[key].number), reverse=True)
        return (whole for key in order if (whole := _whole(kept, key, found[key])))

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


def _told(manifest: bytes) -> Manifest | None:
    """Of what cannot be read no checkpoint is made."""
    try:
        return msgspec.json.decode(manifest, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _whole(kept: Mapping[str, bytes], key: str, manifest: Manifest) -> Saved | None:
    parts: dict[str, bytes] = {}
    for name, crcs in manifest.chunks.items():
        chunks = [kept.get(f"{key}chunk/{name}/{i}", b"") for i in range(len(crcs))]
        if [zlib.crc32(chunk) for chunk in chunks] != crcs:
            return None
        parts[name] = b"".join(chunks)
    return Saved(manifest.offset, Snapshot(parts, manifest.configuration, manifest.schema)) if parts else None


def _chunks(kept: Mapping[str, bytes], key: str) -> set[str]:
    return {one for one in kept if one.startswith(f"{key}chunk/")}
