"""Roles in processes of their own: who dies is started again, who refuses ends all, and the end is everybody's."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.config.read import read_config
from pipeline.core.errors import ConfigError
from pipeline.roles.processes import Child, Placement, Processes, placements

WAITS = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


class Run:
    """Processes at work in a thread, and what they said."""

    def __init__(self, *codes: str) -> None:
        self.said: list[str] = []
        self.stop = threading.Event()
        self.code: int | None = None
        children = [
            Child(Placement(f"p{k}", ()), [sys.executable, "-c", c], self.said.append) for k, c in enumerate(codes)
        ]
        self.processes = Processes(children)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.code = self.processes.run(self.stop)

    def await_pids(self, count: int) -> list[int]:
        until = time.monotonic() + 20
        while len(pids := [int(line.split()[1]) for line in self.said if line.startswith("pid")]) < count:
            assert time.monotonic() < until, self.said
            time.sleep(0.02)
        return pids

    def end(self) -> float:
        began = time.monotonic()
        self.stop.set()
        self.thread.join()
        return time.monotonic() - began


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except FileNotFoundError:
        return False


def are_gone(pids: list[int]) -> bool:
    """Who was killed needs a moment."""
    until = time.monotonic() + 5
    while any(map(is_alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(is_alive, pids))


def test_who_is_killed_is_started_again_and_the_others_go_on() -> None:
    run = Run(WAITS, WAITS)
    first = run.await_pids(2)
    os.kill(first[0], signal.SIGKILL)
    again = run.await_pids(3)
    assert is_alive(first[1])
    run.end()
    assert run.code == 0
    assert are_gone(again)


def test_who_does_not_end_is_killed_within_five_seconds_and_that_is_a_failure() -> None:
    run = Run(WAITS, STUBBORN)
    pids = run.await_pids(2)
    assert run.end() < 5.5
    assert run.code == 1
    assert are_gone(pids)


def test_who_refuses_the_configuration_ends_all() -> None:
    run = Run(WAITS, "print('park.toml: wrong'); raise SystemExit(2)")
    run.thread.join(20)
    assert run.code == 2
    assert "park.toml: wrong" in run.said


def test_an_address_is_said_with_the_name_of_its_owner() -> None:
    run = Run(f"print('metrics: http://127.0.0.1:1/metrics'); {WAITS}")
    run.await_pids(1)
    run.end()
    assert "p0: metrics: http://127.0.0.1:1/metrics" in run.said


def configured(folder: Path, log: str, http: str = ""):
    (folder / "park.toml").write_text(f"{log}\n{http}")
    return read_config(folder)


KAFKA = '[log]\nkind = "kafka"\nbootstrap = ["k:9092"]'


def test_on_kafka_there_are_so_many_workers_and_every_role_has_its_place(tmp_path: Path) -> None:
    found = placements(configured(tmp_path, KAFKA), 2)
    assert [role for one in found for role in one.roles] == ["gateway", "worker", "worker", "historian", "notifier"]
    assert len({one.name for one in found}) == 4


def test_on_the_embedded_log_there_is_one_worker(tmp_path: Path) -> None:
    config = configured(tmp_path, "")
    assert [one.name for one in placements(config, 1)] == ["gateway", "worker", "historian and notifier"]
    with pytest.raises(ConfigError, match="expected 1 with"):
        placements(config, 2)


def test_a_log_in_memory_lives_in_one_process(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="memory"):
        placements(configured(tmp_path, '[log]\nkind = "memory"'), 1)


@pytest.mark.parametrize("port, wanted", [(0, []), (9100, ["9100", "9101", "9102"])])
def test_each_process_listens_on_a_port_of_its_own(tmp_path: Path, port: int, wanted: list[str]) -> None:
    config = configured(tmp_path, "", f"[http]\nport = {port}")
    commands = [child.command for child in Processes.of(tmp_path, config, 1, print).children]
    assert [words[words.index("--port") + 1] for words in commands if "--port" in words] == wanted
