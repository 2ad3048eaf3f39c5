"""The commit order, once for every role that keeps state.

    commit, each second           1 flush what was written  2 commit offsets: all results of the records below are out
    checkpoint, every 30 seconds  1 flush what was written  2 state as chunks, then their manifest  3 flush the state
                                  4 commit offsets          5 forget what others had saved

Restore: the newest whole checkpoint (`slots`); read on from its offset, silently up to the commit, aloud from there. A
crash behind any step replays, and loses nothing. Who is no longer the owner fails at the commit, and forgets nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.ports import Reader, Writer
from pipeline.runtime.clock import monotonic
from pipeline.runtime.slots import Saved, Slots

COMMIT_S, CHECKPOINT_S = 1.0, 30.0


@dataclass(slots=True)
class Committer:
    """When to commit and when to checkpoint; the order itself is in `commit` and `checkpoint`."""

    reader: Reader
    writer: Writer
    slots: Slots
    committed_at: float = 0.0
    saved_at: float = 0.0
    pace: Callable[[], float] = monotonic

    def commit_due(self) -> bool:
        return self.pace() - self.committed_at >= COMMIT_S

    def checkpoint_due(self) -> bool:
        return self.pace() - self.saved_at >= CHECKPOINT_S

    def commit(self, spoken: dict[int, int]) -> None:
        """`spoken`: by partition, the offset below which all results are written."""
        self.writer.flush()
        self.reader.commit(spoken)
        self.committed_at = self.pace()

    def checkpoint(self, states: dict[int, Saved], spoken: dict[int, int]) -> None:
        self.writer.flush()
        for partition, saved in states.items():
            self.slots.save(partition, saved)
        self.slots.store.flush()
        self.reader.commit(spoken)
        self.slots.forget(states)
        self.committed_at = self.saved_at = self.pace()

    def age(self) -> float:
        """Seconds since the newest checkpoint."""
        return self.pace() - self.saved_at
