"""Every bundled line: its configuration fits it, its faults show on the wire, and nothing else comes near a limit."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.config.packs import BUNDLED
from simulators.hours import Hours, Shift
from simulators.plant import Line, Plant
from tests.bundled import CONFIGURED, LINES, name_of
from tests.unit.simulators.wire_reader import Reading, read_rows, series
from tests.wire import Message

START = 1_780_000_000_123  # 20:26:40 UTC
MINUTE = 60_000
SEEDS = range(5)
HALFWAY = 0.5  # from what is usual to a limit: as far as anything but a fault may go

each_line = pytest.mark.parametrize("line", LINES, ids=name_of)
each_seed = pytest.mark.parametrize("seed", SEEDS)


@cache
def run(path: str, seed: int) -> tuple[Plant, list[Message]]:
    plant = Plant([line for line in LINES if line.path == path], seed, START)
    return plant, plant.messages(START, START + 3 * MINUTE)


def readings(line: Line, seed: int, equipment: str, metric: str) -> list[Reading]:
    return series(run(line.path, seed)[1], metric, equipment)


def test_lines_have_paths_and_forms_of_their_own() -> None:
    assert len({line.path for line in LINES}) == len(LINES) >= 4
    assert {"own", "umh", "telegraf"} <= {line.form.family for line in LINES}
    assert set(CONFIGURED) == {line.path for line in LINES}


@each_line
def test_line_and_configuration_say_the_same(line: Line) -> None:
    config = CONFIGURED[line.path]
    assert (config.pace_unit, config.count_unit) == (line.pace_unit, line.count_unit)
    assert {unit.name: unit.ideal_cycle_ms for unit in config.units} == dict(line.units)
    assert 1 in config.windows


@each_line
def test_every_metric_on_the_wire_is_configured(line: Line) -> None:
    sent = {(row.unit, row.metric) for row in read_rows(run(line.path, 1)[1])}
    known = {(f"{line.path}/{u.name}", m.name) for u in CONFIGURED[line.path].units for m in u.metrics}
    assert sent <= known
    assert {unit for unit, _ in sent} == {f"{line.path}/{unit}" for unit in line.units}


@each_line
def test_alarms_advise_in_two_languages_and_limits_do_not_chatter(line: Line) -> None:
    for alarm in CONFIGURED[line.path].alarms:
        assert alarm.advice_en
        assert alarm.advice_vi
        if alarm.kind == "limit":
            assert min(alarm.deadband, alarm.on_delay_ms, alarm.off_delay_ms) > 0


@each_line
@each_seed
def test_three_faults_begin_and_end_in_the_first_minute(line: Line, seed: int) -> None:
    faults = run(line.path, seed)[0].faults
    assert len({fault.fault_id for fault in faults}) == len(faults) == 3
    assert all(START < fault.t_on_ms < fault.t_off_ms < START + 50_000 for fault in faults)
    rules = {alarm.name: alarm for alarm in CONFIGURED[line.path].alarms}
    seen = [rules[fault.rule] for fault in faults if fault.rule]
    assert [(f"{line.path}/{rule.unit}", rule.metric) for rule in seen] == [f[1:3] for f in faults if f.rule]
    assert {"limit"} < {rule.kind for rule in seen} <= {"limit", "silence", "score"}


@each_line
@each_seed
def test_a_limit_is_broken_long_enough_in_its_fault_and_by_nothing_else(line: Line, seed: int) -> None:
    faults = run(line.path, seed)[0].faults
    for alarm in CONFIGURED[line.path].alarms:
        if alarm.kind != "limit":
            continue
        values = readings(line, seed, f"{line.path}/{alarm.unit}", alarm.metric)
        usual = sorted(float(value) for _, value in values)[len(values) // 2]
        bounds = [limit for limit in (alarm.low, alarm.high) if limit is not None]
        went = [(t, max((float(v) - usual) / (bound - usual) for bound in bounds)) for t, v in values]
        near = [t for t, share in went if share > HALFWAY]
        beyond = [t for t, share in went if share >= 1]
        fault = next((fault for fault in faults if fault.rule == alarm.name), None)
        if fault is None:
            assert not near, alarm.name
        else:
            assert fault.t_on_ms <= min(near)
            assert max(near) <= fault.t_off_ms + 4000
            assert beyond[-1] - beyond[0] >= alarm.on_delay_ms + 2000
            assert fault.t_off_ms + 4000 + alarm.off_delay_ms < START + 55_000


@each_line
def test_a_line_at_rest_for_long_comes_near_no_limit(line: Line) -> None:
    standing = Hours("UTC", (Shift(20 * 60, 22 * 60, ((20 * 60 + 28, 21 * 60),)),))
    plant = Plant([line], 1, START, standing)
    messages = plant.messages(START, START + 9 * MINUTE)
    for alarm in CONFIGURED[line.path].alarms:
        if alarm.kind == "limit":
            values = series(messages, alarm.metric, f"{line.path}/{alarm.unit}")
            first = sorted(float(v) for t, v in values if t < START + MINUTE)
            usual = first[len(first) // 2]
            rest = [float(v) for t, v in values if t > START + 3 * MINUTE]
            for bound in (limit for limit in (alarm.low, alarm.high) if limit is not None and rest):
                assert max((v - usual) / (bound - usual) for v in rest) < HALFWAY, alarm.name


@each_line
@each_seed
def test_a_series_is_silent_for_longer_than_its_rule_allows_only_in_its_fault(line: Line, seed: int) -> None:
    faults = run(line.path, seed)[0].faults
    for alarm in CONFIGURED[line.path].alarms:
        if alarm.kind != "silence":
            continue
        times = [t for t, _ in readings(line, seed, f"{line.path}/{alarm.unit}", alarm.metric)]
        holes = [(a, b) for a, b in pairwise(times) if b - a > 2500]
        fault = next((fault for fault in faults if fault.rule == alarm.name), None)
        if fault is None:
            assert holes == []
        else:
            ((begin, end),) = holes
            assert begin < fault.t_on_ms
            assert end - begin >= alarm.after_ms + 4000


@each_line
@each_seed
def test_what_drifts_without_a_rule_drifts_visibly(line: Line, seed: int) -> None:
    for fault in run(line.path, seed)[0].faults:
        if fault.effect == "drift":
            values = readings(line, seed, fault.equipment, fault.metric)
            tops = [v for t, v in values if fault.t_off_ms - 2000 <= t < fault.t_off_ms]
            rests = [v for t, v in values if not fault.t_on_ms <= t < fault.t_off_ms + 20_000]
            assert abs(sum(map(float, tops)) / len(tops) - sum(map(float, rests)) / len(rests)) > abs(fault.size)


@each_line
@each_seed
def test_the_oee_of_a_line_that_makes_parts_is_neither_perfect_nor_hopeless(line: Line, seed: int) -> None:
    if not line.pace_unit:
        return
    truth = run(line.path, seed)[0].truth[line.path]
    first = (truth.known_from // 10_000 + 1) * 10_000
    oee = truth.elements([(first, START + MINUTE), (START + MINUTE, START + 3 * MINUTE)]).figures()["oee"]
    assert oee is not None
    assert 0.6 <= oee <= 0.88


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_bundled_pack_has_a_line_that_uses_it(path: Path) -> None:
    files = (BUNDLED.parent.parent / "simulators" / "config" / "lines").glob("*.toml")
    assert any(f'pack = "{path.stem}"' in file.read_text("utf-8") for file in files)
