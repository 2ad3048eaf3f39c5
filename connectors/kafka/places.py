"""Where partitions begin and end, asked over a connection of its own: on a reader's, a question waits behind its fetch.

Rule: the newest append time before a record is the same wherever reading began. Kafka's append time may step back when
another broker takes over, ours does not: the first record later than this one is asked of the log, and only where it
stands before it anything is read.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.structs import TopicPartition

from connectors.kafka.settings import KafkaSettings

ANSWER_S = 5.0


class Places:
    """One for all readers of a log; all its work is on the loop."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._starting = asyncio.Lock()

    async def _asked(self) -> AIOKafkaConsumer:
        async with self._starting:
            if self._consumer is None:
                consumer = self._new()
                try:
                    await consumer.start()
                except BaseException:
                    await consumer.stop()
                    raise
                self._consumer = consumer
        return self._consumer

    def _new(self) -> AIOKafkaConsumer:
        options = self.settings.client("parkpulse-places")
        return AIOKafkaConsumer(**options, enable_auto_commit=False, auto_offset_reset="none")

    async def first(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        async with asyncio.timeout(ANSWER_S):
            found: dict[TopicPartition, int] = await (await self._asked()).beginning_offsets(tps)
        return found

    async def end(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        async with asyncio.timeout(ANSWER_S):
            found: dict[TopicPartition, int] = await (await self._asked()).end_offsets(tps)
        return found

    async def newest_until(self, record: ConsumerRecord) -> int:
        """The newest append time up to and with this record."""
        tp = TopicPartition(record.topic, record.partition)
        async with asyncio.timeout(ANSWER_S):
            later = (await (await self._asked()).offsets_for_times({tp: record.timestamp + 1}))[tp]
            if later is None or later.offset >= record.offset:
                return int(record.timestamp)
            return await self._newest_of(tp, later.offset, record)

    async def _newest_of(self, tp: TopicPartition, begin: int, record: ConsumerRecord) -> int:
        newest, reading = int(record.timestamp), self._new()
        reading.assign([tp])
        try:
            await reading.start()
            reading.seek(tp, begin)
            while await reading.position(tp) < record.offset:
                found = (await reading.getmany(timeout_ms=200)).get(tp, [])
                newest = max([newest, *(one.timestamp for one in found if one.offset < record.offset)])
        finally:
            await reading.stop()
        return newest

    async def close(self) -> None:
        if self._consumer is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await self._consumer.stop()
