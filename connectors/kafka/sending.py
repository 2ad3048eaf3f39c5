"""Sends records to partitions in order: one task a partition, batch after batch, each awaited until it is durable.

Rules: batches are built in the caller's thread. What is not acknowledged is kept: while the client still tries, the
next flush goes on waiting for the same batch (no repeat); after an error that retrying does not mend, a new producer
sends the rest again, in order.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.kafka.background import Background
from connectors.kafka.producer import Batch, Letter, Producer
from connectors.kafka.refusal import refusal
from connectors.kafka.trouble import kafka_trouble, last_words, missing
from pipeline.core.errors import Unavailable

PATIENCE_S = 5.0  # a flush that waited so long says so; the records stay on their way


@dataclass(slots=True)
class Lane:
    """The way into one partition: letters not yet in a batch, batches not yet acknowledged, the task that sends."""

    topic: str
    partition: int
    letters: list[Letter] = field(default_factory=list)
    batches: deque[tuple[Batch, list[Letter]]] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None
    newest: int = 0

    @property
    def is_busy(self) -> bool:
        return bool(self.letters or self.batches)

    def pack(self, producer: Producer) -> None:
        if not self.letters:
            return
        batch, packed = producer.create_batch(), list[Letter]()
        for letter in self.letters:
            key, value, headers = letter
            if batch.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
                batch.close()
                self.batches.append((batch, packed))
                batch, packed = producer.create_batch(), []
                batch.append(timestamp=None, key=key, value=value, headers=list(headers))
            packed.append(letter)
        batch.close()
        self.batches.append((batch, packed))
        self.letters = []

    def unpack(self) -> None:
        """Batches belong to their producer; their letters go to the next one."""
        self.letters = [letter for _, packed in self.batches for letter in packed] + self.letters
        self.batches.clear()
        self.task = None

    async def send(self, producer: Producer) -> None:
        while self.batches:
            self.newest = max(self.newest, await producer.send(self.batches[0][0], self.topic, self.partition))
            self.batches.popleft()

    def go_on(self, producer: Producer) -> None:
        """A task that ended well had sent all that was there."""
        if self.task is None or (self.task.done() and not self.task.exception()):
            self.task = asyncio.create_task(self.send(producer))


class Sending:
    """One thread's way into the log."""

    def __init__(self, background: Background, make: Callable[[], Producer], prefix: str) -> None:
        self._background, self._make, self._prefix = background, make, prefix
        self._producer: Producer | None = None
        self._opening: asyncio.Task[Producer] | None = None
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._reason = ""  # for which we are not let in: the client does not find it anew at each try

    def add(self, topic: str, partition: int, letter: Letter) -> None:
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = Lane(self._prefix + topic, partition)
        lane.letters.append(letter)

    def flush(self, patience_s: float = PATIENCE_S) -> int:
        """What is not acknowledged in so many seconds is still on its way when this raises."""
        busy = [lane for lane in self._lanes.values() if lane.is_busy]
        if busy:
            producer = self._background.call(self._opened(patience_s))
            for lane in busy:
                lane.pack(producer)
            self._background.call(self._deliver(producer, busy, patience_s))
        return max((lane.newest for lane in self._lanes.values()), default=0)

    async def _opened(self, patience_s: float) -> Producer:
        """Opening goes on while nobody waits."""
        if self._producer is None:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
            with kafka_trouble("write"):
                await asyncio.wait([self._opening], timeout=patience_s)
                if not self._opening.done():
                    raise TimeoutError
                opening, self._opening = self._opening, None
                self._producer = opening.result()
        return self._producer

    async def _open(self) -> Producer:
        producer = self._make()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def _deliver(self, producer: Producer, lanes: list[Lane], patience_s: float) -> None:
        for lane in lanes:
            lane.go_on(producer)
        with last_words() as words:
            await asyncio.wait([lane.task for lane in lanes if lane.task], timeout=patience_s)
        for lane in lanes:
            if lane.task is not None and lane.task.done() and (error := lane.task.exception()):
                await self._begin_anew(producer)
                with kafka_trouble(f"{lane.topic}/{lane.partition}: write"):
                    raise error
        if late := [lane for lane in lanes if lane.is_busy]:
            self._reason = refusal(words.why) or self._reason
            raise await self._late(producer, late, patience_s)
        self._reason = ""

    async def _late(self, producer: Producer, lanes: list[Lane], patience_s: float) -> Unavailable:
        where = ", ".join(f"{lane.topic}/{lane.partition}" for lane in lanes)
        told = f"log: {where}: not acknowledged after {patience_s:g} s; the records wait"
        if not patience_s:
            return Unavailable(told)
        if gone := [topic for topic in {lane.topic for lane in lanes} if await producer.lacks(topic)]:
            return Unavailable(f"{told}: {missing(min(gone))}")
        return Unavailable(f"{told}: {self._reason}" if self._reason else told)

    async def _begin_anew(self, producer: Producer) -> None:
        self._producer = None
        await self._end_tasks()
        await producer.stop()
        for lane in self._lanes.values():
            lane.unpack()

    async def _end_tasks(self) -> None:
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """What was not flushed is gone."""
        if self._producer is not None or self._opening is not None:
            self._background.call(self._close())

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        opening, self._opening = self._opening, None
        await self._end_tasks()
        if opening is not None:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        if producer is not None:
            await producer.stop()
