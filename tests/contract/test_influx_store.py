"""The store on a real InfluxDB, looked at from outside: measurements, tags, fields and types that boards hang on."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from connectors.memory_store import MemoryStore
from pipeline.core.calendar import CalendarConfig, ShiftConfig
from pipeline.core.ledger import FIELDS
from pipeline.core.results import Result, Transition
from pipeline.view.tables import SHAPES, Question, query_table
from tests.contract.influx import LEVELS, OwnDatabase, ask, real_influx

pytestmark = pytest.mark.real
LINE = "park/dairy/line-1"
UNIT = f"{LINE}/filler"
T0 = 1_780_000_000_000
HOUR = T0 // 3_600_000 * 3_600_000
METRIC = Result(
    "metric", UNIT, "h2o2_temp", 10, T0, None, 0,
    {"count": 10, "mean": 71.25, "min": 70.0, "max": 72.5, "last": 71.0, "sd": 0.1}, 1.0,
)  # fmt: skip
SCORE = replace(METRIC, kind="score", values={"ewma": 71.1, "score": 2.5}, coverage=None)
ELEMENTS = Result(
    "elements", UNIT, "elements", 10, T0, None, 0,
    {"pbt_ms": 10_000, "apt_ms": 9_999, "aust_ms": 1, "ideal_ms": 0.1, "pq": 60, "gq": 59, "energy_wh": 12}, 1.0,
)  # fmt: skip
KPI = Result(
    "kpi", LINE, "kpis", 900, T0, "milk", 0, {"oee": 0.75, "availability": 1.0, "nee": None, "coverage": 0.5}, 0.5,
    "kpis/1",
)  # fmt: skip
ANOMALY = Result(
    "anomaly", UNIT, "h2o2_temp/ewma", 10, T0, None, 0,
    {"score": 7.5, "level": 2, "open": 1, "contributors": "h2o2_temp"},
)  # fmt: skip
STATE = Result("state", UNIT, "state", 0, T0 + 5, None, 0, {"state": "execute", "reason": ""})
LEDGER = Result("ledger", LINE, "gw-1", 3600, HOUR, None, 0, dict.fromkeys(FIELDS, 3))
ALERT = Transition(
    id="i1", transition=0, alarm="h2o2-cold", equipment=UNIT, priority=1, state="unack", previous="norm",
    event_time_ms=T0, raised_ms=T0 + 10, value=68.5, threshold=70.0, uom="°C", message_en='too "cold"\nhere',
    message_vi="lạnh", advice_en="heat \\ it", advice_vi="", incident="i1", revision=0, announced=True,
)  # fmt: skip
ALL = [METRIC, SCORE, ELEMENTS, KPI, ANOMALY, STATE, LEDGER]


@pytest.fixture
def store() -> Iterator[OwnDatabase]:
    opened = real_influx("v1")
    yield opened
    opened.close()


def seen(store: OwnDatabase, text: str) -> list[dict[str, object]]:
    """Series of one statement, as they come."""
    found = json.loads(ask(store.settings.url, text, store.settings.database))
    return list(found["results"][0].get("series", []))


def test_measurements_have_the_tags_and_fields_that_are_promised(store: OwnDatabase) -> None:
    store.write(ALL, [ALERT])
    tags = {one["name"]: {key for (key,) in one["values"]} for one in seen(store, "SHOW TAG KEYS")}
    levels = {*LEVELS, "level"}
    assert tags == {
        "metrics": levels | {"metric", "window"},
        "elements": levels | {"window"},
        "kpis": (levels - {"unit"}) | {"window", "product"},
        "anomalies": levels | {"metric", "detector", "window"},
        "states": levels,
        "ledger": (levels - {"unit"}) | {"gateway"},
        "alerts": levels | {"alarm", "priority"},
    }
    fields = {one["name"]: dict(one["values"]) for one in seen(store, "SHOW FIELD KEYS")}
    assert fields["metrics"] == {
        "count": "integer", "mean": "float", "min": "float", "max": "float", "last": "float", "sd": "float",
        "ewma": "float", "score": "float", "coverage": "float", "revision": "integer",
    }  # fmt: skip
    assert fields["elements"] == {
        "pbt_s": "float", "apt_s": "float", "aust_s": "float", "ideal_s": "float", "pq": "float", "gq": "float",
        "energy_wh": "float", "coverage": "float", "revision": "integer",
    }  # fmt: skip
    assert fields["kpis"] == {
        "oee": "float", "availability": "float", "coverage": "float", "formula": "string", "revision": "integer",
    }  # fmt: skip
    assert fields["anomalies"].items() >= {
        "score": "float", "level": "integer", "open": "integer", "contributors": "string",
    }.items()  # fmt: skip
    assert fields["states"].items() >= {"state": "string", "reason": "string"}.items()
    assert fields["ledger"].items() >= dict.fromkeys(FIELDS, "integer").items()
    assert fields["alerts"].items() >= {
        "state": "string", "active": "integer", "value": "float", "threshold": "float", "id": "string",
        "message_en": "string", "message_vi": "string", "raised_ms": "integer",
    }.items()  # fmt: skip


def test_sums_over_lines_do_not_count_units_twice(store: OwnDatabase) -> None:
    store.write([ELEMENTS, replace(ELEMENTS, equipment=LINE)], [])
    (series,) = seen(store, "SELECT sum(pq), sum(apt_s) FROM elements WHERE level = 'line'")
    assert series["values"] == [[0, 60, 9.999]]


def test_a_score_is_a_field_of_its_metrics_point(store: OwnDatabase) -> None:
    store.write(ALL, [])
    (series,) = seen(store, "SELECT mean, ewma, score FROM metrics")
    assert series["values"] == [[T0, 71.25, 71.1, 2.5]]


@pytest.mark.parametrize("what", SHAPES)
def test_a_query_says_the_same_as_on_any_other_store(store: OwnDatabase, what: str) -> None:
    plain = MemoryStore()
    deeper = [replace(r, equipment=f"{r.equipment}-2", window_start=r.window_start + 10_000) for r in ALL]
    pseudo = replace(LEDGER, equipment="_unassigned")
    for one in (store, plain):
        one.write([*ALL, *deeper, pseudo], [ALERT])
    shape = next(known for known in SHAPES if known == what)
    for asked in (Question(shape), Question(shape, LINE, T0, T0 + 5_000, 10)):
        assert_frame_equal(query_table(store, asked, LEVELS), query_table(plain, asked, LEVELS))


def test_shifts_are_found_as_on_any_other_store(store: OwnDatabase) -> None:
    plain, begin = MemoryStore(), 1_780_034_400_000  # 06:00 UTC
    shifts = ShiftConfig(name="a", begin=360, end=840), ShiftConfig(name="b", begin=840, end=1_200)
    ends = [(28_800, begin), (21_600, begin + 28_800_000), (28_800, begin + 60_000), (60, begin)]
    for one in (store, plain):
        one.write([*ALL, *(replace(KPI, window_s=length, window_start=start) for length, start in ends)], [])
    asked = Question("kpis", calendar=CalendarConfig(shifts=shifts), only_shifts=True)
    table = query_table(store, asked, LEVELS)
    assert table["window"].to_list() == ["shift", "shift"]
    assert_frame_equal(table, query_table(plain, asked, LEVELS))
    assert query_table(store, replace(asked, what="metrics"), LEVELS).is_empty()


def test_a_query_of_alerts_says_the_same_as_on_any_other_store(store: OwnDatabase) -> None:
    plain = MemoryStore()
    cleared = replace(ALERT, transition=1, state="norm", previous="unack", value=None)
    for one in (store, plain):
        one.write([], [ALERT, cleared, replace(ALERT, id="i2", equipment=f"{LINE}/capper")])
    assert_frame_equal(query_table(store, Question("alerts"), LEVELS), query_table(plain, Question("alerts"), LEVELS))
    assert_frame_equal(store.read_alerts(), plain.read_alerts())


def test_a_second_transition_in_one_millisecond_moves_on_by_one(store: OwnDatabase) -> None:
    cleared = replace(ALERT, transition=1, state="norm", previous="unack")
    store.write([], [ALERT])
    store.write([], [cleared, replace(ALERT, id="i2")])
    store.write([], [ALERT, cleared])
    (series,) = seen(store, "SELECT id, state, active FROM alerts")
    assert sorted(row[0] for row in series["values"]) == [T0, T0 + 1, T0 + 2]
    assert store.read_alerts()["event_time_ms"].to_list() == [T0] * 3


def test_a_correction_that_lost_fields_keeps_the_scores_of_its_point(store: OwnDatabase) -> None:
    store.write([METRIC, SCORE], [])
    store.write([replace(METRIC, revision=7, values={"count": 0}, coverage=0.0)], [])
    assert store.read("metric").drop("formula").row(0, named=True) == {
        "equipment": UNIT, "name": "h2o2_temp", "window_s": 10, "window_start": T0, "product": None, "revision": 7,
        "coverage": 0.0, "count": 0,
    }  # fmt: skip
    assert store.read("score").select("ewma", "score").row(0) == (71.1, 2.5)


@pytest.mark.parametrize("before", [0, 3])
def test_a_restart_forgets_no_correction(store: OwnDatabase, before: int) -> None:
    """What another process wrote is asked for: an older revision changes nothing, and lost fields go."""
    store.write([replace(METRIC, revision=before), replace(KPI, revision=5, values={"oee": 0.5})], [])
    again = OwnDatabase(store.settings)
    again.write([replace(METRIC, revision=before + 1, values={"count": 1}), KPI], [])
    assert "mean" not in again.read("metric").columns
    assert again.read("kpi").select("revision", "oee").row(0) == (5, 0.5)


def test_what_no_point_can_hold_comes_back_with_the_reason_and_the_rest_is_stored(store: OwnDatabase) -> None:
    bad = [
        replace(METRIC, name="a\\"),
        replace(METRIC, name="b", window_start=10_000_000_000_000),
        replace(METRIC, name="c", values={"count": 1, "mean": "warm"}),
        replace(METRIC, name="d", values={"count": 1.5}),
    ]
    late = replace(ALERT, event_time_ms=10_000_000_000_000)
    refused = store.write([*bad, METRIC, replace(METRIC, name="e", values={"count": 2.0, "mean": 3})], [late, ALERT])
    assert [one.what for one in refused] == [late, *bad]
    assert [one.why for one in refused[1:]] == [
        "name or product: got 'a\\\\', None; InfluxDB keeps no backslash at the end of one",
        "window_start: got 10000000000000; InfluxDB keeps times from 1677 to 2262",
        "values.mean: got 'warm'; expected a number",
        "values.count: got 1.5; expected a whole number",
    ]
    assert store.read("metric").select("name", "count", "mean").rows() == [("e", 2, 3.0), ("h2o2_temp", 10, 71.25)]
    assert store.read_alerts()["id"].to_list() == ["i1"]


def test_a_field_that_nobody_declared_keeps_its_first_type_for_ever(store: OwnDatabase) -> None:
    """Also over a restart and in a shard of its own, where the server would take anything."""
    store.write([replace(KPI, values={"mtbf": 3, "grade": "A"})], [])
    again = OwnDatabase(store.settings)
    month_later = T0 + 30 * 86_400_000
    refused = again.write([replace(KPI, window_start=month_later, values={"mtbf": "long", "grade": "B"})], [])
    assert [one.why for one in refused] == ["values.mtbf: got 'long'; expected a number"]
    assert again.write([replace(KPI, window_start=month_later, values={"mtbf": 4.5})], []) == []


def test_names_and_texts_of_any_spelling_come_back_as_they_went_in(store: OwnDatabase) -> None:
    names = ["a,b", "a b", "a=b", 'a"b', "a\\b", "a\\,b", "a\\ b", "#a", "a'b", "đ.ộ", "a;b", '"a"', "\\\\a", "=", ","]
    texts = ['say "x"', "two\nlines", "back\\slash", 'end\\"', "\\", "a,b=c d", "", "đ", "\u2028", "'"]
    named = [replace(METRIC, name=name, product=name) for name in names]
    said = [replace(STATE, window_start=T0 + k, values={"state": text, "reason": "r"}) for k, text in enumerate(texts)]
    assert store.write([*named, *said], []) == []
    assert store.read("metric")["name"].to_list() == sorted(names)
    assert store.read("metric")["product"].to_list() == sorted(names)
    assert store.read("state")["state"].to_list() == texts
    fewer = [replace(r, revision=1, values={"count": 1}) for r in named]
    assert store.write(fewer, []) == []
    assert "mean" not in store.read("metric").columns


def test_a_name_that_looks_like_a_statement_is_only_a_name(store: OwnDatabase) -> None:
    name = "'; DROP MEASUREMENT metrics; --"
    store.write([replace(METRIC, name=name), replace(METRIC, name=name, revision=4, values={"count": 1})], [])
    store.write([replace(METRIC, name=name, revision=5, values={})], [])
    assert store.read("metric").select("name", "revision").rows() == [(name, 5)]
    assert store.read("metric", "park/x' OR '1'='1").is_empty()
