"""Labelled faults: each shows on the wire while it lasts, and nothing else comes near a limit of the line."""

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

import simulators
from simulators.lines.dairy_filling import DairyFilling
from simulators.plant import Plant
from tests.unit.simulators.wire_reader import read_rows, series

START = 1_780_000_000_123
MINUTE = 60_000
CONFIG = Path(simulators.__file__).parent / "config" / "dairy" / "lines" / "filling-1.toml"
CONFIGURED = tomllib.loads(CONFIG.read_text(encoding="utf-8"))


def run(seed: int, minutes: int = 1) -> tuple[Plant, list[tuple[str, bytes]]]:
    plant = Plant([DairyFilling()], seed, START)
    return plant, plant.messages(START, START + minutes * MINUTE)


@pytest.mark.parametrize("seed", range(10))
def test_three_faults_begin_and_end_in_the_first_minute(seed: int) -> None:
    plant, _ = run(seed)
    assert [fault.rule for fault in plant.faults] == ["overpressure-low", None, "air-probe-silent"]
    assert all(START < fault.t_on_ms < START + 35_000 for fault in plant.faults)
    assert all(fault.t_off_ms < START + 50_000 for fault in plant.faults)
    assert len({fault.fault_id for fault in plant.faults}) == 3


@pytest.mark.parametrize("seed", range(10))
def test_overpressure_is_below_its_limit_for_longer_than_the_delay_and_only_in_the_fault(seed: int) -> None:
    plant, messages = run(seed, 3)
    fault = next(f for f in plant.faults if f.rule == "overpressure-low")
    low = [t for t, value in series(messages, "overpressure") if float(value) < 18.0]
    assert fault.t_on_ms <= low[0]
    assert low[-1] <= fault.t_off_ms + 1500
    assert low[-1] - low[0] >= 7000


@pytest.mark.parametrize("seed", range(10))
def test_the_air_probe_is_silent_for_longer_than_its_rule_allows_and_only_in_the_fault(seed: int) -> None:
    plant, messages = run(seed, 3)
    fault = next(f for f in plant.faults if f.rule == "air-probe-silent")
    times = [t for t, _ in series(messages, "sterile_air_temp")]
    holes = [(a, b) for a, b in pairwise(times) if b - a > 1000]
    assert len(holes) == 1
    assert holes[0][0] < fault.t_on_ms
    assert holes[0][1] - holes[0][0] >= 12_000


@pytest.mark.parametrize("seed", range(10))
def test_peroxide_falls_while_its_fault_lasts_without_a_rule_to_see_it(seed: int) -> None:
    plant, messages = run(seed)
    fault = next(f for f in plant.faults if f.rule is None)
    values = dict(series(messages, "h2o2_conc"))
    before = [float(v) for t, v in values.items() if t < fault.t_on_ms]
    at_the_end = [float(v) for t, v in values.items() if fault.t_off_ms - 1000 < t < fault.t_off_ms]
    assert min(before) - max(at_the_end) > 0.8


def test_peroxide_never_comes_near_its_cold_limit() -> None:
    _, messages = run(1, 11)
    assert min(float(value) for _, value in series(messages, "h2o2_temp")) > 72.0


def test_every_metric_on_the_wire_is_configured_and_every_configured_one_is_sent() -> None:
    _, messages = run(1)
    assert {name for name, _, _ in read_rows(messages)} == set(CONFIGURED["units"][0]["metrics"])


def test_line_and_configuration_say_the_same() -> None:
    line = DairyFilling()
    assert (CONFIGURED["path"], CONFIGURED["pace_unit"], CONFIGURED["count_unit"]) == (line.path, line.unit, line.unit)
    assert float(CONFIGURED["units"][0]["ideal_cycle"].removesuffix("s")) * 1000 == line.ideal_cycle_ms
    rules = {alarm["name"]: alarm["metric"] for alarm in CONFIGURED["alarms"]}
    assert all(rules[fault.rule] == fault.metric for fault in line.faults if fault.rule)
