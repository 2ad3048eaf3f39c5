"""The tables of `parkpulse query`: the columns that interfaces.md 5 promises, filled from a store."""

from dataclasses import replace
from itertools import permutations

import polars as pl
import pytest

from connectors.memory_store import MemoryStore
from pipeline.core.results import Result, ResultKind, Transition, Value
from pipeline.view.tables import WHATS, Question, What, query_table

LEVELS = ("park", "site", "line", "unit")
LINE, UNIT = "park-01/dairy/line-1", "park-01/dairy/line-1/filler"
TIME = 1_780_000_000_123
WHERE = ["time", *LEVELS, "name"]
FIELDS: dict[What, str] = {
    "metrics": "window count mean min max last sd ewma score coverage revision",
    "elements": "window pbt_s apt_s aust_s adet_s adot_s unclassified_s ideal_s pq gq sq rq revision product",
    "kpis": "window oee availability effectiveness quality_ratio nee coverage revision product",
    "anomalies": "window score level open contributors",
    "alerts": "state active value threshold id message_en message_vi priority raised_ms transition",
    "states": "state reason",
    "ledger": "window received stored corrected duplicate conflict expired rejected waiting gap undated",
}
COLUMNS = {what: fields.split() for what, fields in FIELDS.items()}
ALERT = Transition(
    "i1", 0, "cold", UNIT, 1, "unack", "norm", TIME, TIME, 68.5, 70.0, "°C", "cold", "lạnh", "", "", "i1", 0, True
)  # fmt: skip


def result(kind: ResultKind, values: dict[str, Value], name: str = "temperature", window_s: int = 10) -> Result:
    return Result(kind, UNIT, name, window_s, TIME, None, 0, values, coverage=0.5)


def table_of(what: What, *results: Result, equipment: str = "") -> pl.DataFrame:
    store = MemoryStore()
    store.write(results, [])
    return query_table(store, Question(what, equipment), LEVELS)


def alerts_of(*alerts: Transition) -> pl.DataFrame:
    store = MemoryStore()
    store.write([], alerts)
    return query_table(store, Question("alerts"), LEVELS)


@pytest.mark.parametrize("what", WHATS)
def test_the_promised_columns_are_there_and_typed_also_when_nothing_is_stored(what: What) -> None:
    table = query_table(MemoryStore(), Question(what), LEVELS)
    assert table.columns == [*WHERE, *COLUMNS[what]]
    assert pl.Null not in table.dtypes


def test_a_metric_shows_its_statistics_and_its_score_in_one_row() -> None:
    values: dict[str, Value] = {"count": 3, "mean": 71, "min": 70.5, "max": 72.0, "last": 71.5, "sd": None}
    table = table_of("metrics", result("metric", values), result("score", {"ewma": 71.1, "score": -4.2}))
    assert table.columns == [*WHERE, *COLUMNS["metrics"]]
    assert table.row(0) == (
        "2026-05-28T20:26:40.123Z", "park-01", "dairy", "line-1", "filler", "temperature",
        "10s", 3, 71.0, 70.5, 72.0, 71.5, None, 71.1, -4.2, 0.5, 0,
    )  # fmt: skip
    assert table.schema["count"] == table.schema["revision"] == pl.Int64


def test_a_score_joins_the_metric_of_its_own_window_only() -> None:
    table = table_of(
        "metrics",
        result("metric", {"mean": 1.0}),
        result("metric", {"mean": 1.0}, window_s=60),
        result("score", {"score": 5.0}, window_s=60),
        result("score", {"score": 9.0}, name="another"),
    )
    assert table.select("window", "score").rows() == [("10s", None), ("1m", 5.0)]


def test_times_of_elements_are_seconds_and_unknown_elements_follow_by_name() -> None:
    values: dict[str, Value] = {"pbt_ms": 10_000, "apt_ms": 9_999, "water": 3, "loss_minor_stop_ms": 1, "pq": 66}
    table = table_of("elements", result("elements", values, name="elements"))
    assert table.columns == [*WHERE, *COLUMNS["elements"][:-2], "loss_minor_stop_s", "water", "revision", "product"]
    chosen = table.select("pbt_s", "apt_s", "adot_s", "pq", "loss_minor_stop_s", "water", "product")
    assert chosen.row(0) == (10.0, 9.999, None, 66.0, 0.001, 3.0, None)


