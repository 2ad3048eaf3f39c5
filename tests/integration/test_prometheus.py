"""The rules of deploy/prometheus with the real promtool, Prometheus and Alertmanager."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.services.processes import running
from pipeline.runtime.endpoint import Endpoint
from pipeline.runtime.instruments import Instruments
from tests.integration.brought_up import services, up

pytestmark = [pytest.mark.real, pytest.mark.slow]
RULES = Path(__file__).parents[2] / "deploy" / "prometheus"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("rules") / "run"
    up(folder, "prometheus", "alertmanager")
    yield folder
    services("down", folder)


@pytest.fixture(scope="module")
def addresses(place: Path) -> dict[str, str]:
    return up(place, "prometheus", "alertmanager")


def promtool(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """It lies beside the Prometheus that runs."""
    (server,) = [one for one in running(place) if one.name == "prometheus"]
    program = Path(f"/proc/{server.pid}/exe").resolve().with_name("promtool")
    command = [str(program), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=RULES)


def test_the_rules_say_what_their_examples_promise(place: Path, addresses: dict[str, str]) -> None:
    done = promtool(place, "test", "rules", "rules_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_that_is_changed_fails_its_examples(place: Path, addresses: dict[str, str], tmp_path: Path) -> None:
    for file in RULES.glob("rules*.yml"):
        shutil.copy(file, tmp_path)
    rules = tmp_path / "rules.yml"
    rules.write_text(rules.read_text().replace("parkpulse_ledger_gap_samples > 0", "parkpulse_ledger_gap_samples > 99"))
    done = promtool(place, "test", "rules", str(tmp_path / "rules_test.yml"))
    assert done.returncode != 0
    assert "ParkPulseLedgerGap" in done.stdout + done.stderr


def test_a_gap_in_the_ledger_reaches_the_alertmanager(place: Path, addresses: dict[str, str]) -> None:
    instruments = Instruments()
    instruments.ledger_gap.set(12)
    at_once = (RULES / "rules.yml").read_text().replace("for: 1m", "for: 0s")
    (place / "prometheus" / "rules" / "parkpulse.yml").write_text(at_once)
    with Endpoint(instruments.registry, lambda: "") as endpoint:
        target = f"127.0.0.1:{endpoint.port}"
        (place / "prometheus" / "targets" / "us.json").write_text(json.dumps([{"targets": [target]}]))
        urllib.request.urlopen(f"{addresses['PARKPULSE_TEST_PROMETHEUS']}/-/reload", data=b"", timeout=10).close()
        alerts = wait_for_alert(addresses["PARKPULSE_TEST_ALERTMANAGER"], "ParkPulseLedgerGap")
    assert [alert["labels"]["instance"] for alert in alerts] == [target]
    assert alerts[0]["annotations"]["summary"] == "12 samples were acknowledged and are not in the log"


def wait_for_alert(alertmanager: str, name: str) -> list[dict[str, dict[str, str]]]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{alertmanager}/api/v2/alerts", timeout=10) as answer:
            found = [alert for alert in json.load(answer) if alert["labels"]["alertname"] == name]
        if found:
            return found
        time.sleep(0.5)
    pytest.fail(f"no alert {name} in a minute")
