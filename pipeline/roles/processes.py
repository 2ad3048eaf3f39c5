"""Roles in processes of their own, so that all cores are used: one parent starts them, mends what dies, ends all.

Rules: a process that died is started again after a pause that grows with each of its deaths, and each is said in a
line; one that refuses its configuration ends all. Children end with their parent, however that died. On the embedded
log, where one owner works on all partitions, each role has one process.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from connectors.services.broker_children import TETHER
from pipeline.config.read import Config
from pipeline.core.errors import ConfigError
from pipeline.roles.start import RoleName
from pipeline.runtime.clock import monotonic
from pipeline.runtime.logs import log

PAUSE_S, MOST_PAUSE_S, STANDS_S = 0.5, 10.0, 60.0  # who stood so long begins with the shortest pause again
LOOK_S, END_S = 0.1, 4.5
REFUSED = 2  # exit code of wrong configuration
ADDRESS = "metrics: "


class Placement(NamedTuple):
    """One process and its roles."""

    name: str
    roles: tuple[RoleName, ...]


def placements(config: Config, workers: int) -> list[Placement]:
    """The heavy roles alone, the two that mostly wait together."""
    if config.log.kind == "memory":
        raise ConfigError("park.toml: log.kind: got 'memory', which lives in one process; expected 'sqlite' or 'kafka'")
    if config.log.kind == "sqlite" and workers > 1:
        raise ConfigError(
            f"--processes: got {workers}; expected 1 with log.kind = 'sqlite', where one worker has all partitions; "
            "set log.kind = 'kafka' for more"
        )
    several = [Placement(f"worker-{number}", ("worker",)) for number in range(1, workers + 1)]
    own = several if workers > 1 else [Placement("worker", ("worker",))]
    return [Placement("gateway", ("gateway",)), *own, Placement("historian and notifier", ("historian", "notifier"))]


@dataclass(slots=True)
class Child:
    """`due`: when it is started again; None while it runs. What it says goes to `say`, line by line."""

    placement: Placement
    command: Sequence[str]
    say: Callable[[str], None]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    due: float | None = None
    deaths: int = 0

    def start(self) -> None:
        """Tethered: it gets a SIGTERM when the pipe that only we hold is closed, by us or by our death."""
        self.due, self.started = None, monotonic()
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", TETHER, "tether", *self.command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._relay, args=(self.process,), daemon=True, name=self.placement.name).start()

    def _relay(self, process: "subprocess.Popen[bytes]") -> None:
        """An address is nothing without its owner's name."""
        for line in process.stdout or ():
            text = line.decode(errors="replace").rstrip()
            self.say(f"{self.placement.name}: {text}" if text.startswith(ADDRESS) else text)

    def look(self) -> int | None:
        """Notices its death, starts it when it is due; the code of a death just noticed."""
        if self.due is not None:
            if monotonic() >= self.due:
                self.start()
            return None
        code = None if self.process is None else self.process.poll()
        if code is not None:
            now = monotonic()
            self.deaths = 1 if now - self.started >= STANDS_S else self.deaths + 1
            pause = min(MOST_PAUSE_S, PAUSE_S * 2 ** (self.deaths - 1))
            self.due = now + pause
            log("processes").warning("died", process=self.placement.name, code=code, again_in_s=pause)
        return code

    def ask(self) -> None:
        """To end."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def await_end(self, until: float) -> bool:
        """Did it end by itself?"""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.0, until - monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return False
        return True


@dataclass(slots=True)
class Processes:
    """All of a configuration. `run` returns the exit code."""

    children: list[Child] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, config: Config, workers: int, say: Callable[[str], None]) -> "Processes":
        """Each has a port of its own: any free one, or from the configured one up."""
        made = cls()
        for number, placement in enumerate(placements(config, workers)):
            command = [sys.executable, "-m", "pipeline", "run", str(folder)]
            command += [word for role in placement.roles for word in ("--role", role)]
            command += ["--port", str(config.http.port + number)] if config.http.port else []
            made.children.append(Child(placement, command, say))
        return made

    def run(self, stop: threading.Event) -> int:
        """Until `stop` is set, or one of them refuses its configuration."""
        try:
            for child in self.children:
                child.start()
            while not stop.wait(LOOK_S):
                if REFUSED in [child.look() for child in self.children]:
                    return REFUSED
        finally:
            ended = self._end()
        return 0 if ended else 1

    def _end(self) -> bool:
        """All at once; did each end by itself?"""
        for child in self.children:
            child.ask()
        until = monotonic() + END_S
        late = [child.placement.name for child in self.children if not child.await_end(until)]
        for name in late:
            log("processes").error("killed, for it did not end", process=name, after_s=END_S)
        return not late
