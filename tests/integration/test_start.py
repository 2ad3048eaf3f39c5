"""`parkpulse run` where Kafka is away at the start: it waits, says so once, and goes on by itself."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from connectors.services.run_folder import free_port
from pipeline.cli.app import run
from tests.contract import kafka

pytestmark = pytest.mark.real
PARK = """
language = "en"
levels = ["site", "line", "unit"]
[log]
kind = "kafka"
bootstrap = ["127.0.0.1:{way}"]
partitions = {partitions}
prefix = "{prefix}"
[[brokers]]
url = "mqtt://127.0.0.1:1"
"""


@dataclass
class Way:
    """The way to the real Kafka, which stands from `open` to `close`: seen from a role, Kafka itself."""

    port: int = field(default_factory=lambda: free_port(set()))
    stack: ExitStack = field(default_factory=ExitStack)

    def open(self, kafka_port: int | None) -> None:
        """Without a port nobody answers behind it."""
        ear = self.stack.enter_context(socket.socket())
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind(("127.0.0.1", self.port))
        ear.listen()
        if kafka_port is not None:
            Thread(target=self._take, args=(ear, kafka_port), daemon=True).start()

    def _take(self, ear: socket.socket, kafka_port: int) -> None:
        with suppress(OSError):
            while True:
                near, _ = ear.accept()
                far = socket.create_connection(("127.0.0.1", kafka_port))
                for ends in ((near, far), (far, near)):
                    Thread(target=_pump, args=ends, daemon=True).start()


def _pump(near: socket.socket, far: socket.socket) -> None:
    with suppress(OSError):
        while data := near.recv(1 << 16):
            far.sendall(data)
    far.close()


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    (server,) = kafka.addresses()
    prefix, found = f"test-{uuid4().hex[:8]}-", Way()
    (tmp_path / "park.toml").write_text(PARK.format(way=found.port, partitions=1, prefix=prefix), "utf-8")
    with found.stack:
        yield found
    asyncio.run(kafka.remove((server,), prefix))


@dataclass
class Running:
    child: subprocess.Popen[str]
    err: Path
    http: str

    @property
    def said(self) -> list[dict[str, object]]:
        """The lines of the log; whatever else was written fails here."""
        return [json.loads(line) for line in self.err.read_text("utf-8").splitlines()]

    def answers(self, path: str) -> tuple[int, str]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.http + path) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def end(self) -> tuple[int, float]:
        """(exit code, seconds)."""
        begun = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(20.0), time.monotonic() - begun


@contextmanager
def running(folder: Path, role: str) -> Iterator[Running]:
    with (folder / "err").open("w") as err:
        child = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "run", str(folder), "--role", role],
            stdout=subprocess.PIPE, stderr=err, text=True,
        )  # fmt: skip
    try:
        assert child.stdout is not None
        http = child.stdout.readline().removeprefix("metrics: ").removesuffix("/metrics\n")
        yield Running(child, folder / "err", http)
    finally:
        child.kill()
        child.wait()


def await_true(fact: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.05)


def kafka_port() -> int:
    return int(kafka.addresses()[0].rpartition(":")[2])


@pytest.mark.parametrize("role", ["worker", "historian"])
def test_a_role_started_before_kafka_waits_for_it_in_one_line_and_goes_on_by_itself(
    tmp_path: Path, way: Way, role: str
) -> None:
    with running(tmp_path, role) as process:
        await_true(lambda: bool(process.said))
        said = f"log: Kafka at 127.0.0.1:{way.port}: no connection: nobody listens there (ECONNREFUSED); trying again"
        time.sleep(2.0)
        assert [line["what"] for line in process.said] == [said]
        assert process.answers("/healthz") == (200, "alive\n")
        assert process.answers("/readyz") == (503, f"not ready\n{said}\n")
        way.open(kafka_port())
        await_true(lambda: any(line["event"] == "started" for line in process.said))
        await_true(lambda: said not in process.answers("/readyz")[1])
        assert [line["was"] for line in process.said if line["event"] == "works again"] == [
            said.split(";", maxsplit=1)[0]
        ]
        assert process.end()[0] == 0


@pytest.mark.parametrize("listens", [False, True])
def test_a_role_that_waits_for_kafka_ends_at_once_when_told_to(tmp_path: Path, way: Way, listens: bool) -> None:
    if listens:
        way.open(None)
    with running(tmp_path, "worker") as process:
        time.sleep(1.0)
        code, seconds = process.end()
        assert (code, seconds < 5.0) == (0, True)


def test_what_needs_a_hand_at_the_configuration_ends_a_role_with_its_line(
    tmp_path: Path, way: Way, capsys: pytest.CaptureFixture[str]
) -> None:
    way.open(kafka_port())
    assert run(["topics", "ensure", str(tmp_path)]) == 0
    park = tmp_path / "park.toml"
    park.write_text(park.read_text("utf-8").replace("partitions = 1", "partitions = 2"), "utf-8")
    with running(tmp_path, "worker") as process:
        assert process.child.wait(30.0) == 2
        lines = process.err.read_text("utf-8").splitlines()
    assert [line for line in lines if "has another number of partitions; got 2; expected 1" in line] == lines
