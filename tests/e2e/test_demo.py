"""The demo against its truth book: elements window by window, faults, ledger; and that the comparison can fail."""

import pytest
from polars.testing import assert_frame_equal

from connectors.local_store import LocalStore
from tests.bundled import LINES, told_of
from tests.e2e.runs import closed_in_both, export, run_demo

pytestmark = pytest.mark.real


@pytest.mark.parametrize("seed", [1, 2])
def test_elements_of_every_line_equal_the_truth_and_each_fault_with_a_rule_is_alarmed_once(tmp_path, seed):
    found, differing = run_demo(tmp_path, seed=seed)
    assert differing == {line.path: [] for line in LINES}
    for line in LINES:
        figures = found["lines"][line.path]
        for name in ("oee", "availability", "effectiveness", "quality_ratio"):
            assert figures[name] == pytest.approx(figures["truth"][name], abs=1e-9)
        assert figures["parts"] == figures["truth"]["parts"]
        assert figures["energy_wh"] == figures["truth"]["energy_wh"]
        assert (figures["parts"] > 0) == (line.count_unit != "")
    assert len(found["faults"]) == 3 * len(LINES)
    for fault in found["faults"]:
        assert fault["alarmed"] == (1 if fault["rule"] else 0)
    assert all(alert["fault"] and alert["cleared_ms"] for alert in found["alerts"])
    samples = found["samples"]
    assert samples["gap"] == samples["waiting"] == 0
    assert {name: samples[name] for name in found["expected"]} == found["expected"]
    assert samples["duplicate"] >= samples["sent"] // 100
    assert min(samples["corrected"], samples["rejected"]) >= 10 * len(LINES)


@pytest.mark.parametrize("turn", range(4))
def test_a_lie_on_the_wire_turns_the_comparison_of_its_line_red(tmp_path, turn):
    told = {line.path: told_of(line.path).mutants for line in LINES}
    _, differing = run_demo(tmp_path, lies={path: lies[turn % len(lies)] for path, lies in told.items()})
    assert {path for path, wrong in differing.items() if wrong} == set(told)


@pytest.mark.slow
def test_speed_changes_no_result(tmp_path):
    run_demo(tmp_path / "fast", seconds=35, speed=30)
    run_demo(tmp_path / "live", seconds=35, speed=1)
    fast, live = (export(LocalStore(tmp_path / name / "data" / "store.sqlite")) for name in ("fast", "live"))
    for kind, table in fast.items():
        assert not table.is_empty() or kind == "anomaly"
        if kind == "alerts":
            assert_frame_equal(table, live[kind])
        else:
            ours, theirs = closed_in_both(table, live[kind])
            assert len(ours) == len(table) == len(live[kind])
            assert_frame_equal(ours, theirs)


def test_a_second_run_in_the_same_folder_goes_on_behind_the_first(tmp_path):
    first, _ = run_demo(tmp_path, seconds=30)
    second, differing = run_demo(tmp_path, seconds=40)
    assert not any(differing.values())
    assert second["samples"]["gap"] == second["samples"]["waiting"] == 0
    assert first["samples"]["sent"] > 0
    assert second["samples"]["corrected"] == second["expected"]["corrected"]
    kpis = LocalStore(tmp_path / "data" / "store.sqlite").read("kpi")
    assert kpis["oee"].max() < 1.5
