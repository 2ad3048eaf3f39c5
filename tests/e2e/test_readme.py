"""The commands of the README, run as they stand there, in their order, on a data folder of their own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.real


def console_commands():
    """(command, lines of output shown under it) of every console block."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def test_every_command_of_the_readme_runs_and_says_what_the_readme_shows(tmp_path):
    commands = console_commands()
    assert len(commands) >= 6
    for command, shown in commands:
        line = command.replace("parkpulse-data", str(tmp_path)).replace(".venv/bin/", f"{Path(sys.executable).parent}/")
        if line.startswith("make run"):
            line = line.replace('ARGS="', f'ARGS="--data {tmp_path} ')
        ran = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert ran.returncode == 0, (command, ran.stdout[-500:], ran.stderr[-500:])
        assert ran.stdout.strip(), command
        for text in shown:
            if not re.search(r"\d|\.\.\.", text):
                assert text.replace("parkpulse-data", str(tmp_path)) in ran.stdout, (command, text)
