"""Messages of one broker, acknowledged only once settled.

Rules R1, R3, R4, R5: acknowledgements go out as the longest settled prefix of the connection they came on; what is
read and not settled is bounded in bytes and messages, and past the bound nothing is read.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from operator import add
from typing import NamedTuple

from connectors.mqtt.acks import Acks
from connectors.mqtt.arrivals import Arrivals
from connectors.mqtt.plain_client import PlainClient
from connectors.mqtt.session import Session
from connectors.mqtt.settings import MqttSettings
from pipeline.core.errors import Bug
from pipeline.core.ports import Clock
from pipeline.core.samples import Payload


class Message(NamedTuple):
    token: int
    payload: Payload


_payload, _message = partial(tuple.__new__, Payload), partial(tuple.__new__, Message)  # made at half the price


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of what is read and not settled: at most one message more than `messages` or `size` is held."""

    messages: int = 10_000
    size: int = 64 << 20


class SourceCounts(NamedTuple):
    received: int
    redelivered: int
    unsettled_messages: int
    unsettled_bytes: int
    connections: int
    errors: int
    last_error: str


class MqttSource:
    """Connects at once and for ever. `poll` and `settle` are for one thread, the rest for any."""

    def __init__(
        self, settings: MqttSettings, filters: Sequence[str], clock: Clock, bounds: Bounds | None = None
    ) -> None:
        self._clock, self._bounds = clock, bounds or Bounds()
        self._lock = threading.Condition()
        self._acks = Acks()
        self._arrived: list[Message] = []
        self._received = self._redelivered = 0
        self.url = settings.url
        self._session = Session(settings, filters, self)

    @property
    def connected(self) -> bool:
        return self._session.connected

    @property
    def rival(self) -> str:
        """That another client has our name, and what to do; "" where none has."""
        return self._session.rival

    def alive(self) -> bool:
        """False: the network thread is dead, and only a new process or source helps."""
        return self._session.alive()

    def poll(self, max_wait: float, max_messages: int) -> list[Message]:
        """Waits for a message at most so many seconds; an empty list is no end. Raises Bug where nothing can come."""
        with self._lock:
            if not self._arrived:
                self._lock.wait(max_wait)
            batch, self._arrived = self._arrived[:max_messages], self._arrived[max_messages:]
        if not batch and not self._session.alive():
            raise Bug(f"MQTT source stopped: {self._session.last_error or 'closed'}")
        return batch

    def settle(self, tokens: Iterable[int]) -> None:
        """These are safe elsewhere; the network thread acknowledges the settled prefix in order at its next turn."""
        with self._lock:
            self._acks.settle(tokens)
        self._session.wake()

    def counts(self) -> SourceCounts:
        with self._lock:
            held = (self._acks.unsettled_messages, self._acks.unsettled_bytes)
        session = self._session
        return SourceCounts(
            self._received, self._redelivered, *held, session.connections, session.errors, session.last_error
        )

    def close(self) -> None:
        """Sends the acknowledgements that are due and leaves; what is not settled comes again to the next session."""
        self._session.close()

    def begin(self) -> None:
        with self._lock:
            self._acks.begin_epoch()

    def lost(self) -> None:
        """What was read goes on to the caller; the broker delivers it again as well."""

    def receive(self, arrivals: Arrivals) -> None:
        topics, bodies = arrivals.topics, arrivals.bodies
        payloads = map(_payload, zip(topics, bodies, repeat(self._clock.now_ms()), arrivals.retained, strict=False))
        sizes = list(map(add, map(len, topics), map(len, bodies)))
        with self._lock:
            self._received += len(arrivals)
            self._redelivered += arrivals.redelivered
            first = not self._arrived
            self._arrived += map(_message, zip(self._acks.arrive(arrivals.acks, sizes), payloads, strict=True))
            if first:
                self._lock.notify()

    def acknowledged(self, mid: int, refused: str) -> None:
        """A source publishes nothing."""

    def turn(self, client: PlainClient) -> None:
        with self._lock:
            ready = self._acks.ready()
        if ready:
            client.acknowledge(ready)

    def room(self, size: int) -> int:
        """To the message while the bound of bytes is far; one by one where so many bytes could pass it."""
        held, bounds = self._acks.unsettled_bytes, self._bounds
        left = bounds.messages - self._acks.unsettled_messages
        if left <= 0 or held >= bounds.size:
            return 0
        return left if held + size <= bounds.size else 1
