"""`parkpulse services` with the real programs: up twice, after a death or a crash of itself, down, what is missing."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.services.broker_children import find_mosquitto
from connectors.services.processes import running
from tests.integration.brought_up import OURS, REQUIRED, services, up

pytestmark = [pytest.mark.real, pytest.mark.slow]
TCP_LISTEN = "0A"
needs_mosquitto = pytest.mark.skipif(
    not find_mosquitto() and not REQUIRED, reason="no mosquitto on this machine; `apt-get install mosquitto` brings it"
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "run"
    yield place
    services("down", place)
    assert running(place) == []


def numbers(place: Path) -> dict[str, int]:
    return {one.name: one.pid for one in running(place)}


def listening_on(pid: int) -> set[str]:
    """The local addresses, in hex, on which this process listens, by the kernel's own table."""
    sockets = {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == TCP_LISTEN and f"socket:[{words[9]}]" in sockets:
                found.add(words[1].split(":")[0])
    return found


def is_loopback(address: str) -> bool:
    """Of the kernel's little-endian hex: 127.0.0.0/8, also as an IPv6 address that stands for it."""
    return address.endswith("7F") and len(address.removeprefix("0000000000000000FFFF0000")) == 8


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.01)


@needs_mosquitto
def test_up_twice_is_the_same_as_once(folder: Path) -> None:
    first, before = up(folder, "mosquitto"), numbers(folder)
    assert up(folder, "mosquitto") == first
    assert numbers(folder) == before
    assert list(before) == ["mosquitto"]


@needs_mosquitto
def test_what_died_is_started_again_under_its_address(folder: Path) -> None:
    first, before = up(folder, "mosquitto"), numbers(folder)
    kill(before["mosquitto"])
    status = services("status", folder)
    assert (status.returncode, status.stderr) == (
        1,
        "mosquitto: died: mosquitto; `services up` starts it again\n",
    )
    assert up(folder, "mosquitto") == first
    assert numbers(folder)["mosquitto"] != before["mosquitto"]
    assert services("status", folder).returncode == 0


@needs_mosquitto
def test_down_leaves_nothing_behind(folder: Path) -> None:
    address = up(folder, "mosquitto")["PARKPULSE_TEST_MQTT"]
    assert services("down", folder).stdout == f"{folder}: ended mosquitto\n"
    assert not folder.exists()
    assert running(folder) == []
    host, port = address.split(":")
    with pytest.raises(OSError), socket.create_connection((host, int(port)), timeout=1):
        pass
    assert services("down", folder).stdout == f"{folder}: nothing was up\n"
    assert services("status", folder).stderr == f"{folder}: nothing is up; `services up` starts them\n"


