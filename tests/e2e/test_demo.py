"""The demo against its truth book: elements window by window, faults, ledger; and that the comparison can fail."""

import pytest
from polars.testing import assert_frame_equal

from connectors.local_store import LocalStore
from tests.e2e.mutants import MUTANTS
from tests.e2e.runs import closed_in_both, export, run_demo

pytestmark = pytest.mark.real


@pytest.mark.parametrize("seed", [1, 2])
def test_elements_of_the_line_equal_the_truth_and_each_fault_with_a_rule_is_alarmed_once(tmp_path, seed):
    found, differing = run_demo(tmp_path, seed=seed)
    assert differing == []
    (line,) = found["lines"].values()
    for name in ("oee", "availability", "effectiveness", "quality_ratio"):
        assert line[name] == pytest.approx(line["truth"][name], abs=1e-9)
    assert line["parts"] == line["truth"]["parts"] > 0
    assert len(found["faults"]) == 3
    for fault in found["faults"]:
        assert fault["alarmed"] == (1 if fault["rule"] else 0)
    assert all(alert["fault"] and alert["cleared_ms"] for alert in found["alerts"])
    samples = found["samples"]
    assert samples["gap"] == samples["waiting"] == 0
    assert {name: samples[name] for name in found["expected"]} == found["expected"]
    assert samples["duplicate"] >= samples["sent"] // 100
    assert samples["expired"] >= 10
    assert samples["rejected"] >= 10


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_lie_on_the_wire_turns_the_comparison_red(tmp_path, mutant):
    _, differing = run_demo(tmp_path, mutant=mutant)
    assert differing != []


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
    assert differing == []
    assert second["samples"]["gap"] == second["samples"]["waiting"] == 0
    assert first["samples"]["sent"] > 0
    assert second["samples"]["expired"] == second["expected"]["expired"]
    kpis = LocalStore(tmp_path / "data" / "store.sqlite").read("kpi")
    assert kpis["oee"].max() < 1.5
