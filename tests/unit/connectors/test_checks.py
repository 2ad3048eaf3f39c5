"""What a look finds in each place, without a service: folder, embedded log and store, lag, clocks, an InfluxDB 2."""

import doctest
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

import connectors.influx.checks
import connectors.needs
from connectors import data_folder, spool_checks, sqlite_checks
from connectors.influx.checks import look as look_at_influx
from connectors.influx.fake import FakeInflux
from connectors.influx.fake_points import Bucket
from connectors.influx.settings import InfluxSettings
from connectors.kafka.topics import STATE, differences, wanted
from connectors.local_store import LocalStore
from connectors.mqtt.checks import look as look_at_mqtt
from connectors.mqtt.settings import MqttSettings
from connectors.needs import Lag, LogNeeds, clock_finding, lag_finding
from connectors.services.run_folder import free_port
from connectors.spool import Spool, spool_path
from connectors.sqlite_log import SqliteLog
from pipeline.core.finding import Finding
from pipeline.core.ports import Outgoing
from pipeline.runtime.clock import VirtualClock, WallClock

T0 = 1_780_000_000_000
DAY_MS = 86_400_000
ROOT = Path(__file__).parents[3]


def needs(clock: VirtualClock | WallClock, partitions: int = 1) -> LogNeeds:
    return LogNeeds({"samples.v1": partitions}, {"samples.v1": 2 * DAY_MS}, {"worker": ("samples.v1",)}, 60_000, clock)


def wrong(findings: Sequence[Finding]) -> list[str]:
    assert findings
    return [f"{finding.place}: {finding.what}" for finding in findings if not finding.ok]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(T0)


@pytest.fixture
def folder(tmp_path: Path, clock: VirtualClock) -> Path:
    """A log of one record at T0."""
    log = SqliteLog(tmp_path, clock)
    log.ensure({"samples.v1": 1})
    writer = log.writer()
    writer.write([Outgoing("samples.v1", b"s/l", b"x")])
    writer.flush()
    writer.close()
    return tmp_path


def test_little_room_is_found() -> None:
    assert not data_folder.room_finding(Path("/d"), 1_999_999_999).ok
    assert data_folder.room_finding(Path("/d"), 2_000_000_000).ok


def test_a_folder_that_is_still_to_be_made_is_judged_by_the_one_above_and_not_made(tmp_path: Path) -> None:
    assert wrong(list(data_folder.look(tmp_path / "a" / "b"))) == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert "a file, not a folder" in wrong(list(data_folder.look(tmp_path / "data")))[0]


def test_what_belongs_to_another_user_is_found_by_name() -> None:
    with tempfile.TemporaryDirectory() as name:  # not under a folder of root's own
        closed = Path(name, "log", "meta.sqlite")
        closed.parent.mkdir()
        closed.touch()
        for path, mode in ((Path(name), 0o777), (closed.parent, 0o777), (closed, 0o444)):
            path.chmod(mode)
        found = as_nobody(Path(name)) if os.geteuid() == 0 else wrong(list(data_folder.look(Path(name))))
    assert f"may not read and write {closed}" in str(found)


def as_nobody(folder: Path) -> str:
    """Root may do everything."""
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom connectors.data_folder import look\n"
        "os.setuid(65534)\nprint([str(f.what) for f in look(Path(sys.argv[1])) if not f.ok])"
    )
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_an_embedded_log_that_is_not_there_yet_is_no_trouble_and_is_not_made(
    tmp_path: Path, clock: VirtualClock
) -> None:
    assert wrong(list(sqlite_checks.look_at_log(tmp_path / "log", needs(clock)))) == []
    assert wrong(list(sqlite_checks.look_at_store(tmp_path / "store.sqlite"))) == []
    assert list(tmp_path.iterdir()) == []


def test_an_embedded_log_of_another_number_of_partitions_is_found(folder: Path, clock: VirtualClock) -> None:
    assert wrong(list(sqlite_checks.look_at_log(folder, needs(clock, 3)))) == [
        "samples.v1: it has 1 partitions; log.partitions is 3"
    ]


def test_records_that_wait_for_a_role_are_found_once_they_are_old(folder: Path, clock: VirtualClock) -> None:
    assert wrong(list(sqlite_checks.look_at_log(folder, needs(clock)))) == []
    clock.advance(T0 + 301_000)
    (found,) = wrong(list(sqlite_checks.look_at_log(folder, needs(clock))))
    assert found == "worker < samples.v1: 1 records wait, 1 of them for more than 0:05:00"
    reader = SqliteLog(folder, clock).reader("samples.v1", "worker")
    reader.commit({0: 1})
    reader.close()
    assert wrong(list(sqlite_checks.look_at_log(folder, needs(clock)))) == []


def test_an_embedded_log_whose_time_is_ahead_of_the_clock_is_found(folder: Path) -> None:
    (found,) = wrong(list(sqlite_checks.look_at_log(folder, needs(VirtualClock(T0 - 3_600_000)))))
    assert found == f"{folder}: this machine's clock is 1:00:00 behind its"


def test_a_store_that_is_no_database_is_told_as_trouble_of_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    LocalStore(path).close()
    assert wrong(list(sqlite_checks.look_at_store(path))) == []
    path.write_bytes(b"x" * 4096)
    with pytest.raises(Exception, match="no database"):
        list(sqlite_checks.look_at_store(path))


