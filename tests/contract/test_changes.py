"""What two stores of the same results differ in: nothing, whatever their kinds; and of others exactly what they do."""

from contextlib import closing
from dataclasses import replace

import pytest

from pipeline.view.changes import KINDS, Extent, changes, counted, for_people
from tests.contract.test_sink import STORES
from tests.unit.roles.test_reprocess import Park
from tests.unit.steps.logs import T0

SPAN = (T0 - 60_000, T0 + 600_000)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store as a worker and a historian fill it, and its results."""
    with closing(Park(tmp_path_factory.mktemp("park") / "config").store) as store:
        yield store, [one for kind in (*KINDS, "ledger") for one in store.results(kind, "", *SPAN)]


@pytest.mark.parametrize("kind_of_store", STORES)
def test_a_store_of_any_kind_that_holds_the_same_results_differs_in_nothing(kind_of_store, made, tmp_path):
    local, results = made
    with closing(STORES[kind_of_store](tmp_path)) as store:
        store.write(results, [])
        for kind in KINDS:
            assert len(local.read(kind)) > 0 or kind == "anomaly"
            assert changes(store, local, kind, Extent("", *SPAN, SPAN[1])).is_empty(), kind


@pytest.mark.parametrize("kind_of_store", ["memory", "local"])
def test_what_changed_came_or_went_is_told_one_by_one(kind_of_store, made, tmp_path):
    local, results = made
    kpis = [one for one in results if one.kind == "kpi" and one.window_s == 10 and one.values["oee"]]
    first, gone, *rest = kpis
    other = replace(first, values=first.values | {"oee": 0.5, "nee": 1.25})
    with closing(STORES[kind_of_store](tmp_path)) as store:
        store.write([other, *rest, replace(first, window_start=first.window_start - 3_600_000)], [])
        found = changes(store, local, "kpi", Extent("", SPAN[0] - 3_600_000, SPAN[1], SPAN[1]))
    found = found.filter(found["window_s"] == 10)
    own = found.filter(found["window_start"] == first.window_start, found["equipment"] == first.equipment)
    assert dict(zip(own["figure"], own["before"], strict=True)) == {"oee": "0.5", "nee": "1.25"}
    assert own["after"].cast(float).to_list() == [first.values["nee"], first.values["oee"]]
    _, _, changed, new, only_before = counted(found)
    assert (changed, only_before) == (1, 1)
    assert new == len(local.read("kpi", window_s=10)) - len(rest) - 1 >= 1
    assert gone.equipment in found.filter(found["revision"].is_null())["equipment"]
    shown = for_people(found, None, 5)
    assert shown.columns == ["time", "equipment", "metric", "window", "figure", "before", "after"]
    assert len(shown) == 5
