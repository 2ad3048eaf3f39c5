"""The processes of one run folder: started in sessions of their own, found again by a mark, ended by TERM, then KILL.

Rule: a process is ours if its environment says so: the kernel sets that in the instant it starts, so no crash can lose
one, and a number used again by a stranger never passes for ours.
"""

import os
import select
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from connectors.services.obtain import Program
from pipeline.core.errors import ConfigError
from pipeline.runtime.clock import monotonic

MARK = "PARKPULSE_SERVICE"
PROC = Path("/proc")


class Running(NamedTuple):
    name: str
    pid: int


def running(folder: Path) -> list[Running]:
    """Every live process of the run folder."""
    if not (PROC / "self/environ").exists():
        raise ConfigError("services: this system has no /proc; expected Linux; name running ones by PARKPULSE_TEST_...")
    pids = sorted(int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal())
    return [Running(name, pid) for pid in pids if (name := _name(pid, folder))]


def _name(pid: int, folder: Path) -> str:
    """The service that this process is in the run folder; empty for a stranger."""
    begin, end = f"{MARK}=".encode(), f"@{folder}".encode()
    try:
        words = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    found = (word for word in words if word.startswith(begin) and word.endswith(end))
    return next((word[len(begin) : -len(end)].decode() for word in found), "")


def start(name: str, folder: Path, program: Program, arguments: Iterable[str]) -> int:
    """Starts it with its log and working folder in `folder`/name; returns its number."""
    place = folder / name
    with log_of(name, folder).open("ab") as noise:
        child = subprocess.Popen(
            [*program.command, *arguments],
            cwd=place, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise, start_new_session=True,
            env={**os.environ, **program.environment, MARK: f"{name}@{folder}"},
        )  # fmt: skip
    child.returncode = 0  # it outlives us: nobody here waits for it
    return child.pid


def log_of(name: str, folder: Path) -> Path:
    return folder / name / f"{name}.log"


def has_ended(pid: int) -> bool:
    """Also of a child of ours that nobody waits for. The mark would not do: in the instant of its start it has none."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 0)[0])
    finally:
        os.close(handle)


def end(some: Iterable[Running], folder: Path, patience_s: float) -> None:
    """Asks all at once, waits for all, kills what is left; returns when none of them lives."""
    handles = dict(_handles(some, folder))
    try:
        for number, seconds in ((signal.SIGTERM, patience_s), (signal.SIGKILL, 5.0)):
            for handle in handles:
                signal.pidfd_send_signal(handle, number)
            _await_ends(handles, seconds)
    finally:
        for handle in handles:
            os.close(handle)


def _handles(some: Iterable[Running], folder: Path) -> Iterator[tuple[int, Running]]:
    """A handle is bound to one process for good; whose it is is looked up after it was taken."""
    for one in some:
        try:
            handle = os.pidfd_open(one.pid)
        except ProcessLookupError:
            continue
        if _name(one.pid, folder) == one.name:
            yield handle, one
        else:
            os.close(handle)


def _await_ends(handles: dict[int, Running], seconds: float) -> None:
    until = monotonic() + seconds
    while handles and monotonic() < until:
        ended, _, _ = select.select(list(handles), [], [], max(0.0, until - monotonic()))
        for handle in ended:
            handles.pop(handle)
            os.close(handle)
