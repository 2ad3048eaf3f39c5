"""Reads one topic of the log on Kafka for one group.

Rules: all that changes is changed on the loop. Without an `owner` one reader of the group has all partitions: while
another has them nothing is read and nothing committed. With one they come and go: the owner gives and takes them in the
thread that polls. An empty poll means that nothing was there, or that a rebalance goes on; a cluster that is away is
said.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from connectors.kafka.background import Background
from connectors.kafka.fetching import Fetching
from connectors.kafka.membership import REBALANCE_MS, Membership
from connectors.kafka.places import ANSWER_S, Places
from connectors.kafka.trouble import kafka_trouble, missing
from connectors.ownership import Ownership
from pipeline.core.errors import Bug, Unavailable
from pipeline.core.ports import Owner, Record

T = TypeVar("T")

JOIN_S = 20.0
SESSION_MS, BEAT_MS, IDLE_MS = 10_000, 1_000, 30 * 60_000
FETCH_BYTES, PARTITION_BYTES = 16 << 20, 4 << 20


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read, and as whom: the group "" joins nothing; `member` is its kept name."""

    topic: str
    partitions: int
    group: str
    member: str
    owner: Owner | None = None


class KafkaReader:
    """One thread's reader; made by `KafkaLog.reader`."""

    def __init__(
        self,
        background: Background,
        places: Places,
        of: Reading,
        ownership: Ownership | None,
        closed: Callable[[], None],
    ) -> None:
        self._background, self._settings, self._places, self._of = background, places.settings, places, of
        self._ownership, self._closed = ownership, closed
        self._tps = [TopicPartition(places.settings.prefix + of.topic, partition) for partition in range(of.partitions)]
        self._membership = Membership(of.partitions, of.owner is not None, self._generation)
        self._mine: tuple[int, ...] = ()
        self._consumer = self._run("open", self._opened())

    @property
    def instance(self) -> str:
        return self._of.member

    @property
    def partitions(self) -> Sequence[int]:
        return self._mine if self._of.owner else range(len(self._tps))

    def _run(self, what: str, work: Coroutine[object, object, T]) -> T:
        with kafka_trouble(f"{self._of.topic}: {what}"):
            return self._background.call(work)

    def _generation(self) -> int:
        coordinator = self._consumer._coordinator
        return max(0, coordinator.generation) if coordinator is not None and coordinator.member_id else 0

    async def _opened(self) -> AIOKafkaConsumer:
        of = self._of
        consumer = self._consumer = AIOKafkaConsumer(
            **self._settings.client(of.member or "parkpulse-reader"),
            group_id=f"{self._settings.prefix}{group_id(of.group, of.topic)}" if of.group else None,
            group_instance_id=of.member or None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=BEAT_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            max_poll_interval_ms=IDLE_MS,
            partition_assignment_strategy=(self._membership.assignor,),
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_BYTES,
        )
        self._fetching = Fetching(consumer, self._membership, self._places, self._tps)
        try:
            async with asyncio.timeout(JOIN_S):
                await self._join(consumer)
        except BaseException:
            await self._leave(consumer)
            raise
        return consumer

    async def _join(self, consumer: AIOKafkaConsumer) -> None:
        """A group that shares is joined behind this: its other members may take their time to give."""
        if not self._of.group:
            consumer.assign(self._tps)
            await consumer.start()
            self._membership.has_everything()
        elif self._of.owner is None:
            consumer.subscribe([self._tps[0].topic], listener=self._membership)
            await consumer.start()
        else:
            await consumer.start()
            consumer.subscribe([self._tps[0].topic], listener=self._membership)
            return
        await self._check_held()
        await self._begin(self._membership.owned)
        self._membership.begun = self._membership.turn

    async def _begin(self, partitions: Sequence[int]) -> None:
        """At the commit, or where the log begins."""
        first = await self._places.first([self._tps[partition] for partition in partitions]) if partitions else {}
        for partition in partitions:
            committed = await self._committed(partition) if self._of.group else None
            self._fetching.go_to(partition, first[self._tps[partition]] if committed is None else committed)

    async def _check_held(self) -> None:
        """A rebalance is waited for: mostly another came to stand by, and all stays as it is. Reading goes on where it
        was: state in memory is that of these positions."""
        self._fetching.show_life()
        await self._membership.news(ANSWER_S)
        if not self._membership.owned:
            await self._refuse_missing()
            raise Unavailable(
                f"log: group {self._of.group!r} of topic {self._of.topic!r} is held by another instance; "
                "this one stands by"
            )
        if 0 < self._membership.begun < self._membership.turn:
            for partition in self._membership.owned:
                self._fetching.go_to(partition, self._fetching.dealing.positions[partition])
            self._membership.begun = self._membership.turn

    async def _refuse_missing(self) -> None:
        """Of a topic that is gone a group gives nothing to anybody, as it would to one too many."""
        client, topic = self._consumer._client, self._tps[0].topic
        if client.cluster.partitions_for_topic(topic) is None:
            async with asyncio.timeout(ANSWER_S):
                await client.force_metadata_update()
        if client.cluster.partitions_for_topic(topic) is None:
            raise Unavailable(f"log: {missing(topic)}")

    def poll(self, max_wait: float, max_bytes: int = 8 << 20) -> list[Record]:
        if self._of.owner is not None and not self._attend(self._of.owner, max_wait):
            return []
        return self._run("read", self._poll(max_wait, max_bytes))

    def _attend(self, owner: Owner, max_wait: float) -> bool:
        """Gives what is asked back, takes what is new; whether there is something to read."""
        asked, turn = self._run("group", self._news(max_wait))
        if asked:
            if turn == self._membership.begun:  # else they were never taken
                owner.give(self._mine)
            self._run("group", self._gave())
        elif turn > self._membership.begun:
            owner.take(self._mine)
            self._membership.begun = turn
        return not asked and turn > 0

    async def _news(self, max_wait: float) -> tuple[bool, int]:
        """(Is all asked back, in which turn are we: 0 in none). Those that are new begin at their commit."""
        membership = self._membership
        self._fetching.show_life()
        self._consumer._coordinator.check_errors()
        await membership.news(max_wait)
        if membership.asked:
            return True, membership.turn
        if membership.settled and not membership.owned:
            await self._refuse_missing()
        turn = membership.turn if membership.settled else 0
        if turn != self._membership.begun:
            self._mine = membership.owned
            async with asyncio.timeout(2 * ANSWER_S):
                await self._begin(self._mine)
        return False, turn

    async def _gave(self) -> None:
        self._mine = ()
        self._membership.gave()

    async def _poll(self, max_wait: float, max_bytes: int) -> list[Record]:
        async with asyncio.timeout(max_wait + 2 * ANSWER_S):
            if self._of.owner is None:
                await self._check_held()
            await self._fetching.fill(max_wait)
            if self._of.owner is None:
                await self._check_held()
            return self._fetching.dealing.deal(self._membership.readable, max_bytes)

    def seek(self, partition: int, offset: int) -> None:
        self._run("seek", self._seek(partition, offset))

    async def _seek(self, partition: int, offset: int) -> None:
        if self._of.owner is None:
            await self._check_held()
        self._refuse_gone([partition])
        self._fetching.go_to(partition, offset)

    def _refuse_gone(self, partitions: Sequence[int]) -> None:
        if gone := sorted(set(partitions) - set(self._membership.owned)):
            raise Unavailable(
                f"log: group {self._of.group!r} of topic {self._of.topic!r}: partitions {gone} went to another instance"
            )

    def committed(self, partition: int) -> int | None:
        return self._run("committed", self._committed(partition)) if self._of.group else None

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
        if not self._of.group:
            raise Bug("log: a reader without a group cannot commit")
        if offsets:
            self._run("commit", self._commit(offsets))

    async def _commit(self, offsets: Mapping[int, int]) -> None:
        """Kafka refuses it where the group has gone on without us."""
        if self._of.owner is None:
            await self._check_held()
        self._refuse_gone(list(offsets))
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
        self._membership.gave()
        if consumer._coordinator is not None and self._of.group:
            consumer._coordinator._group_instance_id = None
        async with asyncio.timeout(ANSWER_S):
            await consumer.stop()


def group_id(group: str, topic: str) -> str:
    """A group of Kafka for each topic: a role owns topic by topic."""
    return f"{group}.{topic}"
