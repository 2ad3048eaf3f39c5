"""One who listens to the alert topics of a park, with a client of his own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import paho.mqtt.client as paho

TOPICS = "parkpulse/v1/alerts/#"


@dataclass
class Heard:
    """By (id, transition): the contents that came, in whatever number of copies."""

    alerts: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    def note(self, body: bytes) -> None:
        alert = json.loads(body)
        self.alerts.setdefault((alert["id"], alert["transition"]), set()).add(body.decode())

    def transitions(self) -> list[dict]:
        """Each once, in order; a repeat has to say the same."""
        assert all(len(bodies) == 1 for bodies in self.alerts.values())
        return [json.loads(next(iter(self.alerts[key]))) for key in sorted(self.alerts)]


@contextmanager
def listening(url: str) -> Iterator[Heard]:
    heard = Heard()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, f"listener-{uuid4().hex[:8]}", protocol=paho.MQTTv5)
    client.on_message = lambda _client, _data, message: heard.note(message.payload)
    parts = urlsplit(url)
    client.connect(str(parts.hostname), parts.port or 1883)
    client.subscribe(TOPICS, qos=1)
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()
