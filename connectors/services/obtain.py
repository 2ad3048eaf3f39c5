"""What the ways to the program of a service share: a program, a way, the search on this machine, clients of registries.

Rule: each way answers with a program or raises `NotHad` with what it tried and what it was told. Nothing is installed
into the system but, as root on Debian, a missing runtime or build tool, none of which starts anything.
"""

import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from connectors.services.broker_children import TETHER

SEARCH = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/go/bin"))
TOOLS = {"java": "default-jre-headless", "mvn": "maven", "go": "golang-go"}


class Say(Protocol):
    """Takes what happens now; `passing` is a client's own line, of interest only while it stands."""

    def __call__(self, text: str, passing: bool = False) -> None: ...


class Tell(Protocol):
    """`Say` for many: takes the service's name first."""

    def __call__(self, service: str, text: str, passing: bool = False) -> None: ...


class NotHad(Exception):
    """One way did not lead to the program, and why."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command to which arguments are added, and what it needs in its environment."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Means:
    """What a way works with: the cache and a line to tell how far it is."""

    cache: Path
    say: Say


Way = Callable[[Means], Program]


def find_program(*names: str) -> str | None:
    """The first of these on the path, or where Debian and Go put programs."""
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), SEARCH))
    return next((found for name in names if (found := shutil.which(name, path=places))), None)


def find_tool(name: str, say: Say) -> str:
    """A runtime or build tool; as root on Debian it is installed where it is missing."""
    if found := find_program(name):
        return found
    package = TOOLS[name]
    if os.geteuid() != 0 or not find_program("apt-get"):
        raise NotHad(f"{name} is not on this machine (`apt-get install {package}` brings it)")
    install = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "install", "-y", "--no-install-recommends", package)
    try:
        run_to_end(install, say)
    except NotHad:
        run_to_end(("apt-get", "update"), say)
        run_to_end(install, say)
    if found := find_program(name):
        return found
    raise NotHad(f"{name} is not on this machine, not even after `apt-get install {package}`")


def run_to_end(
    command: tuple[str, ...], say: Say, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> None:
    """Runs a client that ends with us, telling each line it prints; `NotHad` with its last word if it fails."""
    said: deque[str] = deque(maxlen=200)
    with subprocess.Popen(
        ["/bin/sh", "-c", TETHER, "tether", *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        cwd=folder, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", **(environment or {})},
    ) as child:  # fmt: skip
        for line in child.stdout or ():
            if text := line.strip():
                said.append(text)
                say(text.removeprefix("[INFO] "), passing=True)
        code = child.wait()
    if code:
        errors = [line for line in said if line.startswith(("E:", "[ERROR]", "go:"))]
        last = next(iter(errors or [*said][-1:]), "no word of why")
        raise NotHad(f"`{Path(command[0]).name} {command[-1]}` ended with {code}: {last}")