def test_a_role_that_lost_its_place_is_found_before_its_lag() -> None:
    assert "dropped before" in wrong([lag_finding("worker", "t", Lag(5, 5, gone=3))])[0]
    assert "made anew" in wrong([lag_finding("worker", "t", Lag(ahead=2))])[0]
    assert lag_finding("worker", "t", Lag(7)).ok


def test_a_clock_is_found_wrong_beyond_what_the_configuration_allows() -> None:
    assert clock_finding("h", 60_000, 60_000).ok
    assert wrong([clock_finding("h", 60_001, 60_000)]) == ["h: this machine's clock is 0:01:00.001000 behind its"]
    assert wrong([clock_finding("h", -61_000, 60_000)]) == ["h: this machine's clock is 0:01:01 ahead of its"]


def test_settings_of_topics_that_results_hang_on_are_compared() -> None:
    keep = {"samples.v1": 2 * DAY_MS}
    right = wanted("samples.v1", keep)
    assert differences("samples.v1", right | {"retention.ms": "-1"}, right) == []
    for key, held in (("retention.ms", str(DAY_MS)), ("message.timestamp.type", "CreateTime"), ("cleanup.policy", "x")):
        (slip,) = differences("p-samples.v1", right | {key: held}, right)
        assert (slip.key, slip.held) == (key, held)
        assert f"--entity-name p-samples.v1 --add-config {key}={right[key]}" in slip.command
    (slip,) = differences(STATE, wanted(STATE, {}) | {"cleanup.policy": "delete"}, wanted(STATE, {}))
    assert (slip.key, slip.must) == ("cleanup.policy", "compact")


def at(fake: FakeInflux, secret: str = "t", bucket: str = "parkpulse") -> list[Finding]:
    return list(look_at_influx(InfluxSettings(fake.url, bucket, api="v2", secret=secret), needs(WallClock())))


def test_an_influxdb_2_is_looked_at_and_nothing_is_written() -> None:
    with FakeInflux(WallClock(), token="t", buckets={"parkpulse": (bucket := Bucket())}).serving() as fake:
        assert wrong(at(fake)) == []
        assert any("apart" in str(finding.what) for finding in at(fake))
        (refused,) = wrong(at(fake, secret="x"))
        assert "the token was refused" in refused
        (missing,) = wrong(at(fake, bucket="other"))
        assert "no bucket 'other' there" in missing
    assert bucket.points == {}
    (away,) = wrong(at(fake))
    assert away == f"{fake.url}: nothing answers there"


def test_an_influxdb_whose_clock_is_another_or_that_keeps_points_too_short_is_found() -> None:
    place = InfluxSettings("http://h:1")
    past = needs(VirtualClock(T0))
    assert not connectors.influx.checks._clock("h", "Thu, 28 May 2026 22:26:40 GMT", past).ok
    for days, ok in ((0, True), (2, True), (1, False)):
        found = connectors.influx.checks._kept(place, {"": timedelta(days=days)}, 2 * DAY_MS)
        assert (found.ok, ok or "DURATION 48h" in str(found.cure)) == (ok, True)
    assert "no retention policy" in wrong([connectors.influx.checks._kept(place, {}, DAY_MS)])[0]


def test_a_broker_that_is_away_is_one_finding() -> None:
    settings = MqttSettings(f"mqtt://127.0.0.1:{free_port(set())}", "x")
    (away,) = look_at_mqtt(settings, ["a/#"], 1 << 20)
    assert "nobody listens there" in str(away.what)


@pytest.mark.parametrize("module", [connectors.needs, connectors.influx.checks])
def test_the_examples_in_the_docstrings_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0


def looked_at_spools(folder: Path, clock: VirtualClock) -> list[str]:
    found = [*spool_checks.look(spool_path(folder, "gw"), clock)]
    said = [f"{finding.place.removeprefix(str(folder))}: {finding.what}" for finding in found]
    return [text if finding.ok else f"WRONG {text}" for finding, text in zip(found, said, strict=True)]


def test_what_waits_in_a_spool_is_told_and_whose_nobody_is(tmp_path: Path, clock: VirtualClock) -> None:
    assert looked_at_spools(tmp_path, clock) == ["/spool/gw.sqlite: is made at the first start"]
    own, left = (Spool(spool_path(tmp_path, name), clock) for name in ("gw", "old"))
    assert looked_at_spools(tmp_path, clock)[0] == "/spool/gw.sqlite: nothing waits in it"
    own.append([Outgoing("samples.v1", b"s/l1", b"x"), Outgoing("rejects.v1", b"t", b"x")])
    left.append([Outgoing("samples.v1", b"s/l1", b"x")])
    clock.advance(T0 + 180_000)
    own.append([Outgoing("samples.v1", b"s/l2", b"x")])
    clock.advance(T0 + 600_000)
    assert looked_at_spools(tmp_path, clock) == [
        "/spool/gw.sqlite: 0:03:00 of 2 lines wait in it, the oldest for 0:10:00",
        "WRONG /spool/old.sqlite: 0:00:00 of 1 lines wait in it, the oldest for 0:10:00",
    ]
    left.close()
    left.path.write_bytes(b"no database " * 100)
    assert looked_at_spools(tmp_path, clock)[1] == "WRONG /spool/old.sqlite: is no spool, or damaged"
    again = Spool(left.path, clock)
    aside = f"/spool/old.aside-{T0 + 600_000}.sqlite: was damaged, or no spool, and is put aside"
    assert looked_at_spools(tmp_path, clock)[1:] == [f"WRONG {aside}", "/spool/old.sqlite: nothing waits in it"]
    again.close()
    own.close()
