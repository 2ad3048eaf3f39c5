"""Several brokers as one source: what came is handed out by broker, and settled at the one that it came from.

Rules: each broker has its own connection, session and acknowledgements, and its share of every poll and of what may be
held; one that is away keeps nothing of the others waiting.
"""

from collections.abc import Sequence

from connectors.mqtt.source import Message, MqttSource, SourceCounts
from pipeline.runtime.clock import monotonic

PAUSE = 0.01  # seconds that one of several brokers is listened to before the others are looked at again


class MqttSources:
    """`poll` and `settle` are for one thread, the rest for any. Whoever hands it sources has it close them."""

    def __init__(self, sources: Sequence[MqttSource]) -> None:
        self._sources = tuple(sources)
        self._turn = 0

    @property
    def connected(self) -> bool:
        return all(source.connected for source in self._sources)

    @property
    def rival(self) -> str:
        return "; ".join(source.rival for source in self._sources if source.rival)

    @property
    def troubles(self) -> list[str]:
        """One for each broker that is away, or where another has our name."""
        return [said for source in self._sources if (said := _trouble(source))]

    def poll(self, max_wait: float, max_messages: int) -> list[list[Message]]:
        """By broker. Waits until one of them has something, at most so many seconds."""
        until, share = monotonic() + max_wait, max(1, max_messages // len(self._sources))
        while True:
            found = [source.poll(0.0, share) for source in self._sources]
            left = until - monotonic()
            if any(found) or left <= 0:
                return found
            self._turn = (self._turn + 1) % len(self._sources)
            pause = left if len(self._sources) == 1 else min(left, PAUSE)
            found[self._turn] = self._sources[self._turn].poll(pause, share)
            if found[self._turn]:
                return found

    def settle(self, tokens: Sequence[Sequence[int]]) -> None:
        """By broker, as `poll` gave them."""
        for source, settled in zip(self._sources, tokens, strict=True):
            if settled:
                source.settle(settled)

    def counts(self) -> SourceCounts:
        """Of all brokers together; the newest words of each that has some."""
        each = [source.counts() for source in self._sources]
        return SourceCounts(
            sum(counts.received for counts in each),
            sum(counts.redelivered for counts in each),
            sum(counts.unsettled_messages for counts in each),
            sum(counts.unsettled_bytes for counts in each),
            sum(counts.connections for counts in each),
            sum(counts.errors for counts in each),
            "; ".join(counts.last_error for counts in each if counts.last_error),
        )

    def close(self) -> None:
        for source in self._sources:
            source.close()


def _trouble(source: MqttSource) -> str:
    if source.rival:
        return f"MQTT broker: {source.rival}"
    if source.connected:
        return ""
    said = source.counts().last_error or f"{source.url}: no answer yet"
    return f"MQTT broker: not connected; {said}; trying again"
