"""The state of one run folder: which services were asked for and the port of each; one file, written whole.

Rule: ports are chosen once, before anything starts, so that a service that died comes back under its address and one
service can be told of another. They lie below the range from which the system gives out ports by itself.
"""

import contextlib
import fcntl
import os
import random
import shutil
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from connectors.services.broker_children import HOST
from pipeline.core.errors import ConfigError, Unavailable

STATE = "services.json"
FRESH = f".{STATE}.new"
PORTS = range(20_000, 32_000)

Ports = dict[str, int]


class State(msgspec.Struct, forbid_unknown_fields=True):
    """`ports`: by service, the ports of each of its nodes by what they are for."""

    ports: dict[str, list[Ports]] = {}
    asked: list[str] = []

    def nodes(self, service: str) -> list[str]:
        """The names of its processes."""
        count = len(self.ports[service])
        return [service] if count == 1 else [f"{service}-{i}" for i in range(1, count + 1)]

    def taken(self) -> set[int]:
        return {port for nodes in self.ports.values() for ports in nodes for port in ports.values()}

    def choose_ports(self, service: str, purposes: Iterable[str], nodes: int) -> None:
        purposes = tuple(purposes)
        self.ports[service] = []
        for _ in range(nodes):
            self.ports[service].append({})
            for purpose in purposes:
                self.ports[service][-1][purpose] = free_port(self.taken())


def free_port(taken: set[int]) -> int:
    for port in random.sample(PORTS, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            if port not in taken:
                return port
    raise Unavailable(f"services: no free port on {HOST} from {PORTS.start} to {PORTS.stop - 1}; stop what uses them")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Everything of one `up`; no other command works on it at the same time."""

    path: Path

    def read(self) -> State:
        file = self.path / STATE
        try:
            return msgspec.json.decode(file.read_bytes(), type=State)
        except FileNotFoundError:
            self._refuse_strangers()
            return State()
        except msgspec.MsgspecError as error:
            raise ConfigError(
                f"{file}: not a state of services: {error}; see what lies there and remove it by hand"
            ) from error

    def _refuse_strangers(self) -> None:
        """`down` removes whole folders: in one that was there before, a stranger's could have the same name."""
        if strange := sorted(path.name for path in self.path.iterdir() if path.name != FRESH):
            raise ConfigError(
                f"--dir: {self.path} holds what is not of services; got {strange[0]!r}; expected a new or empty folder"
            )

    def write(self, state: State) -> None:
        fresh = self.path / FRESH
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(state)))
        fresh.replace(self.path / STATE)

    def remove(self) -> None:
        """What `up` made there, the state last, and the folder itself where nothing else lies in it."""
        if (self.path / STATE).exists():
            state = self.read()
            for name in (name for service in state.ports for name in state.nodes(service)):
                shutil.rmtree(self.path / name, ignore_errors=True)
        for name in (FRESH, STATE):
            (self.path / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()


@contextlib.contextmanager
def opened(path: Path) -> Iterator[RunFolder]:
    """Makes the folder and holds its lock; a `down` that removed it while we waited makes us begin again."""
    path = path.resolve()
    while True:
        path.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not (path.exists() and os.path.samestat(os.fstat(handle), path.stat())):
                continue
            yield RunFolder(path)
            return
        finally:
            os.close(handle)
