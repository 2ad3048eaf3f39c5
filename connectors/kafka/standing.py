"""How far each role has read a topic of Kafka, and what its newest records say of its clock.

Rules: no group is joined and nothing is committed. Kafka tells the time by its records alone: one that comes while we
look tells it exactly, an older one only that it is at least so late there.
"""

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from connectors.kafka.reader import group_id
from connectors.kafka.settings import KafkaSettings
from connectors.needs import Lag, LogNeeds, clock_finding, lag_finding, lag_of
from pipeline.core.finding import Finding, phrase
from pipeline.runtime.clock import monotonic

LOOK_S = 3.0  # a gateway writes each second
_GROUPS = "__consumer_offsets"


class Standing:
    def __init__(self, settings: KafkaSettings, needs: LogNeeds, admin: AIOKafkaAdminClient) -> None:
        self._settings, self._needs, self._admin = settings, needs, admin
        self._consumer: AIOKafkaConsumer | None = None

    async def _asked(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            options = self._settings.client("parkpulse-doctor")
            self._consumer = AIOKafkaConsumer(**options, enable_auto_commit=False, auto_offset_reset="latest")
            await self._consumer.start()
        return self._consumer

    def _places(self, topic: str, partitions: int) -> list[TopicPartition]:
        return [TopicPartition(self._settings.prefix + topic, partition) for partition in range(partitions)]

    async def lag(self, role: str, topic: str, partitions: int) -> list[Finding]:
        consumer, tps = await self._asked(), self._places(topic, partitions)
        firsts, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        fresh = await consumer.offsets_for_times(dict.fromkeys(tps, self._needs.stale_ms))
        done = await self._committed(f"{self._settings.prefix}{group_id(role, topic)}")
        lags = (
            lag_of(done.get(tp), firsts[tp], ends[tp] if fresh[tp] is None else fresh[tp].offset, ends[tp])
            for tp in tps
        )
        return [lag_finding(role, self._settings.prefix + topic, sum(lags, Lag()))]

    async def _committed(self, group: str) -> dict[TopicPartition, int]:
        """Kafka makes the place of all groups when it is first asked for one: so it is not."""
        if not any(topic["topic"] == _GROUPS for topic in await self._admin.describe_topics()):
            return {}
        found = await self._admin.list_consumer_group_offsets(group)
        return {tp: place.offset for tp, place in found.items() if place.offset >= 0}

    async def clock(self, topic: str, partitions: int) -> list[Finding]:
        """Asked last: behind the fetch that it leaves, any other question would wait."""
        consumer, tps = await self._asked(), self._places(topic, partitions)
        firsts, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        consumer.assign(tps)
        for tp in tps:
            consumer.seek(tp, max(firsts[tp], ends[tp] - 1))
        place, until, least_ms = ", ".join(self._settings.bootstrap), monotonic() + LOOK_S, 0
        while (left := until - monotonic()) > 0:
            for tp, records in (await consumer.getmany(timeout_ms=int(left * 1000))).items():
                off_ms = records[-1].timestamp - self._needs.clock.now_ms()
                if records[-1].offset >= ends[tp]:
                    return [clock_finding(place, off_ms, self._needs.max_skew_ms)]
                least_ms = max(least_ms, off_ms)
        if least_ms > self._needs.max_skew_ms:
            return [clock_finding(place, least_ms, self._needs.max_skew_ms)]
        return [Finding(place, phrase("its clock cannot be seen: no record came while we looked"))]

    async def close(self) -> list[Finding]:
        if self._consumer is not None:
            await self._consumer.stop()
        return []
