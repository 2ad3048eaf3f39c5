"""The state store on Kafka: `state.v1`, compacted, of one partition.

Rules: what one flush puts (up to 15 MiB) is one batch, there whole or not at all. What was loaded is remembered until
the first put, so that a role that restores partition after partition reads the topic once.
"""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from connectors.kafka.background import Background
from connectors.kafka.sending import Sending
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.topics import STATE
from connectors.kafka.trouble import kafka_trouble

BATCH_BYTES = 15 << 20
_READ_S = 120.0


class KafkaState:
    """One thread's state store."""

    def __init__(
        self, background: Background, settings: KafkaSettings, sending: Sending, closed: Callable[[], None]
    ) -> None:
        self._background, self._settings, self._sending, self._closed = background, settings, sending, closed
        self._tp = TopicPartition(settings.prefix + STATE, 0)
        self._buffer: dict[str, bytes | None] = {}
        self._read: dict[str, bytes] = {}
        self._position = 0

    def put(self, key: str, value: bytes | None) -> None:
        self._buffer[key] = value
        self._read, self._position = {}, 0

    def flush(self) -> None:
        for key, value in self._buffer.items():
            self._sending.add(STATE, 0, (key.encode(), value, ()))
        self._buffer = {}
        self._sending.flush()

    def load(self, prefix: str) -> dict[str, bytes]:
        with kafka_trouble(f"{STATE}: read"):
            self._background.call(self._read_on())
        return {key: value for key, value in sorted(self._read.items()) if key.startswith(prefix)}

    async def _read_on(self) -> None:
        """From where the last load ended to the end that the log has now."""
        consumer = AIOKafkaConsumer(
            **self._settings.client("parkpulse-state"),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_bytes=BATCH_BYTES * 2,
            max_partition_fetch_bytes=BATCH_BYTES * 2,
        )
        consumer.assign([self._tp])
        try:
            async with asyncio.timeout(_READ_S):
                await consumer.start()
                first, end = [
                    (await ask([self._tp]))[self._tp] for ask in (consumer.beginning_offsets, consumer.end_offsets)
                ]
                self._position = max(first, self._position)
                consumer.seek(self._tp, self._position)
                while self._position < end:
                    await self._take(consumer)
        finally:
            await consumer.stop()

    async def _take(self, consumer: AIOKafkaConsumer) -> None:
        for one in (await consumer.getmany(timeout_ms=1000)).get(self._tp, []):
            key = one.key.decode()
            if one.value is None:
                self._read.pop(key, None)
            else:
                self._read[key] = one.value
        self._position = await consumer.position(self._tp)

    def close(self) -> None:
        """What was not flushed is gone."""
        self._sending.close()
        self._closed()
