"""What deploy/ promises without being started: legal by schema and linters, pinned, not root, secrets from files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.roles.start import ROLES

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "parkpulse:latest"}
ONE_SHOT = {"topics", "simulators"}
RUNS_AS_ROOT_TO_BEGIN = {"influxdb"}  # its entrypoint makes the users, then steps down


def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(program)), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_compose_file_is_legal_by_the_schema_of_compose() -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_key_that_compose_does_not_know_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((DEPLOY / "compose.yaml").read_text().replace("    hostname:", "    hostnam:", 1))
    assert run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)).returncode != 0


def test_the_yaml_files_pass_yamllint() -> None:
    rules = (
        "{extends: default, rules: {line-length: {max: 200}, document-start: disable, braces: {max-spaces-inside: 1}}}"
    )
    done = run("yamllint", "-s", "-d", rules, str(DEPLOY))
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(
    not Path(sys.executable).with_name("hadolint").exists(), reason="no hadolint for this kind of machine"
)
def test_the_dockerfile_passes_hadolint() -> None:
    done = run("hadolint", str(DEPLOY / "Dockerfile"))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_one_version(name: str) -> None:
    assert name in OURS or re.fullmatch(r"[a-z0-9/-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - RUNS_AS_ROOT_TO_BEGIN))
def test_nothing_runs_as_root_or_keeps_rights_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert int(service["user"].partition(":")[0]) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - OURS.keys()))
def test_what_others_wait_for_says_whether_it_is_healthy(name: str) -> None:
    assert "test" in SERVICES[name]["healthcheck"]


def test_the_image_of_the_roles_asks_them_whether_they_are_ready() -> None:
    assert "/readyz" in (DEPLOY / "Dockerfile").read_text()
    assert {name for name, service in OURS.items() if service.get("healthcheck") == {"disable": True}} == ONE_SHOT


def test_only_loopback_is_published() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_passwords_come_from_files_alone() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        words = {key: value for key, value in service.get("environment", {}).items() if "PASSWORD" in key}
        assert all(key.endswith("_FILE") and value.startswith("/run/secrets/") for key, value in words.items())


def test_there_is_each_role_and_two_workers() -> None:
    commands = [service["command"] for service in OURS.values() if service["command"][0] == "run"]
    assert {command[3] for command in commands} == set(ROLES)
    assert sum(command[3] == "worker" for command in commands) == 2


def test_prometheus_scrapes_each_of_them() -> None:
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    targets = {target.partition(":")[0] for job in scrape for one in job["static_configs"] for target in one["targets"]}
    assert targets == OURS.keys() - ONE_SHOT
