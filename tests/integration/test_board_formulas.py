"""What boards compute, on a real InfluxDB against the formulas: sums first, the ratio last, null is no row."""

from itertools import product
from uuid import uuid4

import polars as pl
import pytest

from connectors.influx.settings import InfluxSettings
from connectors.influx.store import InfluxStore
from pipeline.core.results import Result
from pipeline.steps.kpis import apply, known_kpis
from pipeline.view.boards.influxql import Scope, elements_query, is_chosen, kpi_query
from tests.contract.influx import address, ask
from tests.grafana import Shown, ask_influx, panels, read_board

pytestmark = pytest.mark.real
LEVELS = ("site", "line", "unit")
START_MS, WINDOW_MS = 1_780_000_020_000, 60_000
LINES = Scope(LEVELS, ("site",))
NAMES = ("pbt_ms", "apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms", "ideal_ms", "pq", "gq", "sq", "rq")
SHOWN = Shown(START_MS, START_MS + 10 * WINDOW_MS, {"site": None, "line": None, "window": "1m"}, "1m")


@pytest.fixture
def database():
    url = address()
    settings = InfluxSettings(url, f"formulas_{uuid4().hex[:12]}")
    ask(url, f'CREATE DATABASE "{settings.database}"')
    store = InfluxStore(settings, LEVELS)
    yield store, lambda query, shown=SHOWN: ask_influx(url, settings.database, shown.influxql(query))
    store.close()
    ask(url, f'DROP DATABASE "{settings.database}"')


def elements(line, window, values, name=None):
    start = START_MS + window * WINDOW_MS
    return Result("elements", line, "elements", 60, start, name, 0, dict(zip(NAMES, values, strict=True)), 1.0)


def two_windows():
    """Each combination of nothing and something, twice, so that there is something to sum."""
    some = product((0, 45_000), (0, 30_000), (0, 9_000), (0, 60_000), (None, 0.0, 21_000.5), (0, 10), (0, 8))
    for k, (pbt, apt, aust, unclassified, ideal, pq, gq) in enumerate(some):
        row = (pbt, apt, aust, 0, 0, unclassified, ideal, pq, gq, 0, 0)
        halved = tuple(None if value is None else value / 2 if n == 6 else value // 2 for n, value in enumerate(row))
        yield f"s/l{k}", row, halved


@pytest.mark.parametrize("kpi", known_kpis(), ids=lambda kpi: kpi.id)
def test_a_kpi_in_influxql_is_the_formula_of_the_sums_wherever_something_is_nothing(database, kpi):
    store, told = database
    rows = list(two_windows())
    store.write([elements(line, n, row) for line, *both in rows for n, row in enumerate(both)], [])
    schema = dict.fromkeys(NAMES, pl.Float64)
    sums = [[None if a is None else a + b for a, b in zip(one, two, strict=True)] for _, one, two in rows]
    wanted = apply(pl.DataFrame(sums, schema, orient="row"))[kpi.id].to_list()
    found = {frame.tags["line"]: frame.columns[kpi.id] for frame in told(kpi_query(kpi, LINES, LINES.tags))}
    for (line, *_), expected in zip(rows, wanted, strict=True):
        told_of = found.pop(line.removeprefix("s/"), None)
        assert told_of == (None if expected is None else [pytest.approx(expected, rel=1e-12)])
    assert found == {}


def test_a_line_without_an_ideal_cycle_is_left_out_of_what_needs_one_and_of_nothing_else(database):
    store, told = database
    with_one = (60_000, 30_000, 0, 30_000, 0, 0, 24_000.0, 10, 8, 2, 0)
    without = (60_000, 60_000, 0, 0, 0, 0, None, 100, 100, 0, 0)
    store.write([elements("s/a", 0, with_one), elements("s/b", 0, without)], [])
    found = {kpi.id: told(kpi_query(kpi, LINES))[0].columns[kpi.id] for kpi in known_kpis()}
    assert found["availability"] == [0.75]
    assert found["oee"] == [pytest.approx(24_000 * 8 / 10 / 60_000)]


def test_products_by_themselves_are_not_counted_again(database):
    store, told = database
    row = (60_000, 30_000, 0, 30_000, 0, 0, 24_000.0, 10, 8, 2, 0)
    store.write([elements("s/a", 0, row), elements("s/a", 0, (60_000, 60_000, *row[2:]), "milk")], [])
    (availability,) = [kpi for kpi in known_kpis() if kpi.id == "availability"]
    assert told(kpi_query(availability, LINES))[0].columns["availability"] == [0.5]
    assert told(elements_query(['SUM("gq") AS "gq"'], LINES))[0].columns["gq"] == [8]


def test_units_are_not_counted_as_lines(database):
    store, told = database
    row = (60_000, 30_000, 0, 30_000, 0, 0, 24_000.0, 10, 8, 2, 0)
    store.write([elements("s/a", 0, row), elements("s/a/u", 0, row), elements("s/a/v", 0, row)], [])
    assert told(elements_query(['SUM("gq") AS "gq"'], LINES))[0].columns["gq"] == [8]


def test_the_way_from_planned_time_to_good_parts_loses_nothing(database):
    store, told = database
    store.write(
        [elements("s/a", n, (60_000, 30_000, 5_000, 15_000, 4_000, 6_000, 24_000.0, 10, 8, 2, 0)) for n in (0, 1)], []
    )
    (panel,) = [panel for panel in panels(read_board("en", "line")) if panel["type"] == "bargauge"]
    shown = SHOWN.with_chosen(**dict.fromkeys(("operator", "park", "tenant", "area")))
    (frame,) = told(panel["targets"][0]["query"], shown)
    assert sum(values[0] for values in frame.values.values()) == pytest.approx(120_000)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("line.1", ["line.1"]),
        ("linex1", ["linex1"]),
        (["line.1", "a"], ["a", "line.1"]),
        (None, ["a", "line.1", "linex1"]),
    ],
)
def test_a_name_is_chosen_as_it_stands(database, name, expected):
    store, told = database
    row = (60_000, 30_000, 0, 30_000, 0, 0, 24_000.0, 10, 8, 2, 0)
    store.write([elements(f"s/{line}", 0, row) for line in ("line.1", "linex1", "a")], [])
    scope = Scope(LEVELS, ("site", "line"))
    query = elements_query(['SUM("gq") AS "gq"'], scope, scope.tags)
    assert [frame.tags["line"] for frame in told(query, SHOWN.with_chosen(line=name))] == expected


@pytest.mark.parametrize("value", ['x$/ OR "line" =~ /.*', "a' OR 'a' = 'a", "a; DROP DATABASE x", "(", "\\"])
def test_what_somebody_writes_into_the_address_chooses_nothing(database, value):
    store, told = database
    store.write([elements("s/a", 0, (60_000, 30_000, 0, 30_000, 0, 0, 24_000.0, 10, 8, 2, 0))], [])
    query = f'SELECT "gq" FROM "elements" WHERE {is_chosen("line", "line")}'
    assert told(query, SHOWN.with_chosen(line="a")) != []
    assert told(query, SHOWN.with_chosen(line=value)) == []
