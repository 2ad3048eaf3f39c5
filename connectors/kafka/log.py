"""The log on a Kafka cluster.

Rules: topics are made and verified by `ensure`, with the retention they were opened with; one loop in the background
serves all readers, writers and state stores of this object, each of which is one thread's. On one machine the holder of
a member's name has a file lock on it, for Kafka would give the name to whoever comes last.
"""

import asyncio
import atexit
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote
from zlib import crc32

from connectors.kafka import topics as kafka_topics
from connectors.kafka.background import Background
from connectors.kafka.group import member_name, refuse_if_held
from connectors.kafka.places import Places
from connectors.kafka.producer import IdempotentProducer
from connectors.kafka.reader import KafkaReader, Reading, group_id
from connectors.kafka.sending import Sending
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.state import BATCH_BYTES as STATE_BYTES
from connectors.kafka.state import KafkaState
from connectors.kafka.topics import STATE
from connectors.kafka.trouble import kafka_trouble, quieten
from connectors.kafka.writer import BATCH_BYTES, KafkaWriter
from connectors.ownership import Ownership
from connectors.sqlite import disk_trouble
from pipeline.core.errors import Away, Bug, Unavailable
from pipeline.core.ports import Owner

_TRIES, _PAUSE_S = 10, 0.2  # a topic just made is not known to every broker at once
_COORDINATOR_S = 10.0
MEMBERS = 256  # of a group on one machine


class _Part(Protocol):
    def close(self) -> None: ...


class KafkaLog:
    def __init__(self, settings: KafkaSettings, folder: Path, keep_ms: Mapping[str, int]) -> None:
        self.settings, self._locks, self._keep_ms = settings, folder / "locks", keep_ms
        quieten()
        self._background, self._places = Background(), Places(settings)
        self._parts: dict[int, _Part] = {}
        self._opened = 0
        self._ensured, self._expected = dict[str, int](), dict[str, int]()
        self._ensuring: asyncio.Task[None] | None = None
        with disk_trouble(folder):
            self._locks.mkdir(parents=True, exist_ok=True)
        atexit.register(self.close)

    def ensure(self, topics: Mapping[str, int]) -> None:
        self._background.call(kafka_topics.ensure(self.settings, topics, self._keep_ms))
        self._ensured |= topics

    def expect(self, topics: Mapping[str, int]) -> None:
        """As `ensure`, when Kafka is there at last: what is written until then waits."""
        self._expected = dict(topics)

    async def _ensure_expected(self, seconds: float) -> None:
        """Goes on while nobody waits."""
        if self._ensuring is None:
            work = kafka_topics.ensure(self.settings, self._expected, self._keep_ms)
            self._ensuring = asyncio.create_task(work)
        await asyncio.wait([self._ensuring], timeout=seconds)
        if not self._ensuring.done():
            raise Away("log: write: no answer in time")
        ensuring, self._ensuring = self._ensuring, None
        ensuring.result()
        self._ensured, self._expected = self._ensured | self._expected, {}

    def verify(self, topics: Mapping[str, int]) -> list[str]:
        """One line for each setting of a topic that is not as it must be."""
        return self._background.call(kafka_topics.verify(self.settings, topics, self._keep_ms))

    def _partitions_of(self, topic: str, seconds: float = _COORDINATOR_S) -> int:
        """What was ensured is not asked for: Kafka may be away by now."""
        if topic in self._expected:
            self._background.call(self._ensure_expected(seconds))
        return self._ensured.get(topic) or self._background.call(self._count(topic))

    async def _count(self, topic: str) -> int:
        for _ in range(_TRIES):
            found = await kafka_topics.counts(self.settings)
            if topic in found:
                return found[topic]
            await asyncio.sleep(_PAUSE_S)
        raise Bug(f"log: topic {topic!r} was never ensured")

    def _next(self) -> tuple[int, Callable[[], None]]:
        self._opened += 1
        number = self._opened
        return number, lambda: self._forget_part(number)

    def _forget_part(self, number: int) -> None:
        self._parts.pop(number, None)

    def reader(self, topic: str, group: str, instance: str = "", owner: Owner | None = None) -> KafkaReader:
        """The group "" joins nothing and cannot commit: it looks on."""
        partitions = self._partitions_of(topic)
        name, ownership = self._owned(topic, group, instance, owner is not None) if group else ("", None)
        number, closed = self._next()
        try:
            if group and owner is None:
                self._background.call(self._refuse_if_held(topic, group, name))
            of = Reading(topic, partitions, group, name, owner)
            reader = KafkaReader(self._background, self._places, of, ownership, closed)
        except BaseException:
            if ownership:
                ownership.close()
            raise
        self._parts[number] = reader
        return reader

    def _owned(self, topic: str, group: str, instance: str, shared: bool) -> tuple[str, Ownership]:
        """The kept name of a member, and its lock. Members that share take the first of `instance`, `instance-2`, ...
        that no other on this machine has, so that who comes after a kill is known by the same name."""
        place = f"{crc32(str(self._locks.resolve()).encode()):08x}"
        for number in range(1, MEMBERS + 1):
            own = (instance or "parkpulse") + (f"-{number}" if number > 1 else "")
            try:
                held = self._own(topic, group, own, shared)
            except Unavailable:
                if not shared or number == MEMBERS:
                    raise
            else:
                return member_name(own, socket.gethostname(), place), held
        raise Bug("log: no name for a member")

    def _own(self, topic: str, group: str, instance: str, shared: bool) -> Ownership:
        parts = [self.settings.prefix + group, topic, *([instance] if shared else [])]
        path = self._locks / f"{'.'.join(quote(part, safe='') for part in parts)}.lock"
        who = f"process {os.getpid()}, instance {instance!r}"
        return Ownership(path, f"group {group!r} of topic {topic!r}", who)

    async def _refuse_if_held(self, topic: str, group: str, member: str) -> None:
        said = f"group {group!r} of topic {topic!r}"
        with kafka_trouble(said):
            async with kafka_topics.administrator(self.settings) as admin, asyncio.timeout(_COORDINATOR_S):
                await refuse_if_held(admin, self.settings.prefix + group_id(group, topic), said, member)

    def _sending(self, batch_bytes: int) -> Sending:
        return Sending(self._background, lambda: IdempotentProducer(self.settings, batch_bytes), self.settings.prefix)

    def writer(self) -> KafkaWriter:
        number, closed = self._next()
        sending = self._sending(BATCH_BYTES)
        writer = KafkaWriter(sending, self._partitions_of, closed)
        self._parts[number] = writer
        return writer

    def state(self) -> KafkaState:
        number, closed = self._next()
        sending = self._sending(STATE_BYTES)
        state = KafkaState(self._background, self.settings, sending, self._partitions_of(STATE), closed)
        self._parts[number] = state
        return state

    def loop_lag(self) -> float:
        """In seconds."""
        return self._background.lag()

    def forget(self, topic: str, before_ms: int) -> None:
        """Kafka forgets by the retention of the topic."""

    def close(self) -> None:
        """At the latest with the process, so that groups are left."""
        atexit.unregister(self.close)
        for part in list(self._parts.values()):
            part.close()
        if not self._background.closed:
            self._background.call(self._places.close())
        self._background.close()
