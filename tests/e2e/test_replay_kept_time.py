"""Recordings sent with their own times: what became of them is told, and what came too late is no success."""

import io
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from urllib.request import urlopen

import pytest

from connectors.services.broker import embedded_broker
from pipeline.cli.app import run

pytestmark = [pytest.mark.real, pytest.mark.slow]
PARK = """levels = ["site", "line", "unit"]
[gateway]
name = "gw"
[[brokers]]
url = "{url}"
protocol = "{protocol}"
"""


def replay(config: Path, file: Path) -> tuple[int, str]:
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = run(["replay", str(config), str(file), "--line", "lab/rig", "--unit", "pump", "--fast", "--keep-time"])
    return code, said.getvalue()


def write(file: Path, begin: int) -> None:
    """A sample a second whose value says its time."""
    file.write_text("t,x\n" + "".join(f"{t},{t % 1000}\n" for t in range(begin, begin + 100)))


def await_ready(log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        time.sleep(0.3)
        address = next((word for word in log.read_text().split() if word.startswith("http://")), "")
        try:
            if address and urlopen(address.replace("/metrics", "/readyz"), timeout=5).status == 200:
                return
        except OSError:
            continue
    pytest.fail(log.read_text())


def test_what_became_of_recorded_times_is_told_late_ones_correct_and_too_late_is_a_failure(tmp_path: Path) -> None:
    config, file, log = tmp_path / "config", tmp_path / "run.csv", tmp_path / "run.log"
    config.mkdir()
    begin = int(time.time()) - 3600
    write(file, begin)
    with embedded_broker(tmp_path / "broker") as broker, log.open("wb") as noise:
        (config / "park.toml").write_text(PARK.format(url=broker.url, protocol=broker.protocol))
        park = subprocess.Popen([sys.executable, "-m", "pipeline", "run", str(config)], stdout=noise, stderr=noise)
        try:
            await_ready(log)
            code, said = replay(config, file)
            assert (code, "of 100 samples: stored 100, duplicate 0," in said) == (0, True), said
            code, said = replay(config, file)
            assert (code, "stored 0, duplicate 100, contradicting 0, too late 0," in said) == (1, True), said
            write(file, begin - 60)
            code, said = replay(config, file)
            assert (code, "stored 60, duplicate 40, contradicting 0, too late 0," in said) == (0, True), said
            write(file, begin - 30 * 3600)
            code, said = replay(config, file)
            assert (code, "stored 0, duplicate 0, contradicting 0, too late 100," in said) == (1, True), said
            assert "100 samples came too late: more than correction_horizon (" in said
        finally:
            park.send_signal(signal.SIGTERM)
            park.wait(30)
