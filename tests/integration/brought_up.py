"""`parkpulse services` as a command, for tests that bring up real programs of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REQUIRED = os.environ.get("SERVICES") == "required"
OURS = {name: value for name, value in os.environ.items() if not name.startswith("PARKPULSE_TEST_")}


def services(action: str, place: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", "services", action, *words, "--dir", str(place)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**OURS, **variables})


def up(place: Path, *words: str) -> dict[str, str]:
    """The addresses; a service that can't be had here is a skip with its reason, or a failure where it is required."""
    done = services("up", place, *words, "--env")
    if done.returncode and "not to be had here" in done.stderr and not REQUIRED:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())
