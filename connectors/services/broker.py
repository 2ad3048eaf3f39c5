"""A broker inside: Mosquitto where this machine has it, else iotcore from its wheel, as a child on loopback.

It dies with its parent: the child's life hangs on a pipe that only the parent holds open.
"""

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from connectors.services.broker_children import HOST, TETHER, find_mosquitto, iotcore_command, mosquitto_command
from pipeline.core.errors import ConfigError, Unavailable, plain
from pipeline.runtime.clock import monotonic

START_S = 10.0

BrokerKind = Literal["mosquitto", "iotcore"]


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    kind: BrokerKind
    port: int
    protocol: Literal["5", "3.1.1"]

    @property
    def url(self) -> str:
        return f"mqtt://{HOST}:{self.port}"


def choose_kind() -> BrokerKind:
    """Mosquitto before iotcore, whose sessions live in memory and whose log is bounded."""
    if os.name == "posix" and find_mosquitto():
        return "mosquitto"
    if importlib.util.find_spec("iotcore"):
        return "iotcore"
    raise ConfigError(
        "broker: none found on this machine; `apt-get install mosquitto` or `pip install 'parkpulse[broker]'`"
    )


@contextlib.contextmanager
def embedded_broker(folder: Path, port: int = 0, kind: BrokerKind | None = None) -> Iterator[EmbeddedBroker]:
    """A broker with its files in `folder` that listens until the block ends. Port 0: a free one."""
    kind = kind or choose_kind()
    port = _free_port(port)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{kind}.log"
    command = mosquitto_command(folder.resolve(), port) if kind == "mosquitto" else iotcore_command(port)
    with log.open("ab") as noise:
        child = subprocess.Popen(
            ["/bin/sh", "-c", TETHER, "tether", *command],
            stdin=subprocess.PIPE, stdout=noise, stderr=noise, start_new_session=True,
        )  # fmt: skip
    try:
        _await_listener(child, port, log)
        yield EmbeddedBroker(kind, port, "5" if kind == "mosquitto" else "3.1.1")
    finally:
        _end(child)


def _free_port(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(
                f"broker: can't listen on {HOST}:{port}: {plain(error)}; expected a free port (0: any); "
                "stop what uses it or take another"
            ) from error
        return int(probe.getsockname()[1])


def _await_listener(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = monotonic() + START_S
    while child.poll() is None and monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=0.5):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.02)
    lines = log.read_text(errors="replace").splitlines()
    raise Unavailable(f"broker: did not start on {HOST}:{port}: {lines[-1] if lines else 'no word of why'} ({log})")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(10.0)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
