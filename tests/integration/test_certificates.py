"""An MQTT broker and an InfluxDB with a certificate that nobody may trust: a line with its cure, from doctor too."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.influx.checks import checks as influx_checks
from connectors.influx.settings import InfluxSettings
from connectors.influx.store import InfluxStore
from connectors.mqtt.checks import checks as mqtt_checks
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.source import MqttSource
from connectors.needs import LogNeeds
from connectors.services.broker_children import find_mosquitto
from connectors.services.run_folder import free_port
from pipeline.core.errors import Unavailable
from pipeline.core.finding import Check
from pipeline.runtime.clock import WallClock
from pipeline.view.sentences import sentence
from pipeline.view.words import Words
from tests.integration.certificates import certificates
from tests.integration.test_influx_faults import own_influxd, results

pytestmark = pytest.mark.real
CASES = {
    "stranger": "its certificate is of no authority that we trust; got 'unknown'; set {ca} to its authority's",
    "expired": "its certificate has ended; got 'certificate has expired'; renew it there, or set this machine's clock",
    "elsewhere": 'its certificate is of another host; got "IP address mismatch, certificate is not valid for '
    "'127.0.0.1'.\"; write its name in {url}, or renew it there",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("certificates")
    certificates(found)
    return found


@pytest.fixture(scope="module")
def ports(folder: Path) -> Iterator[dict[str, int]]:
    """A Mosquitto with a listener for each certificate."""
    if not (program := find_mosquitto()):
        pytest.skip("no mosquitto on this machine; `apt-get install mosquitto` brings it")
    found, lines = dict[str, int](), ["user root", "allow_anonymous true"]
    for name in ("secure", "expired", "elsewhere"):
        found[name] = free_port(set(found.values()))
        files = [f"cafile {folder}/ca.pem", f"certfile {folder}/{name}.pem", f"keyfile {folder}/{name}.key"]
        lines += [f"listener {found[name]} 127.0.0.1", *files]
    (folder / "mosquitto.conf").write_text("\n".join([*lines, ""]))
    child = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    yield found
    child.kill()
    child.wait()


def shaped(said: str) -> str:
    """Whether the authority comes with the certificate changes the library's word for it."""
    for word in ("self-signed certificate in certificate chain", "unable to get local issuer certificate"):
        said = said.replace(word, "unknown")
    return said


def said_by_doctor(check: Check) -> list[str]:
    return [shaped(f"{found.what}; {found.cure}") for found in check.look() if not found.ok]


def trusted(folder: Path, case: str) -> tuple[str, str]:
    """(which certificate the service shows, whom we trust)."""
    return ("secure" if case == "stranger" else case), str(
        folder / ("stranger.pem" if case == "stranger" else "ca.pem")
    )


@pytest.mark.parametrize("case", CASES)
def test_a_broker_s_certificate_is_one_line_with_its_cure(folder: Path, ports: dict[str, int], case: str) -> None:
    shown, ca = trusted(folder, case)
    settings = MqttSettings(f"mqtts://127.0.0.1:{ports[shown]}", "gw", ca=ca)
    said = CASES[case].format(ca="brokers.ca", url="brokers.url")
    source, until = MqttSource(settings, ["a/#"], WallClock()), time.monotonic() + 10
    while not source.counts().last_error:
        assert time.monotonic() < until
        time.sleep(0.02)
    text = source.counts().last_error
    source.close()
    assert shaped(text) == f"{settings.url}: can't connect: {said}"
    assert said_by_doctor(mqtt_checks(settings, ["a/#"], 1000)[0]) == [f"can't connect: {said}"]
    translated = sentence(text, Words("vi"))
    assert not [word for word in ("its ", "renew", "set ", "write") if word in translated]


def test_a_broker_that_is_trusted_lets_us_in(folder: Path, ports: dict[str, int]) -> None:
    settings = MqttSettings(f"mqtts://127.0.0.1:{ports['secure']}", "gw", ca=str(folder / "ca.pem"))
    source, until = MqttSource(settings, ["a/#"], WallClock()), time.monotonic() + 10
    while not source.connected:
        assert time.monotonic() < until
        time.sleep(0.02)
    source.close()
    assert said_by_doctor(mqtt_checks(settings, ["a/#"], 1000)[0]) == []


@pytest.mark.parametrize("case", CASES)
def test_the_certificate_of_a_store_is_one_line_with_its_cure(folder: Path, tmp_path: Path, case: str) -> None:
    shown, ca = trusted(folder, case)
    port, files = free_port(set()), (folder / f"{shown}.pem", folder / f"{shown}.key")
    said = CASES[case].format(ca="store.ca", url="store.url")
    settings = InfluxSettings(f"https://127.0.0.1:{port}", ca=ca)
    with own_influxd(tmp_path, port, auth=False, certificate=files):
        store = InfluxStore(settings, ("site", "line", "unit"))
        for _ in range(2):
            with pytest.raises(Unavailable) as why:
                store.write(results(0, 2), [])
            assert shaped(str(why.value)) == f"store: {settings.url}: {said}"
        needs = LogNeeds({}, {"samples.v1": 1}, {}, 1_000, WallClock())
        assert said_by_doctor(influx_checks(settings, needs)[0]) == [said]
