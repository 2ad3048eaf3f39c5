"""The state store on Kafka: `state.v1`, compacted.

Rules: the first two parts of a key (role and partition) choose the partition of the topic, so that a checkpoint lies in
one, in order, and a role reads of the topic what it may need. Of what is read only what was asked for is kept.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.structs import TopicPartition

from connectors.kafka.background import Background
from connectors.kafka.sending import Sending
from connectors.kafka.settings import KafkaSettings
from connectors.kafka.topics import STATE
from connectors.kafka.trouble import kafka_trouble
from connectors.partition import partition_of

BATCH_BYTES = 15 << 20
_READ_S = 120.0


def place_of(key: str, partitions: int) -> int:
    """
    >>> place_of("worker/3/one/0/manifest", 12) == place_of("worker/3/two/1/chunk/0", 12)
    True
    """
    return partition_of("/".join(key.split("/")[:2]).encode(), partitions)


class KafkaState:
    """One thread's state store."""

    def __init__(
        self,
        background: Background,
        settings: KafkaSettings,
        sending: Sending,
        partitions: int,
        closed: Callable[[], None],
    ) -> None:
        self._background, self._settings, self._sending, self._closed = background, settings, sending, closed
        self._partitions = partitions
        self._buffer: dict[str, bytes | None] = {}

    def put(self, key: str, value: bytes | None) -> None:
        self._buffer[key] = value

    def flush(self) -> None:
        for key, value in self._buffer.items():
            self._sending.add(STATE, place_of(key, self._partitions), (key.encode(), value, ()))
        self._buffer = {}
        self._sending.flush()

    def load(self, prefix: str) -> dict[str, bytes]:
        everywhere = range(self._partitions)
        places = [place_of(prefix, self._partitions)] if prefix.count("/") >= 2 else everywhere
        with kafka_trouble(f"{STATE}: read"):
            found = self._background.call(self._read(prefix, places))
        return dict(sorted(found.items()))

    async def _read(self, prefix: str, places: Sequence[int]) -> dict[str, bytes]:
        """To the end that the log has now."""
        tps = [TopicPartition(self._settings.prefix + STATE, place) for place in places]
        consumer = AIOKafkaConsumer(
            **self._settings.client("parkpulse-state"),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_bytes=BATCH_BYTES * 2,
            max_partition_fetch_bytes=BATCH_BYTES * 2,
        )
        consumer.assign(tps)
        kept: dict[str, bytes] = {}
        try:
            async with asyncio.timeout(_READ_S):
                await consumer.start()
                first, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
                for tp in tps:
                    consumer.seek(tp, first[tp])
                while [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
                    for some in (await consumer.getmany(timeout_ms=1000)).values():
                        _keep(kept, some, prefix)
        finally:
            await consumer.stop()
        return kept

    def close(self) -> None:
        """What was not flushed is gone."""
        self._sending.close()
        self._closed()


def _keep(kept: dict[str, bytes], records: Iterable[ConsumerRecord], prefix: str) -> None:
    for one in records:
        key = one.key.decode()
        if not key.startswith(prefix):
            continue
        if one.value is None:
            kept.pop(key, None)
        else:
            kept[key] = one.value
