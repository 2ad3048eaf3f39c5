"""Roles on several real brokers: each is taken in from and told on its own, and one that is away holds up no other."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from connectors.codecs import alerts_json
from connectors.memory import MemoryLog
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink, Publication
from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from connectors.services.run_folder import free_port
from pipeline.config.read import read_config
from pipeline.core.alarm import first_transition
from pipeline.core.frames import Kind, decode
from pipeline.core.line_config import AlarmConfig
from pipeline.core.ports import Log, Outgoing, Record
from pipeline.roles.start import TOPICS, Park, RoleName, started
from pipeline.runtime.clock import WallClock
from pipeline.runtime.logs import setup

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not find_mosquitto(), reason="no mosquitto on this machine; apt-get install mosquitto"),
]
PARK = """
language = "en"
levels = ["site", "line", "unit"]
data_dir = "data"
[gateway]
name = "gw"
[log]
kind = "memory"
[[brokers]]
url = "mqtt://127.0.0.1:{ports[0]}"
[[brokers]]
url = "mqtt://127.0.0.1:{ports[1]}"
families = ["umh"]
[[brokers.topics]]
pattern = "plant/{{site}}/{{line}}/{{unit}}"
family = "own"
"""


@pytest.fixture
def ports() -> tuple[int, int]:
    taken = {first := free_port(set())}
    return first, free_port(taken)


@contextmanager
def at_work(folder: Path, ports: tuple[int, int], role: RoleName) -> Iterator[Park]:
    (folder / "park.toml").write_text(PARK.format(ports=ports), "utf-8")
    config, clock = read_config(folder), WallClock()
    log = MemoryLog(clock)
    log.ensure(dict.fromkeys(TOPICS, 1))
    with ExitStack() as stack:
        yield started(stack, Park(config, clock, log, linger_s=0.0), [role])


def broker(folder: Path, port: int) -> ExitStack:
    """One that listens until the stack is closed."""
    stack = ExitStack()
    stack.enter_context(embedded_broker(folder / str(port), port, "mosquitto"))
    return stack


def send(port: int, *messages: tuple[str, bytes], name: str = "feeder") -> None:
    sink = MqttSink(MqttSettings(f"mqtt://127.0.0.1:{port}", name))
    sink.publish([Publication(topic, body) for topic, body in messages])
    sink.close()


def sample(value: int) -> bytes:
    return b'{"timestamp_ms": %d, "speed": %d}' % (time.time_ns() // 1_000_000, value)


def rows(log: Log) -> list[tuple[str, float]]:
    frames = [(one.key.decode(), decode(one.value)) for one in records(log, "samples.v1")]
    return [(line, float(v)) for line, frame in frames if frame.kind == Kind.DATA for v in frame.v]


def records(log: Log, topic: str) -> list[Record]:
    reader, found = log.reader(topic, ""), list[Record]()
    while more := reader.poll(0):
        found += more
    reader.close()
    return found


def await_true(fact: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_samples_of_every_broker_are_stored_each_read_by_the_families_and_patterns_of_its_broker(
    tmp_path: Path, ports: tuple[int, int]
) -> None:
    with broker(tmp_path, ports[0]), broker(tmp_path, ports[1]), at_work(tmp_path, ports, "gateway") as park:
        await_true(lambda: park.lacks() == "")
        send(ports[0], ("parkpulse/v1/data/a/l1/m", sample(1)), ("plant/a/l1/m", sample(2)))
        send(ports[1], ("plant/b/l2/m", sample(3)), ("parkpulse/v1/data/b/l2/m", sample(4)))
        for n in range(5, 55):  # one line through both brokers
            send(ports[n % 2], (("parkpulse/v1/data/c/l3/m", "plant/c/l3/m")[n % 2], sample(n)))
        await_true(lambda: len(rows(park.log)) == 52)
        found = rows(park.log)
        assert sorted(row for row in found if row[0] != "c/l3") == [("a/l1", 1.0), ("b/l2", 3.0)]
        for of_one in (0, 1):
            assert [v for line, v in found if line == "c/l3" and v % 2 == of_one] == [
                float(n) for n in range(5, 55) if n % 2 == of_one
            ]


def test_a_broker_that_dies_is_named_in_one_line_stops_no_other_and_loses_nothing(
    tmp_path: Path, ports: tuple[int, int]
) -> None:
    with broker(tmp_path, ports[0]), at_work(tmp_path, ports, "gateway") as park:
        address = f"mqtt://127.0.0.1:{ports[1]}"
        await_true(lambda: f"MQTT broker: not connected; {address}: can't connect" in park.lacks())
        send(ports[0], ("parkpulse/v1/data/a/l1/m", sample(1)))
        await_true(lambda: len(rows(park.log)) == 1)
        assert park.lacks().count("not connected") == 1
        with broker(tmp_path, ports[1]):
            await_true(lambda: park.lacks() == "")
            send(ports[1], ("plant/b/l2/m", sample(2)), ("plant/b/l2/m", sample(3)))
            await_true(lambda: len(rows(park.log)) == 3)
        await_true(lambda: address in park.lacks())
        send(ports[0], ("parkpulse/v1/data/a/l1/m", sample(4)))
        await_true(lambda: len(rows(park.log)) == 4)
        with broker(tmp_path, ports[1]):
            send(ports[1], ("plant/b/l2/m", sample(5)))  # kept for the session of the gateway, if it is not there yet
            await_true(lambda: set(rows(park.log)) >= {("b/l2", 5.0)})
            assert park.lacks() == ""
        assert [v for line, v in rows(park.log) if line == "a/l1"] == [1.0, 4.0]
        assert sorted({v for line, v in rows(park.log) if line == "b/l2"}) == [2.0, 3.0, 5.0]


def test_alerts_are_told_at_every_broker_and_later_at_one_that_was_away(tmp_path: Path, ports: tuple[int, int]) -> None:
    alarm = AlarmConfig(name="cold", kind="limit", unit="m", metric="temp", low=70.0)
    with broker(tmp_path, ports[0]), at_work(tmp_path, ports, "notifier") as park:
        assert list(park.roles) == ["notifier", f"notifier-127.0.0.1-{ports[1]}"]
        writer = park.log.writer()
        raised = replace(first_transition(alarm, "a/l1/m", 1_000, 0), announced=True)
        writer.write([Outgoing("alerts.v1", b"a/l1", alerts_json.encode(raised))])
        writer.flush()
        assert standing(ports[0])["id"] == raised.id
        with broker(tmp_path, ports[1]):
            assert standing(ports[1])["id"] == raised.id


def standing(port: int) -> dict[str, object]:
    """The alarm that this broker retains, waited for."""
    heard = list[bytes]()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, "listener")
    client.on_message = lambda _client, _data, message: heard.append(message.payload)
    client.connect("127.0.0.1", port)
    client.subscribe("parkpulse/v1/alarm-state/#", qos=1)
    client.loop_start()
    await_true(lambda: bool(heard))
    client.disconnect()
    client.loop_stop()
    found: dict[str, object] = json.loads(heard[0])
    return found


def test_a_broker_that_refuses_our_user_is_said_in_one_line_and_the_other_works(
    tmp_path: Path, ports: tuple[int, int], capsys: pytest.CaptureFixture[str], former_logging: None
) -> None:
    setup()
    with broker(tmp_path, ports[0]), closed_broker(tmp_path, ports[1]), at_work(tmp_path, ports, "gateway") as park:
        said = f"mqtt://127.0.0.1:{ports[1]}: broker refused the connection: Not authorized; trying again"
        await_true(lambda: park.lacks() == f"gateway: MQTT broker: not connected; {said}")
        send(ports[0], ("parkpulse/v1/data/a/l1/m", sample(1)))
        await_true(lambda: len(rows(park.log)) == 1)
        time.sleep(1.5)  # it is tried again meanwhile
    lines = [line for line in capsys.readouterr().err.splitlines() if "refused" in line]
    assert len([line for line in lines if '"waiting"' in line]) == 1


@contextmanager
def closed_broker(folder: Path, port: int) -> Iterator[None]:
    """One that lets nobody in without a password."""
    program, users = find_mosquitto(), folder / "users"
    assert program
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "gw", "secret"], check=True, capture_output=True)
    users.chmod(0o644)
    (folder / "conf").write_text(f"listener {port} 127.0.0.1\npassword_file {users}\nuser root\n")
    child = subprocess.Popen([program, "-c", str(folder / "conf")], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.kill()
        child.wait()
