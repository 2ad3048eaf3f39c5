"""A broker, the product and the stranger's publishers: everything is a child process or a socket on loopback."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt

from .book import Key
from .load import FIRST, LINE, MAX_PAYLOAD, TEMPERATURE, Load, Message

HOST = "127.0.0.1"
MUTANTS = Path(__file__).parent / "mutants" / "launch.py"
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
MOSQUITTO = shutil.which("mosquitto", path=SEARCH)
LEVELS = ("operator", "park", "tenant", "site", "area", "line", "unit")
NO_SUBSCRIBER = 0x10  # MQTT 5, reason code of PUBACK
PROBE = b"is anybody there?"

needs_mosquitto = pytest.mark.skipif(
    not MOSQUITTO and os.environ.get("SERVICES") != "required",
    reason="no mosquitto on this machine; `apt-get install mosquitto` brings it",
)

BROKER = f"""\
listener %d {HOST}
allow_anonymous true
max_queued_messages 0
max_queued_bytes 0
"""

PARK = """\
levels = ["operator", "park", "tenant", "site", "area", "line", "unit"]
data_dir = "data"
[time]
allowed_lateness = "2s"
idle_timeout = "5s"
[gateway]
name = "%s"
max_payload = "%dKiB"
[log]
kind = "sqlite"
[store]
kind = "local"
[[brokers]]
url = "mqtt://%s:%d"
families = ["own", "umh"]
"""

LINE_FILE = f"""\
path = "{LINE}"
windows = ["1s", "10s", "1m"]
[[units]]
name = "{FIRST}"
[units.metrics."{TEMPERATURE}"]
role = "temperature"
uom = "°C"
hold = "3s"
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def child(command: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as noise:
        process = subprocess.Popen(command, stdout=noise, stderr=noise, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def broker(folder: Path) -> Iterator[int]:
    """The port of a fresh broker."""
    assert MOSQUITTO, "no mosquitto on this machine, and SERVICES=required"
    port = _free_port()
    (folder / "broker.conf").write_text(BROKER % port)
    with child([MOSQUITTO, "-c", folder / "broker.conf"], folder / "broker.log"):
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
                break
            time.sleep(0.05)
        yield port


def write_config(folder: Path, port: int, name: str) -> Path:
    config = folder / "config"
    (config / "lines").mkdir(parents=True)
    (config / "park.toml").write_text(PARK % (name, MAX_PAYLOAD // 1024, HOST, port), encoding="utf-8")
    (config / "lines" / "line-1.toml").write_text(LINE_FILE, encoding="utf-8")
    return config


def parkpulse() -> str:
    beside = Path(sys.executable).with_name("parkpulse")
    found = str(beside) if beside.exists() else shutil.which("parkpulse")
    assert found, "the command parkpulse is not installed"
    return found


@dataclass
class Plant:
    """One running product with a broker of its own."""

    name: str
    port: int
    config: Path
    process: subprocess.Popen[bytes]
    log: Path

    def query(self, what: str) -> list[dict[str, object]]:
        command = [parkpulse(), "query", str(self.config), what, "--format", "json"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        if done.returncode == 1 and b"no results yet" in done.stderr:
            return []
        assert done.returncode == 0, done.stderr.decode()
        rows = json.loads(done.stdout)
        assert isinstance(rows, list)
        return rows

    def windows(self) -> dict[Key, dict[str, float | None]]:
        found: dict[Key, dict[str, float | None]] = {}
        for row in self.query("metrics"):
            path = "/".join(str(row[level]) for level in LEVELS if row[level])
            unit = path.removeprefix(LINE).removeprefix("/")  # another line: its whole path, so that it shows
            stamp = datetime.fromisoformat(str(row["time"]))
            start = round(stamp.timestamp() * 1000)
            key = unit, str(row["name"]), str(row["window"]), start
            assert key not in found, f"twice in the store: {key}"
            found[key] = {name: row[name] for name in ("count", "mean", "min", "max", "last", "sd", "coverage")}  # type: ignore[misc]
        return found

    def ledger(self) -> dict[str, int]:
        """All gateways, lines and hours summed."""
        total: dict[str, int] = {}
        for row in self.query("ledger"):
            for name, value in row.items():
                if isinstance(value, int):
                    total[name] = total.get(name, 0) + value
        return total

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


@contextlib.contextmanager
def plant(folder: Path, name: str = "gw-1", mutant: str = "") -> Iterator[Plant]:
    """Broker and product; `mutant`: started by the launcher that breaks one rule of it."""
    folder.mkdir()
    with broker(folder) as port:
        config = write_config(folder, port, name)
        start: list[str | Path] = [sys.executable, MUTANTS, mutant] if mutant else [parkpulse()]
        with child([*start, "run", str(config)], folder / "product.log") as process:
            yield Plant(name, port, config, process, folder / "product.log")


def connect(port: int, name: str) -> mqtt.Client:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(500)
    client.connect(HOST, port)
    client.loop_start()
    return client


def await_gateway(port: int) -> int:
    """Publishes unreadable probes until somebody takes one: MQTT 5 says so. Returns how many were taken: 1."""
    client = connect(port, "probe")
    codes: list[int] = []
    client.on_publish = lambda _client, _data, _mid, reason, _properties: codes.append(reason.value)
    try:
        for turn in range(150):
            client.publish(f"parkpulse/v1/data/{LINE}/{FIRST}", PROBE, qos=1).wait_for_publish(5)
            until = time.monotonic() + 5
            while len(codes) <= turn and time.monotonic() < until:
                time.sleep(0.01)
            assert len(codes) > turn, "the broker does not answer"
            if codes[turn] != NO_SUBSCRIBER:
                return 1
            time.sleep(0.2)
    finally:
        client.disconnect()
        client.loop_stop()
    raise AssertionError("no gateway subscribed within 30 s")


def publish(load: Load, ports: Sequence[int]) -> None:
    """Each publisher in a thread, connected to every broker, paced by one clock; ends when all are acknowledged."""
    started, slips = time.monotonic(), list[BaseException]()

    def run(number: int, messages: Sequence[Message]) -> None:
        try:
            time.sleep(max(0.0, messages[0].at / 1000 - 1))
            clients = [connect(port, f"stranger-{number}") for port in ports]
            sent: list[mqtt.MQTTMessageInfo] = []
            for message in messages:
                time.sleep(max(0.0, started + message.at / 1000 - time.monotonic()))
                sent += [client.publish(message.topic, message.body, qos=1) for client in clients]
            for info in sent:
                info.wait_for_publish(30)
                assert info.is_published()
            for client in clients:
                client.disconnect()
                client.loop_stop()
        except BaseException as error:
            slips.append(error)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(load.publishers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not slips, slips
