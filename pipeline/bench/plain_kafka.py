"""The baseline of `worker`: the ordinary loop with aiokafka, msgspec and dicts, one result a record."""

from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from pipeline.bench.loads import Mismatch
from pipeline.bench.plain_windows import PlainWindows

COMMIT_S, AT_ONCE = 1.0, 500  # seconds; records, as Kafka's own clients have it


@dataclass(frozen=True, slots=True)
class PlainLoop:
    """From one topic of `there` samples to another."""

    servers: list[str]
    topic: str
    results: str
    there: int

    async def rate(self, warm: int, most: int) -> float:
        """Samples a second, until `most` were read behind the `warm`, or all that are there."""
        consumer = AIOKafkaConsumer(
            self.topic,
            bootstrap_servers=self.servers,
            group_id=f"{self.topic}-{uuid4().hex[:8]}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        producer = AIOKafkaProducer(bootstrap_servers=self.servers)
        await consumer.start()
        await producer.start()
        try:
            windows = PlainWindows()
            await self._read(consumer, producer, windows, warm)
            first, started = windows.samples, perf_counter()
            await self._read(consumer, producer, windows, min(first + most, self.there))
            return (windows.samples - first) / (perf_counter() - started)
        finally:
            await producer.stop()
            await consumer.stop()

    async def _read(
        self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, windows: PlainWindows, until: int
    ) -> None:
        committed = perf_counter()
        while windows.samples < until:
            found = await consumer.getmany(timeout_ms=5_000, max_records=AT_ONCE)
            if not found:
                raise Mismatch(f"the plain loop read {windows.samples} samples, and no more; {until} are there")
            for records in found.values():
                for record in records:
                    windows.take(record.key, record.value)
            for value in windows.closed():
                await producer.send(self.results, value)
            if perf_counter() - committed >= COMMIT_S:
                await producer.flush()
                await consumer.commit()
                committed = perf_counter()
        await producer.flush()
        await consumer.commit()
