"""A real InfluxDB for tests: by its address in the environment; each store has its own database for its lifetime."""

import os
import urllib.parse
import urllib.request
from contextlib import ExitStack
from uuid import uuid4

import pytest

from connectors.influx.fake import FakeInflux
from connectors.influx.fake_points import Bucket
from connectors.influx.settings import Api, InfluxSettings
from connectors.influx.store import InfluxStore
from pipeline.runtime.clock import WallClock

MISSING = "no influxdb: PARKPULSE_TEST_INFLUX=http://host:port of a running one (parkpulse services up influxdb)"
LEVELS = ("park", "site", "line", "unit")


def address() -> str:
    """Skips, saying so, where none is; fails with SERVICES=required."""
    found = os.environ.get("PARKPULSE_TEST_INFLUX", "")
    if not found and os.environ.get("SERVICES") == "required":
        pytest.fail(MISSING)
    if not found:
        pytest.skip(MISSING)
    return found


def ask(url: str, text: str, database: str = "") -> str:
    """InfluxQL, past the product."""
    body = urllib.parse.urlencode({"q": text, "epoch": "ms", "db": database}).encode()
    with urllib.request.urlopen(f"{url}/query", data=body, timeout=10) as answer:
        return str(answer.read().decode())


class OwnDatabase(InfluxStore):
    def __init__(self, settings: InfluxSettings) -> None:
        ask(settings.url, f'CREATE DATABASE "{settings.database}"')
        self.settings = settings
        super().__init__(settings, LEVELS)

    def close(self) -> None:
        super().close()
        ask(self.settings.url, f'DROP DATABASE "{self.settings.database}"')


class OwnServer(InfluxStore):
    """A fake InfluxDB 2 for as long as the store is open."""

    def __init__(self, api: Api) -> None:
        self._stack = ExitStack()
        fake = FakeInflux(WallClock(), token="t", buckets={"parkpulse": Bucket()})
        self._stack.enter_context(fake.serving())
        super().__init__(InfluxSettings(fake.url, api=api, secret="t"), LEVELS)

    def close(self) -> None:
        super().close()
        self._stack.close()


def real_influx(api: Api) -> OwnDatabase:
    return OwnDatabase(InfluxSettings(address(), f"test_{uuid4().hex[:12]}", api=api))
