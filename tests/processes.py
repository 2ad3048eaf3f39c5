"""Roles as processes of their own, as `parkpulse run` starts them: their words, whether they are ready, their ends."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen


@dataclass
class Processes:
    """`folder` gets what each of them prints."""

    folder: Path
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, config: Path, *roles: str) -> None:
        """These roles, or all, as `parkpulse run` starts them; `name` is for this test alone."""
        command = [sys.executable, "-m", "pipeline", "run", str(config)]
        command += [word for role in roles for word in ("--role", role)]
        with self._noise(name).open("ab") as noise:
            self.children[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise)

    def _noise(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def said(self, name: str) -> str:
        return self._noise(name).read_text("utf-8", errors="replace")

    def kill(self, name: str) -> None:
        self.children[name].send_signal(signal.SIGKILL)
        self.children.pop(name).wait()

    def end(self, name: str) -> int:
        child = self.children.pop(name)
        child.send_signal(signal.SIGTERM)
        return child.wait(30)

    def owned(self, name: str) -> list[int] | None:
        """The partitions a worker said it works on, last."""
        found = [json.loads(line) for line in self.said(name).splitlines() if '"works on"' in line]
        return found[-1]["partitions"] if found else None

    def await_that(self, fact: Callable[[], bool], what: str, seconds: float = 40.0) -> None:
        until = time.monotonic() + seconds
        while not fact():
            dead = [name for name, child in self.children.items() if child.poll() is not None]
            assert not dead, f"{dead} ended by itself:\n{self.said(dead[0])[-3000:]}"
            if time.monotonic() > until:
                told = "\n".join(f"--- {name}\n{self.said(name)[-3000:]}" for name in self.children)
                raise AssertionError(f"did not come true in {seconds:.0f} s: {what}\n{told}")
            time.sleep(0.1)

    def is_ready(self, name: str) -> bool:
        """By its own /readyz."""
        address = re.search(r"metrics: (http://\S+)/metrics", self.said(name))
        if address is None:
            return False
        with suppress(OSError), urlopen(f"{address[1]}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def destroy(self) -> None:
        for child in self.children.values():
            child.kill()
            child.wait()
