"""What a start may find: checkpoints that are broken or of another version, and slips in the configuration."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from connectors.memory import MemoryLog, MemoryReader
from connectors.spool import VERSION, Spool, spool_path
from connectors.sqlite import open_database
from connectors.sqlite_log import SqliteLog
from pipeline.cli.app import run
from pipeline.core.errors import ConfigError
from pipeline.runtime.clock import WallClock
from pipeline.runtime.slots import Manifest
from tests.unit.roles.test_poison import Plant, drained, records
from tests.unit.roles.test_worker_groups import published, turn

CASES = Path(__file__).parents[2] / "cases" / "config"


class Short(MemoryLog):
    """A log that has forgotten its first records."""

    def reader(self, topic, group, instance="", owner=None):
        return ShortReader(self, topic, group, instance, owner)


class ShortReader(MemoryReader):
    def first_offset(self, partition):
        return 3


def halfway(log=MemoryLog):
    """A plant whose worker died behind three checkpoints, each at another offset."""
    some, _ = records(3, 0)
    plant = Plant(some)
    plant.log.__class__ = log
    worker = plant.worker()
    for _ in range(3):
        plant.write(40)
        turn(worker, checkpoint=True)
    plant.write(10)
    turn(worker)
    plant.kill(worker)
    return plant, some


def unbroken(some):
    plant = Plant(some)
    return published(drained(plant, plant.worker()).log)


def manifests(log):
    return {key: msgspec.json.decode(value, type=Manifest) for key, value in log.kept.items() if "manifest" in key}


def flipped(value):
    return value[:-1] + bytes([value[-1] ^ 1])


BREAKS = {
    "changed": lambda key, value: flipped(value),
    "truncated": lambda key, value: value[: len(value) // 2],
    "emptied": lambda key, value: b"",
    "of a future version": lambda key, value: (
        msgspec.json.encode(msgspec.structs.replace(msgspec.json.decode(value, type=Manifest), schema=999))
        if "manifest" in key
        else value
    ),
    "of a future form": lambda key, value: b'{"form": 2, "offset": 1}' if "manifest" in key else value,
}


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("newest_alone", [True, False])
def test_row_15_a_broken_checkpoint_falls_back_and_never_begins_empty_at_a_commit(how, newest_alone):
    plant, some = halfway()
    newest = max(manifests(plant.log).items(), key=lambda one: one[1].offset)[0].removesuffix("manifest")
    for key, value in list(plant.log.kept.items()):
        if key.startswith(newest if newest_alone else "worker/"):
            plant.log.kept[key] = BREAKS[how](key, value)
    worker = plant.worker()
    worker.committer.saved_at = float("inf")
    worker.take([0])
    assert worker.held[0].position == (80 if newest_alone else 0)
    drained(plant, worker)
    assert published(plant.log) == unbroken(some)


@pytest.mark.parametrize("how", BREAKS)
def test_row_15_where_no_checkpoint_holds_and_the_log_begins_later_the_start_is_refused(how):
    plant, _ = halfway(Short)
    for key, value in list(plant.log.kept.items()):
        plant.log.kept[key] = BREAKS[how](key, value)
    with pytest.raises(ConfigError, match=r"begins at 3 and no checkpoint reaches it.*begin with an empty data folder"):
        plant.worker().turn(0.0)


@pytest.mark.parametrize("case", sorted(path.parent.name for path in CASES.glob("*/expected_error.txt")))
def test_row_42_a_wrong_configuration_ends_with_2_and_one_line_a_slip_before_anything_is_connected(case, capsys):
    told = (CASES / case / "expected_error.txt").read_text("utf-8")
    for verb in (["check"], ["run"], ["doctor"], ["topics", "ensure"]):
        assert run([*verb, str(CASES / case)]) == 2
        shown = capsys.readouterr()
        assert len(shown.err.splitlines()) == len(told.splitlines())
        assert "Traceback" not in shown.err


SECRET = "Hunter2Hunter2"
PARK = """
[[brokers]]
url = "mqtt://127.0.0.1:9"
username = "gw"
password_env = "PARKPULSE_TEST_SECRET"
families = ["own", "own"]
colour = "red"
"""


@pytest.mark.parametrize("has_file", [True, False])
def test_row_42_a_secret_that_cannot_be_read_is_named_and_one_that_can_is_never_shown(
    tmp_path, capsys, monkeypatch, has_file
):
    (tmp_path / "park.toml").write_text(PARK)
    if has_file:
        monkeypatch.setenv("PARKPULSE_TEST_SECRET", SECRET)
    assert run(["run", str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
    assert "colour" in shown.err
    assert ("PARKPULSE_TEST_SECRET" in shown.err) == (not has_file)


def test_row_42_another_number_of_partitions_ends_with_2_and_the_cure(tmp_path, capsys):
    (tmp_path / "park.toml").write_text("[log]\npartitions = 3\n")
    SqliteLog(tmp_path / "data" / "log", WallClock()).ensure({"samples.v1": 1})
    assert run(["run", str(tmp_path), "--role", "worker"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "another number of partitions; got 3; expected 1" in line


KAFKA = """
levels = ["site", "line", "unit"]
data_dir = "data"
[gateway]
name = "gw"
[log]
kind = "kafka"
bootstrap = ["127.0.0.1:1"]
[[brokers]]
url = "mqtt://127.0.0.1:1"
"""


def test_row_16_a_spool_of_a_newer_version_ends_the_start_of_a_gateway_before_it_connects_to_anything(tmp_path):
    (tmp_path / "park.toml").write_text(KAFKA)
    path = spool_path(tmp_path / "data", "gw")
    Spool(path, WallClock()).close()
    with closing(open_database(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    command = [sys.executable, "-m", "pipeline", "run", str(tmp_path), "--role", "gateway"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{path}: written by a newer version of ParkPulse; got version 2; expected at most 1;")
