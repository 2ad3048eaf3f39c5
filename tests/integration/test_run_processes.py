"""`parkpulse run --processes`: a role a process; one that is killed comes back, SIGTERM ends all, no number changes."""

import json
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink, Publication
from connectors.services.broker import embedded_broker
from tests.kafka_park import kafka_park

PARK = """
levels = ["site", "line", "unit"]
language = "en"
[gateway]
name = "processes"
[[brokers]]
url = "{url}"
protocol = "{protocol}"
families = ["own"]
"""
ROLES = ("gateway", "worker", "historian and notifier")


def pids(config: Path, role: str) -> list[int]:
    """Of the programs that run this role alone."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdecimal() else []
            if str(config).encode() in words and role.encode() in words and b"/bin/sh" not in words:
                found.append(int(entry.name))
    return found


class Parent:
    def __init__(self, config: Path, words: Path, workers: int = 1) -> None:
        self.config, self.words = config, words
        command = [sys.executable, "-m", "pipeline", "run", str(config), "--processes", str(workers)]
        with words.open("ab") as noise:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise)

    def addresses(self, name: str) -> list[str]:
        return re.findall(rf"^{name}: metrics: (\S+)/metrics$", self.words.read_text(), re.MULTILINE)

    def owned(self) -> list[tuple[int, ...]]:
        """Partitions that workers said they work on."""
        said = re.findall(r'"partitions": \[([\d, ]*)\], "event": "works on"', self.words.read_text())
        return [tuple(int(number) for number in one.split(",") if number) for one in said]

    def await_ready(self, name: str, starts: int = 1) -> None:
        """By the /readyz of its newest start."""
        until = time.monotonic() + 40
        while time.monotonic() < until:
            if len(found := self.addresses(name)) >= starts:
                with suppress(OSError), urlopen(f"{found[-1]}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            time.sleep(0.1)
        raise AssertionError(f"{name} is not ready:\n{self.words.read_text()[-3000:]}")


def publish(sink: MqttSink, begin_ms: int, seconds: int) -> None:
    sink.publish(
        [
            Publication(
                "parkpulse/v1/data/park/line-1/press/force",
                json.dumps({"timestamp_ms": begin_ms + k * 100, "value": k}).encode(),
            )
            for k in range(seconds * 10)
        ]
    )


def stored(config: Path) -> list[tuple[str, float]]:
    command = [sys.executable, "-m", "pipeline", "query", str(config), "metrics", "--window", "10s", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [(row["time"], row["count"]) for row in json.loads(done.stdout or "[]")]


@pytest.mark.real
def test_a_killed_worker_comes_back_sigterm_ends_all_and_every_sample_is_in_its_window(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    with embedded_broker(tmp_path / "broker") as broker:
        (config / "park.toml").write_text(PARK.format(url=broker.url, protocol=broker.protocol))
        parent = Parent(config, tmp_path / "words.log")
        try:
            for name in ROLES:
                parent.await_ready(name)
            begin_ms = int(time.time()) // 10 * 10_000 - 40_000
            sink = MqttSink(MqttSettings(broker.url, "sender", protocol=broker.protocol))
            publish(sink, begin_ms, 15)
            (worker,) = pids(config, "worker")
            subprocess.run(["kill", "-9", str(worker)], check=True)
            publish(sink, begin_ms + 15_000, 15)
            parent.await_ready("worker", starts=2)
            until = time.monotonic() + 30
            while len(stored(config)) < 2 and time.monotonic() < until:
                time.sleep(0.2)
            sink.close()
            began = time.monotonic()
            parent.process.send_signal(signal.SIGTERM)
            assert parent.process.wait(10) == 0
            assert time.monotonic() - began < 5
        finally:
            parent.process.kill()
        assert [count for _, count in stored(config)][:2] == [100, 100]
        assert [pid for role in ("gateway", "worker", "historian") for pid in pids(config, role)] == []
    words = parent.words.read_text()
    assert words.count('"event": "died"') == 1
    assert '"process": "worker"' in words


@pytest.mark.real
def test_on_kafka_workers_share_the_partitions_and_every_sample_is_in_its_window(tmp_path: Path) -> None:
    with embedded_broker(tmp_path / "broker") as broker, kafka_park(tmp_path) as park:
        brokers = f'[[brokers]]\nurl = "{broker.url}"\nprotocol = "{broker.protocol}"\nfamilies = ["own"]\n'
        config = park.configure(more=f'[gateway]\nname = "shared"\n{brokers}')
        parent = Parent(config, tmp_path / "words.log", workers=2)
        try:
            for name in ("gateway", "worker-1", "worker-2", "historian and notifier"):
                parent.await_ready(name)
            until = time.monotonic() + 30
            while not {(0, 1), (2, 3)} <= set(parent.owned()) and time.monotonic() < until:
                time.sleep(0.1)
            begin_ms = int(time.time()) // 10 * 10_000 - 40_000
            sink = MqttSink(MqttSettings(broker.url, "sender", protocol=broker.protocol))
            publish(sink, begin_ms, 30)
            while len(stored(config)) < 2 and time.monotonic() < until + 30:
                time.sleep(0.2)
            sink.close()
            parent.process.send_signal(signal.SIGTERM)
            assert parent.process.wait(10) == 0
        finally:
            parent.process.kill()
        assert [count for _, count in stored(config)][:2] == [100, 100]
        assert '"event": "died"' not in parent.words.read_text()


@pytest.mark.real
def test_nobody_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    with embedded_broker(tmp_path / "broker") as broker:
        (config / "park.toml").write_text(PARK.format(url=broker.url, protocol=broker.protocol))
        parent = Parent(config, tmp_path / "words.log")
        for name in ROLES:
            parent.await_ready(name)
        parent.process.kill()
        parent.process.wait()
        until = time.monotonic() + 10
        while any(pids(config, role) for role in ("gateway", "worker", "historian")) and time.monotonic() < until:
            time.sleep(0.1)
        assert [pid for role in ("gateway", "worker", "historian") for pid in pids(config, role)] == []
