"""`parkpulse doctor` on the real services: right, away, refused, missing, too short, of another number, behind."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.services.broker_children import find_mosquitto
from connectors.services.influxdb import PASSWORD, WRITER, furnish
from connectors.services.run_folder import free_port
from pipeline.cli.app import run
from pipeline.config.read import read_config
from pipeline.core.ports import Outgoing
from pipeline.roles.doctor import checks
from pipeline.roles.start import open_log
from pipeline.runtime.clock import VirtualClock, WallClock
from pipeline.runtime.examine import examine
from tests.contract import influx, kafka
from tests.integration.test_influx_faults import own_influxd

pytestmark = pytest.mark.real
NAMES = ("samples.v1", "results.v1", "alerts.v1", "commands.v1", "late.v1", "rejects.v1", "state.v1")
PARK = """
language = "en"
data_dir = "{folder}/data"
[[brokers]]
url = "mqtt://127.0.0.1:{mqtt}"
{broker}
[log]
kind = "kafka"
bootstrap = ["{kafka}"]
partitions = {partitions}
prefix = "{prefix}"
[store]
kind = "influxdb"
url = "{influx}"
database = "{database}"
{store}
"""


@dataclass
class Place:
    """A configuration in `folder`; what is not said of it is right."""

    folder: Path
    mqtt: int
    kafka: str
    influx: str
    database: str
    prefix: str

    def configure(self, partitions: int = 2, broker: str = "", store: str = "", **other: object) -> Path:
        told = {**vars(self), "partitions": partitions, "broker": broker, "store": store, **other}
        (self.folder / "park.toml").write_text(PARK.format(**told), "utf-8")
        return self.folder

    def alter(self, topic: str, **settings: str) -> None:
        """The old call of Kafka, which puts all that is not named back to its default."""
        asyncio.run(altered(self.kafka, self.prefix + topic, settings))


async def altered(servers: str, topic: str, settings: dict[str, str]) -> None:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        told = {key.replace("_", "."): value for key, value in settings.items()}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, told)])
    finally:
        await admin.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """A Mosquitto that asks for a password and keeps two messages a client."""
    if not (program := find_mosquitto()):
        pytest.skip("no mosquitto on this machine; `apt-get install mosquitto` brings it")
    port, folder = free_port(set()), tmp_path / "broker"
    folder.mkdir()
    users = folder / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "gw", "secret"], check=True, capture_output=True)
    users.chmod(0o644)
    lines = [f"listener {port} 127.0.0.1", f"password_file {users}", "max_queued_messages 2", "sys_interval 1"]
    (folder / "conf").write_text("\n".join([*lines, "user root", ""]))
    child = subprocess.Popen([program, "-c", str(folder / "conf")], stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    yield port
    child.kill()
    child.wait()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """On the services of this run; topics and database of its own."""
    (server,) = kafka.addresses()
    mqtt, own = os.environ.get("PARKPULSE_TEST_MQTT", ""), f"test_{uuid4().hex[:10]}"
    if not mqtt:
        pytest.skip("no mosquitto: PARKPULSE_TEST_MQTT=host:port of a running one (parkpulse services up mosquitto)")
    url = influx.address()
    influx.ask(url, f'CREATE DATABASE "{own}"')
    try:
        yield Place(tmp_path, int(mqtt.rpartition(":")[2]), server, url, own, f"{own}-")
    finally:
        influx.ask(url, f'DROP DATABASE "{own}"')
        asyncio.run(kafka.remove((server,), f"{own}-"))


def wrong(config: Path) -> list[str]:
    """`where: what` of all that is wrong, without the prefix of this test."""
    park = read_config(config)
    found = [finding for finding in examine(checks(park, WallClock()), lambda _: None) if not finding.ok]
    return [f"{finding.place}: {finding.what}".replace(park.log.prefix, "") for finding in found]


def ensured(config: Path) -> None:
    assert run(["topics", "ensure", str(config)]) == 0


def test_what_is_right_is_said_line_by_line_and_the_command_ends_with_0(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    config = place.configure()
    ensured(config)
    capsys.readouterr()
    assert run(["doctor", str(config)]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("ok ")] == []
    assert last == f"all right: {len(lines)} looks"
    for told in ("MB free", "lets us in, as MQTT 5", "lets us read parkpulse/v1/data/#", "samples.v1: is kept for 2 d",
                 "state.v1: is compacted", "LogAppendTime", "worker < ", "may be written: ", "apart"):  # fmt: skip
        assert any(told in line for line in lines), told


def test_missing_topics_and_a_missing_database_are_named_each(place: Place) -> None:
    assert wrong(place.configure(database="nowhere")) == [
        *(f"{name}: is missing" for name in NAMES),
        f"{place.influx}: no database 'nowhere' there; got 404 'database not found: nowhere'",
    ]


def test_another_number_of_partitions_is_named_with_the_one_that_is_there(place: Place) -> None:
    ensured(place.configure(partitions=2))
    assert wrong(place.configure(partitions=3)) == [
        f"{name}: it has 2 partitions; log.partitions is 3" for name in NAMES[:-1]
    ]


def test_settings_that_lose_samples_or_time_are_named_with_the_command_that_mends_them(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    config = place.configure()
    ensured(config)
    most = {"max_message_bytes": str(16 << 20), "message_timestamp_type": "LogAppendTime"}
    place.alter("samples.v1", retention_ms="86400000", retention_bytes="99", **most)
    place.alter("state.v1", cleanup_policy="delete", **most)
    place.alter("results.v1", retention_ms="-1", retention_bytes="99", **most)  # results may be bound
    place.alter("late.v1", max_message_bytes=str(16 << 20), retention_ms="-1")
    found = wrong(config)
    assert found == [
        "samples.v1: is kept for 1 day, 0:00:00; needed are 2 days, 0:00:00",
        "samples.v1: retention.bytes is 99; needed is -1",
        "late.v1: message.timestamp.type is CreateTime; needed is LogAppendTime",
        "state.v1: cleanup.policy is delete; needed is compact",
    ]
    capsys.readouterr()
    assert run(["doctor", str(config)]) == 1
    shown = capsys.readouterr().out
    assert (
        f"is kept for 24 h; needed are 2 d; kafka-configs.sh --alter --entity-type topics --entity-name {place.prefix}"
        in shown
    )
    assert shown.splitlines()[-1].startswith("wrong: 4 of ")


def test_services_that_are_away_are_one_finding_each_and_the_folder_is_looked_at_all_the_same(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port(set())
    config = place.configure(mqtt=port, kafka=f"127.0.0.1:{port}", influx=f"http://127.0.0.1:{port}")
    assert run(["doctor", str(config)]) == 1
    shown = capsys.readouterr()
    verdicts = ["ok", "ok", "WRONG", "WRONG", "ok", "WRONG", "wrong:"]  # an empty spool is well
    assert [line.split()[0] for line in shown.out.splitlines()] == verdicts
    assert "Traceback" not in shown.out + shown.err


def test_a_store_that_keeps_points_too_short_is_found(place: Place) -> None:
    ensured(place.configure())
    influx.ask(place.influx, f'CREATE RETENTION POLICY "short" ON "{place.database}" DURATION 1d REPLICATION 1')
    assert wrong(place.configure(store='retention_policy = "short"')) == [
        f"{place.influx}: points are kept for 1 day, 0:00:00; needed are 2 days, 0:00:00"
    ]


def test_records_that_nobody_has_read_for_long_are_found_and_read_ones_are_not(place: Place) -> None:
    config = place.configure()
    ensured(config)
    park = read_config(config)
    log = open_log(park, WallClock())
    writer = log.writer()
    writer.write([Outgoing("samples.v1", b"s/l", b"x")])
    writer.flush()
    assert wrong(config) == []
    later = VirtualClock(WallClock().now_ms() + 600_000)  # ten minutes on, as far as this machine knows
    lags = [f for f in examine(checks(park, later), lambda _: None) if "<" in f.place and not f.ok]
    assert [(f.place.replace(place.prefix, ""), f.what.values[:2]) for f in lags] == [("worker < samples.v1", (1, 1))]
    reader = log.reader("samples.v1", "worker")
    reader.commit({partition: reader.end_offset(partition) for partition in reader.partitions})
    reader.close()
    log.close()
    assert not [f for f in examine(checks(park, later), lambda _: None) if "<" in f.place and not f.ok]


def test_a_clock_that_is_off_is_seen_by_a_record_that_comes_while_we_look(place: Place) -> None:
    config = place.configure()
    ensured(config)
    park = read_config(config)
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom pipeline.config.read import read_config\n"
        "from pipeline.core.ports import Outgoing\nfrom pipeline.roles.start import open_log\n"
        "from pipeline.runtime.clock import WallClock\n"
        "writer = open_log(read_config(Path(sys.argv[1])), WallClock()).writer()\n"
        "while True:\n    writer.write([Outgoing('samples.v1', b's/l', b'x')])\n"
        "    writer.flush()\n    time.sleep(0.5)\n"
    )
    feeder = subprocess.Popen([sys.executable, "-c", program, str(config)])
    try:
        time.sleep(3)
        for clock, seen in ((WallClock(), ""), (VirtualClock(WallClock().now_ms() + 3_600_000), "ahead")):
            (found,) = [
                f
                for f in examine(checks(park, clock), lambda _: None)
                if f.place == place.kafka and "clock" in f.what.text
            ]
            assert (found.ok, seen in found.what.text, "seen" in found.what.text) == (not seen, True, False)
    finally:
        feeder.kill()
        feeder.wait()


def test_a_wrong_password_of_the_broker_is_named(place: Place, broker: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ensured(place.configure())
    for password, protocol, said in (
        ("wrong", "5", ["refuses the connection: Not authorized"]),
        ("wrong", "3.1.1", ["refuses the connection: Not authorized"]),
        ("secret", "5", []),
        ("secret", "3.1.1", []),
    ):
        monkeypatch.setenv("PARKPULSE_DOCTOR", password)
        user = f'protocol = "{protocol}"\nusername = "gw"\npassword_env = "PARKPULSE_DOCTOR"'
        found = wrong(place.configure(mqtt=broker, broker=user))
        assert found == [f"mqtt://127.0.0.1:{broker}: {one}" for one in said]
        assert password not in "".join(found)


def test_messages_that_the_broker_dropped_are_found(place: Place, broker: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ensured(place.configure())
    at = ["-p", str(broker), "-u", "gw", "-P", "secret", "-q", "1", "-t", "a/b"]
    subprocess.run(["mosquitto_sub", *at, "-i", "away", "-c", "-E"], check=True)
    for _ in range(5):
        subprocess.run(["mosquitto_pub", *at, "-m", "x"], check=True)
    time.sleep(2.5)
    monkeypatch.setenv("PARKPULSE_DOCTOR", "secret")
    found = wrong(place.configure(mqtt=broker, broker='username = "gw"\npassword_env = "PARKPULSE_DOCTOR"'))
    assert found == [f"mqtt://127.0.0.1:{broker}: has dropped 3 messages since its start: its queues were full"]


def test_a_user_of_the_store_without_rights_or_password_is_named(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensured(place.configure())
    port = free_port(set())
    store = 'username = "{}"\npassword_env = "PARKPULSE_DOCTOR"'
    with own_influxd(tmp_path, port, auth=True):
        furnish(port)
        monkeypatch.setenv("PARKPULSE_DOCTOR", PASSWORD)
        mine = {"influx": f"http://127.0.0.1:{port}", "database": "parkpulse"}
        assert wrong(place.configure(store=store.format(WRITER), **mine)) == []
        (reader,) = wrong(place.configure(store=store.format("parkpulse_read"), **mine))
        assert "user 'parkpulse_read' was refused; got 403" in reader
        monkeypatch.setenv("PARKPULSE_DOCTOR", "wrong")
        (refused,) = wrong(place.configure(store=store.format(WRITER), **mine))
        assert f"user '{WRITER}' was refused; got 401" in refused
