"""What kills a process is found by those who come after it: how far the last owner of a partition had come.

    state.v1     poison/worker/PARTITION/attempt     there while somebody works on it, with the range in hand

First start: that it works is noted, nothing more, so that it costs nothing. It dies without a word. Second start: the
note is found, so each range is noted before it is worked on, as far as the log reached when it began. It dies again.
Third start: the range in hand is tried in a process of its own, record by record (`trial`): what kills that is skipped.
Rule: a note is advice. Nobody is skipped for it, however often and wherever processes are killed by others.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from pipeline.core.errors import Unavailable
from pipeline.core.ports import StateStore
from pipeline.roles.skips import root


class Attempt(msgspec.Struct, frozen=True):
    """`first` to `end`: the records in hand; none noted where both are 0."""

    first: int = 0
    end: int = 0


@dataclass(slots=True)
class Attempts:
    """`until`: by partition, up to where each range is noted."""

    store: StateStore
    until: dict[int, int] = field(default_factory=dict)

    def begin(self, kept: Mapping[str, bytes], ends: Mapping[int, int]) -> dict[int, Attempt]:
        """Takes partitions, with the ends of the log; the ranges in which the two starts before this one died."""
        died: dict[int, Attempt] = {}
        for partition, end in ends.items():
            found = kept.get(_key(partition))
            last = _read(found)
            if found is not None:
                self.until[partition] = end
            if last.first < last.end:
                died[partition] = last
            self.store.put(_key(partition), msgspec.json.encode(last))
        self.store.flush()
        return died

    def note(self, partition: int, first: int, end: int) -> None:
        if first < self.until.get(partition, 0):
            self._put({partition: Attempt(first, end)})

    def passed(self, positions: Mapping[int, int]) -> None:
        """By partition, below what all was worked off."""
        over = {partition for partition, end in self.until.items() if positions.get(partition, 0) >= end}
        if over:
            self.until = {partition: end for partition, end in self.until.items() if partition not in over}
            self._put(dict.fromkeys(over, Attempt()))

    def end(self, partitions: Iterable[int]) -> None:
        """A clean end of the work on them."""
        for partition in partitions:
            self.until.pop(partition, None)
            self.store.put(_key(partition), None)
        self.store.flush()

    def _put(self, notes: Mapping[int, Attempt]) -> None:
        for partition, attempt in notes.items():
            self.store.put(_key(partition), msgspec.json.encode(attempt))
        with suppress(Unavailable):
            self.store.flush()


def _key(partition: int) -> str:
    return f"{root(partition)}attempt"


def _read(value: bytes | None) -> Attempt:
    try:
        return Attempt() if value is None else msgspec.json.decode(value, type=Attempt)
    except ValueError:
        return Attempt()
