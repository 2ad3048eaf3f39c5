"""The client that writes: idempotent, acknowledged by all in-sync replicas, zstd (its lz4 is the slow mode).

Rule: stopping takes seconds at most, whatever it still holds.
"""

import asyncio
from contextlib import suppress
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from connectors.kafka.settings import KafkaSettings

_STOP_S, _LOOK_S = 2.0, 1.0

Letter = tuple[bytes, bytes | None, tuple[tuple[str, bytes], ...]]  # key, value (None deletes), headers


class Batch(Protocol):
    def append(self, *, timestamp: None, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> object:
        """None where it is full."""

    def close(self) -> None: ...


class Producer(Protocol):
    async def start(self) -> None: ...

    def create_batch(self) -> Batch:
        """In any thread."""

    async def send(self, batch: Batch, topic: str, partition: int) -> int:
        """Returns the append time once it is durable; retries what retrying mends, without end and without repeat."""

    async def lacks(self, topic: str) -> bool:
        """Whether the cluster says that there is no such topic; it may say nothing."""

    async def stop(self) -> None: ...


class IdempotentProducer:
    """Made on the loop."""

    def __init__(self, settings: KafkaSettings, batch_bytes: int) -> None:
        self._client = AIOKafkaProducer(
            **settings.client("parkpulse-writer"),
            acks="all",
            enable_idempotence=True,
            compression_type="zstd",
            max_batch_size=batch_bytes,
        )

    async def start(self) -> None:
        await self._client.start()

    def create_batch(self) -> Batch:
        batch: Batch = self._client.create_batch()
        return batch

    async def send(self, batch: Batch, topic: str, partition: int) -> int:
        acknowledged = await self._client.send_batch(batch, topic, partition=partition)
        return int((await acknowledged).timestamp)

    async def lacks(self, topic: str) -> bool:
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                return topic not in (await self._client.client.fetch_all_metadata()).topics()
        return False

    async def stop(self) -> None:
        try:
            async with asyncio.timeout(_STOP_S):
                await self._client.stop()
        except Exception:
            sender = self._client._sender.sender_task  # still trying: nothing else ends it
            if sender is not None:
                sender.cancel()
            await self._client.client.close()
