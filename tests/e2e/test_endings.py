"""How a run ends, and what the next one in the same folder makes of it: killed, or left alone by its terminal."""

import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from connectors.services.broker import embedded_broker
from simulators.demo import prepare

PARKPULSE = [sys.executable, "-m", "pipeline"]
BATCH = ["--seconds", "20", "--speed", "20"]
pytestmark = pytest.mark.real


def demo(folder, *options):
    """One run that comes to its end -> (what it said, its summary)."""
    words = [*PARKPULSE, "demo", "--data", folder / "data", "--summary", folder / "summary.json", *options]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr
    return ran.stdout, json.loads((folder / "summary.json").read_text())


@contextmanager
def on_terminal(*words, term="xterm", until=b"\x1b[?1049h"):
    """A process on a terminal of its own that has shown something, and what to call to close the terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*PARKPULSE, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": term}
    )
    os.close(theirs)
    said = b""
    while until not in said:
        said += os.read(ours, 4096)
    try:
        yield child, lambda: os.close(ours)
    finally:
        child.kill()
        child.wait()


def test_after_a_kill_the_next_run_counts_only_its_own_samples(tmp_path):
    child = subprocess.Popen(
        [*PARKPULSE, "demo", "--data", tmp_path / "data", "--speed", "20"], stdout=subprocess.PIPE, text=True
    )
    assert any("stored" in line for line in child.stdout)
    child.kill()
    child.wait()
    for begins in ("the last run was cut off", "ParkPulse demo"):
        said, found = demo(tmp_path, *BATCH, "--lang", "en")
        assert said.startswith(begins)
        assert found["samples"]["gap"] == found["samples"]["waiting"] == 0
        assert {name: found["samples"][name] for name in found["expected"]} == found["expected"]
        begun = min(fault["t_on_ms"] for fault in found["faults"])  # before it a silence of the killed run may be told
        assert all(alert["fault"] for alert in found["alerts"] if alert["raised_ms"] >= begun)


@pytest.mark.parametrize("shows", ["a screen", "lines"])
def test_a_terminal_that_closes_ends_a_demo_as_a_signal_does(tmp_path, shows):
    summary = tmp_path / "summary.json"
    words = ("demo", "--data", tmp_path / "data", "--summary", summary)
    how = {"term": "dumb", "until": b"stored"} if shows == "lines" else {}
    with on_terminal(*words, **how) as (child, close):
        close()
        if shows == "a screen":  # lines cannot be written any more, before any signal comes
            child.send_signal(signal.SIGHUP)
        assert child.wait(60) == 0
    assert json.loads(summary.read_text())["samples"]["gap"] == 0
    assert not (tmp_path / "data" / "unended").exists()


def test_a_terminal_that_closes_ends_a_run(tmp_path):
    with embedded_broker(tmp_path / "broker") as broker:
        prepare(tmp_path, broker, "en")
        with on_terminal("run", tmp_path / "config") as (child, close):
            close()
            child.send_signal(signal.SIGHUP)
            assert child.wait(30) == 0
