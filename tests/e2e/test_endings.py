"""How a run ends, and what the next one in the same folder makes of it."""

import json
import subprocess
import sys

import pytest

PARKPULSE = [sys.executable, "-m", "pipeline"]
BATCH = ["--seconds", "20", "--speed", "20"]
pytestmark = pytest.mark.real


def demo(folder, *options):
    """One run that comes to its end -> (what it said, its summary)."""
    words = [*PARKPULSE, "demo", "--data", folder / "data", "--summary", folder / "summary.json", *options]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr
    return ran.stdout, json.loads((folder / "summary.json").read_text())


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
        assert all(alert["fault"] for alert in found["alerts"])
