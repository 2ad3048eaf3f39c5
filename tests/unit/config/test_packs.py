"""Packs: what a line gets from its pack, and what it keeps for itself."""

import tomllib
from pathlib import Path

import pytest

from pipeline.config.packs import BUNDLED, Packs, merge
from pipeline.config.read import read_config
from pipeline.core.line_config import LineConfig


def line_with(folder: Path, pack: str, text: str = "") -> LineConfig:
    (folder / "lines").mkdir()
    (folder / "park.toml").write_text('levels = ["site", "line", "unit"]\n')
    (folder / "lines" / "one.toml").write_text(f'path = "dairy/line-1"\npack = "{pack}"\n{text}', "utf-8")
    return read_config(folder).lines[0]


@pytest.mark.parametrize("pack", sorted(path.stem for path in BUNDLED.glob("*.toml")))
def test_every_bundled_pack_is_valid_alone_and_advises_in_two_languages(pack: str, tmp_path: Path) -> None:
    units = tomllib.loads((BUNDLED / f"{pack}.toml").read_text("utf-8"))["units"]
    with_state = [unit["name"] for unit in units if "state" in unit["metrics"]]
    line = line_with(tmp_path, pack, f'pace_unit = "{with_state[0]}"\n' if with_state else "")
    assert line.units
    assert all(alarm.advice_en and alarm.advice_vi for alarm in line.alarms)


def test_the_filling_pack_knows_the_faults_of_a_filler(tmp_path: Path) -> None:
    line = line_with(tmp_path, "dairy-filling")
    alarms = {alarm.name: alarm for alarm in line.alarms}
    assert (alarms["overpressure-low"].low, alarms["overpressure-low"].priority) == (15.0, 1)
    assert alarms["filler-silent"].after_ms == 30_000
    metrics = {metric.name: metric for metric in line.units[0].metrics}
    assert metrics["state"].codes["6"] == "execute"
    assert metrics["packs_ok"].role == "good_count"


def test_a_line_changes_one_key_of_its_pack_and_keeps_the_rest(tmp_path: Path) -> None:
    text = '[[units]]\nname = "filler"\nideal_cycle = "0.4s"\n[units.metrics.speed]\nhold = "1m"\n'
    line = line_with(tmp_path, "dairy-filling", text + '[[alarms]]\nname = "h2o2-cold"\nlow = 71.5\n')
    (filler,) = line.units
    speed = next(metric for metric in filler.metrics if metric.name == "speed")
    assert (filler.ideal_cycle_ms, speed.hold_ms, speed.uom) == (400.0, 60_000, "packs/h")
    assert (line.alarms[0].name, line.alarms[0].low, line.alarms[0].deadband) == ("h2o2-cold", 71.5, 1.0)


def test_a_pack_of_the_folder_wins_over_a_bundled_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "dairy-filling.toml").write_text('[[units]]\nname = "own"\n')
    assert [unit.name for unit in line_with(tmp_path, "dairy-filling").units] == ["own"]


def test_merging_changes_neither_side() -> None:
    pack, own = {"units": [{"name": "a", "x": 1}]}, {"units": [{"name": "b"}, {"name": "a", "y": 2}]}
    assert merge(dict(pack), dict(own)) == {"units": [{"name": "b"}, {"name": "a", "x": 1, "y": 2}]}
    assert (pack, own) == ({"units": [{"name": "a", "x": 1}]}, {"units": [{"name": "b"}, {"name": "a", "y": 2}]})


@pytest.mark.parametrize("units", ["filler", [1, "x", {}, {"name": []}], [{"name": "a", "metrics": 3}]])
def test_nonsense_in_a_line_survives_merging_to_be_told_later(units: object, tmp_path: Path) -> None:
    merged, slips = Packs(tmp_path).merged({"pack": "dairy-filling", "units": units})
    assert not slips
    assert merged["units"]
