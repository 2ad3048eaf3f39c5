"""Where a run on the real services finds them, under names of its own."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from tests.contract import influx, kafka
from tests.e2e.influxql import Asked


@dataclass
class Place:
    """Where a run finds the services, and names of its own there."""

    folder: Path
    broker: str
    kafka: tuple[str, ...]
    influx: str
    name: str

    def real(self, kafka_at: str, influx_at: str) -> dict[str, str]:
        """What an example says of Kafka and InfluxDB -> what is so here."""
        log = f'bootstrap = {json.dumps(self.kafka)}\nprefix = "{self.name}-"'
        return {
            f'bootstrap = ["{kafka_at}"]': log,
            f'url = "{influx_at}"\ndatabase = "parkpulse"': f'url = "{self.influx}"\ndatabase = "{self.name}"',
        }

    def asked(self, levels: tuple[str, ...]) -> Asked:
        return Asked(self.influx, self.name, levels)


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Topics and database are gone at the end; no line is shared with others, so the broker is our own."""
    if not find_mosquitto() and os.environ.get("SERVICES") != "required":
        pytest.skip("no mosquitto on this machine; `apt-get install mosquitto` brings it")
    name, servers, url = f"test-{uuid4().hex[:8]}", kafka.addresses(), influx.address()
    influx.ask(url, f'CREATE DATABASE "{name}"')
    (folder / "password").write_text("secret\n")
    with embedded_broker(folder / "broker", kind="mosquitto") as broker, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARKPULSE_INFLUX_PASSWORD_FILE", str(folder / "password"))
        try:
            yield Place(folder, broker.url, servers, url, name)
        finally:
            influx.ask(url, f'DROP DATABASE "{name}"')
            asyncio.run(kafka.remove(servers, f"{name}-"))
