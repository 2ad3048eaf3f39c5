"""Fetches the records of the partitions that a reader works on, and keeps what was not handed out yet.

Rules: all its work is on the loop. Nothing is fetched of a partition of which something is left, so that what waits
here stays bounded; a rebalance ends every wait.
"""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.structs import TopicPartition

from connectors.kafka.dealing import Dealing
from connectors.kafka.membership import Membership
from connectors.kafka.places import ANSWER_S, Places
from pipeline.core.errors import ConfigError

_LOG_APPEND_TIME = 1


class Fetching:
    def __init__(
        self, consumer: AIOKafkaConsumer, membership: Membership, places: Places, tps: Sequence[TopicPartition]
    ) -> None:
        self._consumer, self._membership, self._places, self._tps = consumer, membership, places, tps
        self.dealing = Dealing(len(tps))

    def go_to(self, partition: int, offset: int) -> None:
        self._consumer.seek(self._tps[partition], offset)
        self.dealing.go_to(partition, offset)

    async def fill(self, max_wait: float) -> None:
        """Until something is there to be dealt, at most so long. Where nothing comes the cluster has said that nothing
        is there."""
        if self._has_some:
            await self._fetch(0)
        else:
            await self._fetch(max_wait)
            await self._look()
        for one in self.dealing.unlearned(self._membership.readable):
            self.dealing.learn(one.partition, await self._places.newest_until(one))

    @property
    def _has_some(self) -> bool:
        return any(map(self.dealing.has, self._membership.readable))

    async def _fetch(self, max_wait: float) -> None:
        empty = [self._tps[partition] for partition in self._membership.readable if not self.dealing.has(partition)]
        if not empty:
            await self._membership.until_turned(max_wait)
            return
        turned = asyncio.create_task(self._membership.until_turned())
        fetching = asyncio.create_task(self._consumer.getmany(*empty, timeout_ms=int(max_wait * 1000)))
        try:
            await asyncio.wait({turned, fetching}, return_when=asyncio.FIRST_COMPLETED)
            if fetching.done():
                self._put(fetching.result())
        finally:
            turned.cancel()
            if not fetching.done():  # in a rebalance it would wait for the end of it, and take what is not asked for
                fetching.cancel()
                await asyncio.wait({fetching})
                self._consumer._subscription._fetch_count = 0  # it counts only fetches that come to their end

    def _put(self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        for tp, records in found.items():
            if records[0].timestamp_type != _LOG_APPEND_TIME:
                raise ConfigError(
                    f"log: topic {tp.topic!r} keeps the time of its writers; expected message.timestamp.type="
                    "LogAppendTime; run `parkpulse topics ensure`"
                )
            self.dealing.put(tp.partition, records)

    async def _look(self) -> None:
        """Waits for what is there already, or for the cluster to say that nothing is."""
        tps = [self._tps[partition] for partition in self._membership.readable]
        if self._has_some or not tps:
            return
        async with asyncio.timeout(ANSWER_S):
            ends = await self._places.end(tps)
            while self._membership.readable and not self._has_some:
                if not [tp for tp in tps if await self._consumer.position(tp) < ends[tp]]:
                    return
                await self._fetch(0.1)

    def show_life(self) -> None:
        """The client takes one that fetches nothing for idle, leaves the group after a while, and joins no more until
        it fetches; but who has no partitions, or waits for the world, fetches nothing."""
        with self._consumer._subscription.fetch_context():
            pass
