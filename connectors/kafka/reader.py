"""Reads one topic of the log on Kafka for one group.

Rules: all that changes is changed on the loop; what was fetched and not handed out stays here, in order; append time
never falls within a partition, wherever reading began (`newest`). An empty poll means that nothing was there, so a
cluster that is away is said. While another owns the partitions nothing is read and nothing committed.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.structs import TopicPartition

from connectors.kafka.background import Background
from connectors.kafka.group import OneOwner, Turns
from connectors.kafka.places import ANSWER_S, Places
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.trouble import kafka_trouble
from connectors.ownership import Ownership
from pipeline.core.errors import Bug, ConfigError, Unavailable
from pipeline.core.ports import Record

T = TypeVar("T")

JOIN_S = 20.0
SESSION_MS, IDLE_MS = 10_000, 30 * 60_000
FETCH_BYTES, PARTITION_BYTES = 16 << 20, 4 << 20
_LOG_APPEND_TIME = 1

ConsumerRebalanceListener.register(Turns)


class KafkaReader:
    """One thread's reader; made by `KafkaLog.reader`."""

    def __init__(
        self,
        background: Background,
        settings: KafkaSettings,
        places: Places,
        of: tuple[str, str],
        *,
        partitions: int,
        member: str,
        ownership: Ownership | None,
        closed: Callable[[], None],
    ) -> None:
        self._background, self._settings, (self._group, self._topic) = background, settings, of
        self._places, self._ownership, self._closed = places, ownership, closed
        self._tps = [TopicPartition(settings.prefix + self._topic, partition) for partition in range(partitions)]
        self._fetched: list[list[ConsumerRecord]] = [[] for _ in self._tps]  # in reverse: the next one is the last
        self._positions = [0] * partitions
        self._newest: list[int | None] = [None] * partitions
        self._turn, self._holds, self._assignor = 0, not self._group, OneOwner()
        self._settled = asyncio.Event()  # no rebalance is going on
        self._consumer = self._run("open", self._opened(member))

    @property
    def partitions(self) -> Sequence[int]:
        return range(len(self._tps))

    def _run(self, what: str, work: Coroutine[object, object, T]) -> T:
        with kafka_trouble(f"{self._topic}: {what}"):
            return self._background.call(work)

    async def _opened(self, member: str) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **self._settings.client(member or "parkpulse-reader"),
            group_id=self._settings.prefix + self._group_id if self._group else None,
            group_instance_id=member or None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=SESSION_MS,
            max_poll_interval_ms=IDLE_MS,
            partition_assignment_strategy=(self._assignor,),
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_BYTES,
        )
        self._consumer = consumer
        if self._group:
            consumer.subscribe([self._tps[0].topic], listener=Turns(self._assigned, self._revoked))
        else:
            consumer.assign(self._tps)
            self._settled.set()
        try:
            async with asyncio.timeout(JOIN_S):
                await consumer.start()
                await self._check_held()
                await self._begin()
        except BaseException:
            await self._leave(consumer)
            raise
        return consumer

    @property
    def _group_id(self) -> str:
        """A group of Kafka for each topic: a role owns topic by topic."""
        return f"{self._group}.{self._topic}"

    async def _begin(self) -> None:
        first = await self._places.first(self._tps)
        for partition, tp in enumerate(self._tps):
            committed = await self._consumer.committed(tp) if self._group else None
            self._go_to(partition, first[tp] if committed is None else committed)

    def _assigned(self, assigned: Collection[TopicPartition]) -> None:
        """All partitions or none. Reading goes on where it was: state in memory is that of these positions."""
        had, self._holds = self._assignor.claim, set(self._tps) <= set(assigned)
        self._assignor.claim = self._consumer._coordinator.generation if self._holds else 0
        if self._holds and had:
            for partition, position in enumerate(self._positions):
                self._go_to(partition, position)
        self._settled.set()

    def _revoked(self) -> None:
        self._holds = False
        self._settled.clear()

    async def _check_held(self) -> None:
        """A rebalance is waited for: mostly another came to stand by, and all stays as it is."""
        async with asyncio.timeout(ANSWER_S):
            await self._settled.wait()
        if not self._holds:
            raise Unavailable(
                f"log: group {self._group!r} of topic {self._topic!r} is held by another instance; this one stands by"
            )

    def _go_to(self, partition: int, offset: int) -> None:
        self._consumer.seek(self._tps[partition], offset)
        self._positions[partition], self._fetched[partition], self._newest[partition] = offset, [], None

    def poll(self, max_wait: float, max_bytes: int = 8 << 20) -> list[Record]:
        return self._run("read", self._poll(max_wait, max_bytes))

    async def _poll(self, max_wait: float, max_bytes: int) -> list[Record]:
        async with asyncio.timeout(max_wait + 2 * ANSWER_S):
            await self._check_held()
            if any(self._fetched):
                await self._fetch(0)
            else:
                await self._fetch(max_wait)
                await self._look()
            await self._learn_newest()
            await self._check_held()
            return self._deal(max_bytes)

    async def _fetch(self, max_wait: float) -> None:
        """Only for partitions of which nothing is left, so that what waits here stays bounded."""
        empty = [tp for tp, kept in zip(self._tps, self._fetched, strict=True) if not kept]
        if not empty:
            return
        for tp, records in (await self._consumer.getmany(*empty, timeout_ms=int(max_wait * 1000))).items():
            if records[0].timestamp_type != _LOG_APPEND_TIME:
                raise ConfigError(
                    f"log: topic {tp.topic!r} keeps the time of its writers; expected message.timestamp.type="
                    "LogAppendTime; run `parkpulse topics ensure`"
                )
            self._fetched[tp.partition] = records[::-1]

    async def _look(self) -> None:
        """Nothing came: waits for what is there already, or for the cluster to say that nothing is."""
        if any(self._fetched):
            return
        async with asyncio.timeout(ANSWER_S):
            ends = await self._places.end(self._tps)
            while not any(self._fetched) and [tp for tp in self._tps if await self._consumer.position(tp) < ends[tp]]:
                await self._fetch(0.1)

    async def _learn_newest(self) -> None:
        for tp, kept in zip(self._tps, self._fetched, strict=True):
            if kept and self._newest[tp.partition] is None:
                self._newest[tp.partition] = await self._places.newest_until(kept[-1])

    def _deal(self, room: int) -> list[Record]:
        taken: list[Record] = []
        self._turn += 1  # another partition comes first each time, so that a busy one starves none
        for turn in range(len(self._tps)):
            room = self._deal_one((self._turn + turn) % len(self._tps), room, taken)
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
            self._positions[partition] = one.offset + 1
            kept.pop()
        if self._newest[partition] is not None:
            self._newest[partition] = newest
        return room

    def seek(self, partition: int, offset: int) -> None:
        self._run("seek", self._seek(partition, offset))

    async def _seek(self, partition: int, offset: int) -> None:
        await self._check_held()
        self._go_to(partition, offset)

    def committed(self, partition: int) -> int | None:
        return self._run("committed", self._committed(partition)) if self._group else None

    async def _committed(self, partition: int) -> int | None:
        async with asyncio.timeout(ANSWER_S):
            found: int | None = await self._consumer.committed(self._tps[partition])
        return found

    def first_offset(self, partition: int) -> int:
        tp = self._tps[partition]
        return self._run("first offset", self._places.first([tp]))[tp]

    def end_offset(self, partition: int) -> int:
        tp = self._tps[partition]
        return self._run("end offset", self._places.end([tp]))[tp]

    def commit(self, offsets: Mapping[int, int]) -> None:
        if not self._group:
            raise Bug("log: a reader without a group cannot commit")
        if offsets:
            self._run("commit", self._commit(offsets))

    async def _commit(self, offsets: Mapping[int, int]) -> None:
        """Kafka refuses it where the group has gone on without us."""
        await self._check_held()
        async with asyncio.timeout(ANSWER_S):
            await self._consumer.commit({self._tps[partition]: offset for partition, offset in offsets.items()})

    def close(self) -> None:
        """Where the cluster is away the group is left by the end of the session."""
        if self._consumer is not None:
            with suppress(Unavailable):
                self._run("close", self._leave(self._consumer))
            self._consumer = None
            self._closed()
        if self._ownership:
            self._ownership.close()

    async def _leave(self, consumer: AIOKafkaConsumer) -> None:
        """The client leaves the group of itself only where it has no kept name."""
        if consumer._coordinator is not None and self._group:
            consumer._coordinator._group_instance_id = None
        async with asyncio.timeout(ANSWER_S):
            await consumer.stop()
