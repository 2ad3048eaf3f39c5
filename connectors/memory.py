"""The log in process: for tests and for what one process needs and nobody keeps.

Rule: the same promises as any other log but durability, so that a test on it says something of the others.
"""

import threading
from collections.abc import Mapping, Sequence

from connectors.memory_group import Member, MemoryGroup
from connectors.partition import partition_of
from connectors.waiting import wait_for
from pipeline.core.errors import Away, Bug, ConfigError, Unavailable
from pipeline.core.ports import Clock, Outgoing, Owner, Record


class MemoryLog:
    """Topics of partitions of records; lives as long as the object, whoever opens and closes it."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.is_away = clock, False  # away: takes nothing
        self.lock = threading.Lock()
        self.topics: dict[str, list[list[Record]]] = {}
        self.committed: dict[tuple[str, str, int], int] = {}
        self.owners: dict[tuple[str, str], str] = {}
        self.groups: dict[tuple[str, str], MemoryGroup] = {}
        self.kept: dict[str, bytes] = {}

    def ensure(self, topics: Mapping[str, int]) -> None:
        with self.lock:
            for topic, partitions in topics.items():
                held = self.topics.setdefault(topic, [[] for _ in range(partitions)])
                if len(held) != partitions:
                    raise ConfigError(
                        f"log: topic {topic!r} has another number of partitions; got {partitions}; "
                        f"expected {len(held)}; a change means a new topic"
                    )

    def partitions_of(self, topic: str) -> list[list[Record]]:
        if topic not in self.topics:
            raise Bug(f"log: topic {topic!r} was never ensured")
        return self.topics[topic]

    def reader(self, topic: str, group: str, instance: str = "", owner: Owner | None = None) -> "MemoryReader":
        return MemoryReader(self, topic, group, instance, owner)

    def writer(self) -> "MemoryWriter":
        return MemoryWriter(self)

    def state(self) -> "MemoryState":
        return MemoryState(self)

    def expel(self, topic: str, group: str, instance: str) -> None:
        """What a cluster does to a member that it has not heard of for the time of a session."""
        with self.lock:
            self.groups[group, topic].expel(instance)

    def forget(self, topic: str, before_ms: int) -> None:
        """Keeps everything: it lives no longer than its process."""

    def close(self) -> None:
        """Nothing to give back."""


class MemoryReader:
    def __init__(self, log: MemoryLog, topic: str, group: str, instance: str, owner: Owner | None) -> None:
        held = log.partitions_of(topic)
        self._log, self._topic, self._group, self._turn = log, topic, group, 0
        self._owner, self._begun, self._closed = owner, 0, False
        self._mine: Sequence[int] = () if owner else range(len(held))
        with log.lock:
            self._member = self._joined(instance, len(held))
        self._positions = [log.committed.get((group, topic, p), 0) for p in range(len(held))]

    def _joined(self, instance: str, partitions: int) -> Member:
        of, log = (self._group, self._topic), self._log
        others = log.groups.setdefault(of, MemoryGroup(partitions))
        if self._owner is not None and of not in log.owners:
            return others.join(instance)
        if self._group and (of in log.owners or others.members):
            holder = log.owners.get(of) or "instances that share it"
            raise Unavailable(f"log: group {self._group!r} of topic {self._topic!r} is held by {holder}")
        if self._group:
            log.owners[of] = f"instance {instance!r} of this process"
        return Member(instance)

    @property
    def instance(self) -> str:
        return self._member.name

    @property
    def partitions(self) -> Sequence[int]:
        return self._mine

    def poll(self, max_wait: float, max_bytes: int = 8 << 20) -> list[Record]:
        if self._owner is not None:
            self._attend(self._owner)
        return wait_for(lambda: self._take(max_bytes), self._log.clock, max_wait)

    def _attend(self, owner: Owner) -> None:
        """Gives what is asked back, takes what is new."""
        member, group = self._member, self._log.groups[self._group, self._topic]
        with self._log.lock:
            if group.members.get(member.name) is not member:
                group.admit(member)
            asked, turn = member.asked, member.turn
            if not turn or turn != self._begun:  # who waits, or was expelled, has nothing
                self._mine = member.owned
        if asked:
            if turn == self._begun:  # else they were never taken
                owner.give(self._mine)
            with self._log.lock:
                group.gave(member)
                turn, self._mine = member.turn, member.owned
        if turn and turn != self._begun:
            for partition in self._mine:
                self._positions[partition] = self.committed(partition) or 0
            owner.take(self._mine)
            self._begun = turn

    def _take(self, room: int) -> list[Record]:
        taken: list[Record] = []
        self._turn += 1  # another partition comes first each time, so that a busy one starves none
        for turn in range(len(self._mine)):
            partition = self._mine[(self._turn + turn) % len(self._mine)]
            records, at = self._log.topics[self._topic][partition], self._positions[partition]
            while at < len(records) and (not taken or room >= len(records[at].key) + len(records[at].value)):
                room -= len(records[at].key) + len(records[at].value)
                taken.append(records[at])
                at += 1
            self._positions[partition] = at
        return taken

    def seek(self, partition: int, offset: int) -> None:
        self._positions[partition] = offset

    def committed(self, partition: int) -> int | None:
        return self._log.committed.get((self._group, self._topic, partition))

    def first_offset(self, partition: int) -> int:
        return 0

    def end_offset(self, partition: int) -> int:
        return len(self._log.topics[self._topic][partition])

    def commit(self, offsets: Mapping[int, int]) -> None:
        if not self._group:
            raise Bug("log: a reader without a group cannot commit")
        with self._log.lock:
            if self._owner is not None and (gone := sorted(set(offsets) - set(self._member.owned))):
                raise Unavailable(
                    f"log: group {self._group!r} of topic {self._topic!r}: partitions {gone} went to another instance"
                )
            self._log.committed.update({(self._group, self._topic, p): offset for p, offset in offsets.items()})

    def close(self) -> None:
        if self._group and not self._closed:
            with self._log.lock:
                if self._owner is None:
                    self._log.owners.pop((self._group, self._topic), None)
                else:
                    self._log.groups[self._group, self._topic].leave(self.instance)
        self._closed = True


class MemoryWriter:
    def __init__(self, log: MemoryLog) -> None:
        self._log, self._buffer, self._newest = log, list[Outgoing](), 0

    def write(self, records: Sequence[Outgoing]) -> None:
        self._buffer += records

    def flush(self) -> int:
        return self.flush_within(0.0)

    def flush_within(self, seconds: float) -> int:
        """It never makes anybody wait."""
        if self._buffer and self._log.is_away:
            raise Away("log: away; the records wait")
        with self._log.lock:
            now = self._log.clock.now_ms()
            topics = {topic: self._log.partitions_of(topic) for topic in {out.topic for out in self._buffer}}
            for out in self._buffer:
                held = topics[out.topic]
                partition = partition_of(out.key, len(held))
                records = held[partition]
                append_ms = max(now, records[-1].append_ms) if records else now
                records.append(Record(partition, len(records), append_ms, out.key, out.value, out.headers))
                self._newest = max(self._newest, append_ms)
            self._buffer = []
        return self._newest

    def close(self) -> None:
        """What was not flushed is gone."""


class MemoryState:
    def __init__(self, log: MemoryLog) -> None:
        self._log, self._buffer = log, dict[str, bytes | None]()

    def put(self, key: str, value: bytes | None) -> None:
        self._buffer[key] = value

    def flush(self) -> None:
        with self._log.lock:
            self._log.kept.update({key: value for key, value in self._buffer.items() if value is not None})
            for key in [key for key, value in self._buffer.items() if value is None]:
                self._log.kept.pop(key, None)
        self._buffer = {}

    def load(self, prefix: str) -> dict[str, bytes]:
        with self._log.lock:
            return {key: value for key, value in sorted(self._log.kept.items()) if key.startswith(prefix)}

    def close(self) -> None:
        """What was not flushed is gone."""
