"""Writes the log on Kafka. `write` only remembers; see `sending` for what a flush promises."""

from collections.abc import Callable, Sequence

from connectors.kafka.sending import PATIENCE_S, Sending
from connectors.partition import partition_of
from pipeline.core.ports import Outgoing

BATCH_BYTES = 1 << 19


class KafkaWriter:
    """One thread's writer."""

    def __init__(
        self, sending: Sending, partitions_of: Callable[[str, float], int], closed: Callable[[], None]
    ) -> None:
        self._sending, self._partitions_of, self._closed = sending, partitions_of, closed
        self._partitions: dict[str, int] = {}
        self._buffers: dict[str, list[Outgoing]] = {}

    def write(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            self._buffers.setdefault(record.topic, []).append(record)

    def flush(self) -> int:
        return self.flush_within(PATIENCE_S)

    def flush_within(self, seconds: float) -> int:
        for topic in list(self._buffers):
            if topic not in self._partitions:
                self._partitions[topic] = self._partitions_of(topic, seconds)
            count = self._partitions[topic]
            for out in self._buffers.pop(topic):
                self._sending.add(topic, partition_of(out.key, count), (out.key, out.value, out.headers))
        return self._sending.flush(seconds)

    def close(self) -> None:
        """What was not flushed is gone."""
        self._sending.close()
        self._closed()