def test_kpis_show_null_where_a_ratio_is_undefined_and_products_apart() -> None:
    whole = result("kpi", {"oee": None, "availability": 0.9, "scrap_ratio": 0}, name="kpis")
    table = table_of("kpis", replace(whole, product="milk", values={"oee": 1}), whole)
    assert table.select("oee", "availability", "scrap_ratio", "coverage", "product").rows() == [
        (None, 0.9, 0.0, 0.5, None),
        (1.0, None, None, 0.5, "milk"),
    ]


def test_a_line_has_an_empty_unit() -> None:
    table = table_of("kpis", replace(result("kpi", {"oee": 0.5}), equipment=LINE))
    assert table.select(LEVELS).row(0) == ("park-01", "dairy", "line-1", "")


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1s"), (10, "10s"), (60, "1m"), (90, "90s"), (900, "15m"), (28800, "8h")]
)
def test_windows_are_named_as_people_write_them(seconds: int, text: str) -> None:
    assert table_of("kpis", result("kpi", {}, window_s=seconds))["window"].to_list() == [text]


def test_states_and_the_ledger_have_their_own_fields() -> None:
    states = table_of("states", result("state", {"state": "execute", "reason": ""}, "state", 0))
    assert states.select("state", "reason").row(0) == ("execute", "")
    ledger = table_of("ledger", result("ledger", {"received": 5, "stored": 5, "gap": 0}, "gw-1", 3600))
    assert ledger.select("name", "window", "received", "stored", "gap", "waiting").row(0) == (
        "gw-1",
        "1h",
        5,
        5,
        0,
        None,
    )


def test_an_alert_shows_whether_it_is_active() -> None:
    states = ["norm", "unack", "acked", "rtnun", "latch_unack", "latch_acked", "shelved"]
    table = alerts_of(*(replace(ALERT, transition=n, state=state) for n, state in enumerate(states)))
    assert table["active"].to_list() == [0, 1, 1, 0, 1, 1, None]
    row = table.select("name", "state", "value", "threshold", "id", "message_vi", "priority", "transition").row(0)
    assert row == ("cold", "norm", 68.5, 70.0, "i1", "lạnh", 1, 0)


def test_a_second_transition_of_an_alarm_in_one_millisecond_moves_on_by_one() -> None:
    other = replace(ALERT, id="i9", alarm="low")
    table = alerts_of(ALERT, replace(ALERT, transition=1), replace(ALERT, transition=2, event_time_ms=TIME + 1), other)
    assert [(time[-4:], name) for time, name in table.select("time", "name").rows()] == [
        ("123Z", "cold"), ("123Z", "low"), ("124Z", "cold"), ("125Z", "cold"),
    ]  # fmt: skip


def test_rows_come_by_time_then_equipment_then_name_whatever_was_written_first() -> None:
    results = [
        replace(result("metric", {}, name), equipment=path, window_start=TIME + late)
        for late, path, name in [(0, LINE, "b"), (0, UNIT, "a"), (1, LINE, "a")]
    ]
    for order in permutations(results):
        assert table_of("metrics", *order).select("unit", "name").rows() == [("", "b"), ("filler", "a"), ("", "a")]


def test_the_filters_reach_the_store() -> None:
    store = MemoryStore()
    store.write([replace(result("metric", {}), window_start=t) for t in (0, 10_000, 20_000)], [])
    store.write([result("metric", {}, window_s=60), replace(result("metric", {}), equipment="park-01/x/y")], [])
    table = query_table(store, Question("metrics", LINE, 10_000, 20_000, 10), LEVELS)
    assert table["time"].to_list() == ["1970-01-01T00:00:10.000Z"]
