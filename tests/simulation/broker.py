"""An MQTT broker in memory, as gateways and the notifier see one: sessions that are kept, QoS 1 in both directions.

Rules: what a session was sent and has not acknowledged comes again, in order, on the next connection; an
acknowledgement names a packet of the connection it came on, and is void on any other. A device's message is the
broker's from `publish` on.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import count

from connectors.mqtt.acks import Acks
from connectors.mqtt.source import Bounds, Message, SourceCounts
from pipeline.core.errors import Unavailable
from pipeline.core.samples import Payload


@dataclass
class Session:
    """Message numbers: `queued`, and by packet those that are `flying`."""

    queued: deque[int] = field(default_factory=deque)
    flying: dict[int, int] = field(default_factory=dict)
    packets: count = field(default_factory=lambda: count(1))


@dataclass
class Broker:
    """`messages` by number: topic, body; `acknowledged` numbers; `heard`: what clients published to the world."""

    sessions: dict[str, Session] = field(default_factory=dict)
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)

    def publish(self, client: str, topic: str, body: bytes) -> int:
        """A device's message, for the one client that has subscribed to it; its number."""
        self.messages.append((topic, body))
        self.sessions.setdefault(client, Session()).queued.append(len(self.messages) - 1)
        return len(self.messages) - 1

    def connect(self, client: str) -> None:
        session = self.sessions.setdefault(client, Session())
        session.queued.extendleft(reversed(session.flying.values()))
        session.flying = {}

    def send(self, client: str, most: int) -> list[tuple[int, int]]:
        """(packet, message) that go out to a client now."""
        session, sent = self.sessions[client], []
        while session.queued and len(sent) < most:
            packet, message = next(session.packets), session.queued.popleft()
            session.flying[packet] = message
            sent.append((packet, message))
        return sent

    def puback(self, client: str, packet: int) -> None:
        message = self.sessions[client].flying.pop(packet, None)
        if message is not None:
            self.acknowledged.add(message)

    @property
    def idle(self) -> bool:
        return not any(session.queued or session.flying for session in self.sessions.values())


class MemorySource:
    """A gateway's connection to the broker."""

    url, rival = "memory", ""

    def __init__(self, broker, client, clock, reach):
        self.broker, self.client, self.clock, self.reach = broker, client, clock, reach
        self.bounds, self.acks, self.connected, self.received = Bounds(), Acks(), False, 0
        self.is_over = False
        self.connect()

    def connect(self):
        self.broker.connect(self.client)
        self.acks.begin_epoch()
        self.connected = True

    def lose(self):
        """The link breaks: what is not acknowledged comes again."""
        self.connected = False

    def reconnect(self):
        if not self.is_over:
            self.connect()

    def poll(self, max_wait, max_messages):
        room = min(max_messages, self.bounds.messages - self.acks.unsettled_messages)
        if not self.connected or room <= 0:
            return []
        self.reach("before poll")
        sent = self.broker.send(self.client, room)
        arrived = [(packet.to_bytes(4), *self.broker.messages[message]) for packet, message in sent]
        sizes = [len(topic) + len(body) for _, topic, body in arrived]
        tokens = self.acks.arrive([packet for packet, *_ in arrived], sizes)
        self.received += len(arrived)
        now = self.clock.now_ms()
        return [
            Message(token, Payload(topic, body, now)) for token, (_, topic, body) in zip(tokens, arrived, strict=True)
        ]

    def settle(self, tokens):
        self.reach("before acknowledgement")
        self.acks.settle(tokens)
        if self.connected:
            ready = self.acks.ready()
            for at in range(0, len(ready), 4):
                self.broker.puback(self.client, int.from_bytes(ready[at : at + 4]))
        self.reach("after acknowledgement")

    def counts(self):
        held = (self.acks.unsettled_messages, self.acks.unsettled_bytes)
        return SourceCounts(self.received, 0, *held, 1, 0, "" if self.connected else "connection lost")

    def close(self):
        """Its gateway has ended, or was killed."""
        self.connected, self.is_over = False, True


class MemoryAlertSink:
    """The notifier's connection: what it publishes the world hears."""

    rival, last_error, connected = "", "", True

    def __init__(self, broker, reach, away):
        self.broker, self.reach, self.away = broker, reach, away

    def publish(self, messages):
        self.reach("before publishing")
        if self.away():
            self.broker.heard += [tuple(message) for message in messages[: len(messages) // 2]]
            raise Unavailable("MQTT sink: connection lost", retry_after=0.2)
        self.broker.heard += [tuple(message) for message in messages]
        self.reach("after publishing")

    def close(self):
        """What no `publish` returned for is dropped."""
