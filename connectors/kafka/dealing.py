"""What was fetched of each partition and not yet handed out, and where reading is.

Rule: append time never falls within a partition, wherever reading began (`newest`: of all records before, to be
learned of the log where reading begins).
"""

from collections.abc import Iterable, Sequence

from aiokafka import ConsumerRecord

from pipeline.core.ports import Record


class Dealing:
    def __init__(self, partitions: int) -> None:
        self.positions = [0] * partitions
        self._fetched: list[list[ConsumerRecord]] = [[] for _ in range(partitions)]  # in reverse: the next one is last
        self._newest: list[int | None] = [None] * partitions
        self._turn = 0

    def go_to(self, partition: int, offset: int) -> None:
        self.positions[partition], self._fetched[partition], self._newest[partition] = offset, [], None

    def put(self, partition: int, records: Sequence[ConsumerRecord]) -> None:
        self._fetched[partition] = [*records][::-1]

    def has(self, partition: int) -> bool:
        return bool(self._fetched[partition])

    def unlearned(self, partitions: Iterable[int]) -> list[ConsumerRecord]:
        """The next records of partitions whose newest append time so far is not known."""
        return [self._fetched[p][-1] for p in partitions if self._fetched[p] and self._newest[p] is None]

    def learn(self, partition: int, newest: int) -> None:
        self._newest[partition] = newest

    def deal(self, partitions: Sequence[int], room: int) -> list[Record]:
        taken: list[Record] = []
        self._turn += 1  # another partition comes first each time, so that a busy one starves none
        for turn in range(len(partitions)):
            room = self._deal_one(partitions[(self._turn + turn) % len(partitions)], room, taken)
        return taken

    def _deal_one(self, partition: int, room: int, taken: list[Record]) -> int:
        """Adds what fits (the poll's first record always does) and returns the room that is left."""
        kept, newest = self._fetched[partition], self._newest[partition] or 0
        while kept:
            one = kept[-1]
            key, value = one.key or b"", one.value or b""
            if taken and len(key) + len(value) > room:
                break
            room -= len(key) + len(value)
            newest = max(newest, one.timestamp)
            taken.append(Record(partition, one.offset, newest, key, value, tuple(one.headers)))
            self.positions[partition] = one.offset + 1
            kept.pop()
        if self._newest[partition] is not None:
            self._newest[partition] = newest
        return room
