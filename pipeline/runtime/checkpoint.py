"""The commit order, once for every role that keeps state.

    commit, each second           1 flush what was written  2 commit offsets: all results of the records below are out
    checkpoint, every 30 seconds  1 flush what was written  2 state as chunks, then their manifest  3 flush the state
                                  4 commit offsets          5 forget

Restore: the newest manifest whose chunks all hold; read on from its offset, silently up to the commit, aloud from
there. A crash behind any step replays, and loses nothing.
"""

import json
import zlib
from dataclasses import dataclass

from pipeline.core.ports import Reader, StateStore, Writer
from pipeline.runtime.clock import monotonic

CHUNK = 1_000_000
COMMIT_S, CHECKPOINT_S = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class Saved:
    """A whole checkpoint: the state as it was before the record at `offset`."""

    offset: int
    state: bytes


@dataclass(slots=True)
class Slots:
    """Checkpoints of one role in the state store, keyed role/partition/instance/slot/... One slot today."""

    store: StateStore
    role: str
    instance: str

    def save(self, partition: int, saved: Saved) -> None:
        key = f"{self.role}/{partition}/{self.instance}/0"
        chunks = [saved.state[i : i + CHUNK] for i in range(0, len(saved.state), CHUNK)]
        for i, chunk in enumerate(chunks):
            self.store.put(f"{key}/chunk/{i}", chunk)
        manifest = {"offset": saved.offset, "chunks": [zlib.crc32(chunk) for chunk in chunks]}
        self.store.put(f"{key}/manifest", json.dumps(manifest).encode())

    def load(self, partition: int) -> Saved | None:
        """Of all instances, the manifest with the highest offset whose chunks all hold."""
        kept = self.store.load(f"{self.role}/{partition}/")
        found = [self._whole(kept, key) for key in kept if key.endswith("/manifest")]
        return max((saved for saved in found if saved), key=lambda saved: saved.offset, default=None)

    def _whole(self, kept: dict[str, bytes], manifest: str) -> Saved | None:
        told = json.loads(kept[manifest])
        base = manifest.removesuffix("manifest")
        chunks = [kept.get(f"{base}chunk/{i}", b"") for i in range(len(told["chunks"]))]
        if [zlib.crc32(chunk) for chunk in chunks] != told["chunks"]:
            return None
        return Saved(told["offset"], b"".join(chunks))


@dataclass(slots=True)
class Committer:
    """When to commit and when to checkpoint; the order itself is in `commit` and `checkpoint`."""

    reader: Reader
    writer: Writer
    slots: Slots
    committed_at: float = 0.0
    saved_at: float = 0.0

    def commit_due(self) -> bool:
        return monotonic() - self.committed_at >= COMMIT_S

    def checkpoint_due(self) -> bool:
        return monotonic() - self.saved_at >= CHECKPOINT_S

    def commit(self, spoken: dict[int, int]) -> None:
        """`spoken`: by partition, the offset below which all results are written."""
        self.writer.flush()
        self.reader.commit(spoken)
        self.committed_at = monotonic()

    def checkpoint(self, states: dict[int, Saved], spoken: dict[int, int]) -> None:
        self.writer.flush()
        for partition, saved in states.items():
            self.slots.save(partition, saved)
        self.slots.store.flush()
        self.reader.commit(spoken)
        self.committed_at = self.saved_at = monotonic()

    def age(self) -> float:
        """Seconds since the newest checkpoint."""
        return monotonic() - self.saved_at
