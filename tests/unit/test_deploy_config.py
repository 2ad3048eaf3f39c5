"""The example configurations of deploy/config: each passes `check`, and fits what it is deployed with."""

import tomllib
from pathlib import Path

import pytest
import yaml

import simulators
from pipeline.cli.app import run
from pipeline.config.read import Config, read_config

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "parkpulse:latest"}
BUNDLED = Path(simulators.__file__).parent / "config" / "lines"


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("secret\n")
    monkeypatch.setenv("PARKPULSE_INFLUX_PASSWORD_FILE", str(tmp_path / "password"))


@pytest.fixture
def park(secret: None) -> Config:
    return read_config(DEPLOY / "config" / "park")


@pytest.mark.parametrize("name", ["lite", "plant", "park"])
def test_every_example_passes_check_and_has_no_hint(
    name: str, secret: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(DEPLOY / "config" / name)]) == 0
    said = capsys.readouterr()
    assert (said.out.count("\n"), said.err) == (1, "")


def test_there_is_no_example_that_nothing_tries() -> None:
    assert {folder.name for folder in (DEPLOY / "config").iterdir()} == {"lite", "plant", "park"}


def test_every_role_of_compose_reads_the_park_and_keeps_what_is_its_own_in_a_volume(park: Config) -> None:
    for name, service in OURS.items():
        config, data = (volume.split(":") for volume in service["volumes"])
        assert (DEPLOY / config[0]).resolve() == DEPLOY / "config" / "park"
        assert config[1] in service["command"]
        assert config[2] == "ro"
        assert data == [name, str(park.data_dir)]
        assert name in COMPOSE["volumes"]


def test_every_host_of_the_park_is_a_service_of_compose(park: Config) -> None:
    hosts = {broker.host for broker in park.brokers}
    hosts |= {address.partition(":")[0] for address in park.log.bootstrap}
    hosts.add(park.store.url.removeprefix("http://").partition(":")[0])
    assert hosts == {"mosquitto", "kafka", "influxdb"}
    assert hosts <= SERVICES.keys()
    assert f"PLAINTEXT://{park.log.bootstrap[0]}" == SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_the_historian_is_let_in_by_the_user_that_compose_makes(park: Config) -> None:
    """INFLUXDB_USER is the one whom the image grants all of the database; to write alone is not enough."""
    made = SERVICES["influxdb"]["environment"]
    assert (park.store.username, park.store.database) == (made["INFLUXDB_USER"], made["INFLUXDB_DB"])
    (file,) = (key for key in OURS["historian"]["environment"] if key == f"{park.store.password_env}_FILE")
    secret = Path(OURS["historian"]["environment"][file]).name
    assert secret in OURS["historian"]["secrets"]
    assert f'INFLUXDB_USER_PASSWORD="$$(cat /run/secrets/{secret})"' in SERVICES["influxdb"]["entrypoint"][2]


def test_roles_answer_where_the_image_and_prometheus_ask(park: Config) -> None:
    assert park.http.host == "0.0.0.0"
    assert f":{park.http.port}/readyz" in (DEPLOY / "Dockerfile").read_text()
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    targets = [target for job in scrape for one in job["static_configs"] for target in one["targets"]]
    assert {target.partition(":")[2] for target in targets} == {str(park.http.port)}


def test_the_lines_of_plant_and_park_are_those_of_the_simulators_without_windows_of_a_second() -> None:
    bundled = {line["path"]: line for line in (tomllib.loads(file.read_text()) for file in BUNDLED.glob("*.toml"))}
    for name, wanted in (("plant", 2), ("park", len(bundled))):
        lines = [tomllib.loads(file.read_text()) for file in (DEPLOY / "config" / name / "lines").glob("*.toml")]
        assert len(lines) == wanted
        for line in lines:
            assert line["windows"] == ["10s", "1m", "15m", "shift"]
            assert {**line, "windows": bundled[line["path"]]["windows"]} == bundled[line["path"]]