@needs_mosquitto
@pytest.mark.parametrize("state", ["kept", "lost"])
def test_down_finds_everything_after_a_crash_of_up(folder: Path, state: str) -> None:
    """`up` is killed in the instant its first process is there; even with its folder gone, `down` finds that one."""
    command = [sys.executable, "-m", "pipeline", "services", "up", "mosquitto", "--dir", str(folder)]
    with subprocess.Popen(command, env=OURS, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as child:
        until = time.monotonic() + 20
        while not running(folder) and time.monotonic() < until:
            time.sleep(0.001)
        child.kill()
    assert list(numbers(folder)) == ["mosquitto"]
    if state == "lost":
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    assert services("down", folder).returncode == 0
    assert running(folder) == []
    assert not folder.exists()


@needs_mosquitto
def test_a_stranger_with_the_number_of_a_dead_service_is_left_alone(folder: Path) -> None:
    """The folder remembers no numbers: a process counts as ours by what the kernel says of it."""
    up(folder, "mosquitto")
    stranger = subprocess.Popen(["sleep", "60"], env={**OURS, "PARKPULSE_SERVICE": f"mosquitto@{folder}-2"})
    try:
        assert stranger.pid not in numbers(folder).values()
        services("down", folder)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_running_one_named_in_the_environment_is_used_and_left_alone(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        done = services("up", folder, "kafka", "--env", PARKPULSE_TEST_KAFKA=address)
    assert (done.returncode, done.stdout) == (0, f"PARKPULSE_TEST_KAFKA={address}\n")
    assert not folder.exists()
    done = services("up", folder, "kafka", PARKPULSE_TEST_KAFKA=address)
    assert done.returncode == 1
    assert done.stderr == (
        f"kafka: PARKPULSE_TEST_KAFKA: nothing answers there; got '{address}'; expected a running one; "
        "start or unset it\n"
    )


def test_what_can_not_be_had_is_one_line_and_the_exit_code_is_1(folder: Path, tmp_path: Path) -> None:
    """A Maven that its registry refuses: its own word is in the line."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "java").write_text("#!/bin/sh\n")
    (programs / "mvn").write_text("#!/bin/sh\necho '[ERROR] registry: 403 Forbidden'; exit 1\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    cache = tmp_path / "cache"
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = services("up", folder, "kafka", PATH=path, PARKPULSE_CACHE=str(cache))
    (line,) = [line for line in done.stderr.splitlines() if "not to be had" in line]
    assert re.fullmatch(
        r"kafka: not to be had here: `mvn .*` ended with 1: \[ERROR\] registry: 403 Forbidden; "
        r"to bring it: Java 17 .*, or PARKPULSE_TEST_KAFKA=host:port of a running one",
        line,
    )
    assert done.returncode == 1
    assert [path.name for path in cache.iterdir() if path.is_dir()] == []
    assert not folder.exists()


def test_a_word_it_does_not_know_is_a_slip_of_usage(folder: Path) -> None:
    for words, said in (
        (("start",), "unknown action 'start'; known actions: down, status, up; did you mean 'status'?"),
        (("up", "kafak"), "unknown service 'kafak'; known services: "),
        (("up", "--kafka-nodes", "9"), "--kafka-nodes: got 9; expected 1 to 5"),
        (("down", "kafka"), "services down: takes no names; got kafka"),
    ):
        done = services(words[0], folder, *words[1:])
        assert done.returncode == 2
        assert said in done.stderr
    assert not folder.exists()


def test_influxdb_takes_points_and_gives_them_back(folder: Path) -> None:
    url = up(folder, "influxdb")["PARKPULSE_TEST_INFLUX"]

    def ask(path: str, body: bytes) -> bytes:
        with urllib.request.urlopen(f"{url}{path}", data=body, timeout=10) as answer:
            return bytes(answer.read())

    def query(text: str) -> bytes:
        return ask("/query?db=t", urllib.parse.urlencode({"q": text}).encode())

    query("CREATE DATABASE t")
    ask("/api/v2/write?bucket=t&precision=ms", b"metrics,unit=filler mean=71.5 1780000000000")
    (result,) = json.loads(query("SELECT mean FROM metrics"))["results"]
    assert result["series"][0]["values"] == [["2026-05-28T20:26:40Z", 71.5]]


def test_influxdb_has_the_database_and_users_of_the_pipeline_also_after_a_second_up(folder: Path) -> None:
    up(folder, "influxdb")
    url = up(folder, "influxdb")["PARKPULSE_TEST_INFLUX"]

    def query(text: str) -> object:
        with urllib.request.urlopen(
            f"{url}/query", data=urllib.parse.urlencode({"q": text}).encode(), timeout=10
        ) as found:
            return json.loads(found.read())["results"][0]["series"][0]["values"]

    assert query("SHOW RETENTION POLICIES ON parkpulse") == [["kept", "0s", "168h0m0s", 1, True]]
    assert query("SHOW USERS") == [["parkpulse_admin", True], ["parkpulse_write", False], ["parkpulse_read", False]]
    assert query("SHOW GRANTS FOR parkpulse_write") == [["parkpulse", "ALL PRIVILEGES"]]
    assert query("SHOW GRANTS FOR parkpulse_read") == [["parkpulse", "READ"]]


def test_three_nodes_of_kafka_stand_and_one_that_was_killed_comes_back(folder: Path) -> None:
    first = up(folder, "kafka", "--kafka-nodes", "3")
    before = numbers(folder)
    assert sorted(before) == ["kafka-1", "kafka-2", "kafka-3"]
    assert len(first["PARKPULSE_TEST_KAFKA"].split(",")) == 3
    kill(before["kafka-2"])
    assert services("status", folder).stderr == "kafka: died: kafka-2; `services up` starts it again\n"
    assert up(folder, "kafka") == first
    after = numbers(folder)
    assert {name for name in after if after[name] != before[name]} == {"kafka-2"}


def test_all_at_once_stand_by_status_and_nothing_listens_beyond_loopback(folder: Path) -> None:
    addresses = up(folder)
    assert len(addresses) == 5
    status = services("status", folder, "--env")
    assert status.returncode == 0
    assert dict(line.split("=", 1) for line in status.stdout.splitlines()) == addresses
    heard = {name: listening_on(pid) for name, pid in numbers(folder).items()}
    assert sorted(heard) == ["alertmanager", "influxdb", "kafka", "mosquitto", "prometheus"]
    assert all(heard.values())
    assert [(name, at) for name, found in heard.items() for at in found if not is_loopback(at)] == []
