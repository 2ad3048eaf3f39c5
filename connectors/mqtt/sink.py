"""Publishes with QoS 1 and waits until the broker has acknowledged all of it.

One client id per partition, given by the caller: a broker expels the older of two with the same id. A sink that lost
its connection stays away until `publish` has said so once, so a zombie checks its ownership before it disturbs the
new owner, and nothing that it had in hand is sent by itself.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from connectors.mqtt.arrivals import Arrivals
from connectors.mqtt.plain_client import PlainClient
from connectors.mqtt.session import Session
from connectors.mqtt.settings import MqttSettings
from pipeline.core.errors import Bug, Unavailable
from pipeline.runtime.clock import monotonic

WINDOW = 16  # in flight at once: below the receive maximum of any broker's defaults (Mosquitto: 20)


class Publication(NamedTuple):
    topic: str
    payload: bytes
    retain: bool = False


def _is_topic(topic: str) -> bool:
    size = len(topic.encode(errors="surrogatepass"))
    return 0 < size <= 0xFFFF and topic.isprintable() and not any(sign in topic for sign in "+#")


class MqttSink:
    """Connects at once. One thread publishes."""

    def __init__(self, settings: MqttSettings, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Condition()
        self._queue: deque[Publication] = deque()
        self._flying: set[int] = set()
        self._refused = ""
        self._lost = False
        self._session = Session(settings, (), self)

    @property
    def connected(self) -> bool:
        return self._session.connected

    @property
    def rival(self) -> str:
        """That another client has our name, and what to do; "" where none has."""
        return self._session.rival

    @property
    def last_error(self) -> str:
        return self._session.last_error

    def alive(self) -> bool:
        return self._session.alive()

    def publish(self, messages: Sequence[Publication]) -> None:
        """Returns when the broker has all of them, in this order.

        Raises Unavailable: then make sure that you still own the client id, and send them all again. A newer retained
        value is never overtaken by an older one: an earlier call is over, or its connection, before the next begins.
        """
        for message in messages:
            if not _is_topic(message.topic):
                raise Bug(f"no topic to publish to: {message.topic!r}")
        until = monotonic() + self._timeout_s
        with self._lock:
            self._wait(until)
            self._tell_loss()
            self._refused = ""
            self._queue.extend(messages)
            self._session.wake()
            self._wait(until)
            self._tell_loss()
            if self._refused:
                raise Unavailable(f"{self._refused}: broker refused a publication", retry_after=5.0)

    def close(self) -> None:
        """What no `publish` returned for is dropped."""
        self._session.close()

    def begin(self) -> None:
        """Nothing is sent for an older connection."""

    def lost(self) -> None:
        with self._lock:
            self._queue.clear()
            self._flying.clear()
            self._lost = True
            self._lock.notify_all()

    def receive(self, arrivals: Arrivals) -> None:
        """A sink subscribes to nothing."""

    def acknowledged(self, mid: int, refused: str) -> None:
        with self._lock:
            self._flying.discard(mid)
            self._refused = self._refused or refused
            if not self._queue and not self._flying:
                self._lock.notify_all()

    def turn(self, client: PlainClient) -> None:
        with self._lock:
            while self._queue and len(self._flying) < WINDOW:
                message = self._queue.popleft()
                sent = client.publish(message.topic, message.payload, qos=1, retain=message.retain)
                self._flying.add(sent.mid)

    def room(self, size: int) -> int:
        return int(not self._lost)

    def _tell_loss(self) -> None:
        if self._lost:
            self._lost = False
            self._session.wake()
            raise Unavailable(f"MQTT sink: {self._session.last_error or 'connection lost'}", retry_after=0.2)

    def _wait(self, until: float) -> None:
        while self._queue or self._flying:
            if not self._session.alive():
                raise Bug(f"MQTT sink stopped: {self._session.last_error or 'closed'}")
            left = until - monotonic()
            if left <= 0:
                self._queue.clear()
                why = self._session.last_error or "no acknowledgement in time"
                raise Unavailable(f"MQTT sink: {why}", retry_after=1.0)
            self._lock.wait(min(left, 0.5))
