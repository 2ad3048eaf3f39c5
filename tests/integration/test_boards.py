"""Every query of every board on a real InfluxDB and a real Prometheus, filled by a run of the bundled lines.

The run goes the whole way (gateway, worker, log); a second historian takes the same results and alerts out of the log
into InfluxDB, and Prometheus scrapes the run's own instruments meanwhile.
"""

import json
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import isfinite
from uuid import uuid4

import polars as pl
import pytest

from connectors.influx.settings import InfluxSettings
from connectors.influx.store import InfluxStore
from pipeline.core.results import Result
from pipeline.roles.historian import Historian
from pipeline.runtime.endpoint import Endpoint
from pipeline.runtime.instruments import Instruments
from pipeline.steps.kpis import apply, known_kpis
from simulators.demo import Demo
from simulators.plant import Plant
from tests.bundled import LINES
from tests.contract.influx import address, ask
from tests.grafana import Shown, ask_influx, ask_prometheus, influx_targets, panels, read_board
from tests.integration.brought_up import services, up

pytestmark = [pytest.mark.real, pytest.mark.slow]
START_MS = 1_780_000_003_700
SECONDS = 130
LINE = "becamex/park-01/vinamilk-style/dairy/filling/line-1"
LEVELS = ("operator", "park", "tenant", "site", "area", "line", "unit")
MACHINE = dict(zip(LEVELS, f"{LINE}/filler".split("/"), strict=True))
SHIFT_S = 28_800
EQUIPMENT_BOARDS = ("park", "line", "machine", "pipeline")


@dataclass
class Filled:
    """Servers with a run in them. `during`: an alarm of the line stands at its end; `whole`: all of the run."""

    influx: str
    database: str
    store: InfluxStore
    prometheus: str
    until_s: float
    during: Shown
    whole: Shown

    def ask(self, query, shown):
        return ask_influx(self.influx, self.database, shown.influxql(query))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    place = tmp_path_factory.mktemp("boards")
    url = address()
    prometheus = up(place / "services", "prometheus")["PARKPULSE_TEST_PROMETHEUS"]
    settings = InfluxSettings(url, f"boards_{uuid4().hex[:12]}")
    ask(url, f'CREATE DATABASE "{settings.database}"')
    with ExitStack() as stack:
        stack.callback(services, "down", place / "services")
        stack.callback(ask, url, f'DROP DATABASE "{settings.database}"')
        run = stack.enter_context(Demo(place / "demo", START_MS, lambda begin: Plant(LINES, 1, begin), 1e6, "vi"))
        endpoint = stack.enter_context(Endpoint(run.park.instruments.registry, lambda: ""))
        targets = place / "services" / "prometheus" / "targets" / "us.json"
        targets.write_text(json.dumps([{"targets": [f"127.0.0.1:{endpoint.port}"]}]))
        while run.drive.now_ms < run.start_ms + SECONDS * 1000:
            run.tick()
        run.finish()
        store = InfluxStore(settings, LEVELS)
        stack.callback(store.close)
        fill(run, store)
        until_s = scraped(prometheus)
        whole = Shown(run.start_ms, run.drive.now_ms, {"window": "1m"}, "1m")
        during = replace(whole, until_ms=newest_raise(store), chosen={"window": "10s"}, interval="10s")
        yield Filled(url, settings.database, store, prometheus, until_s, during, whole)


def fill(run, store):
    """All results and alerts of the run's log, by a historian of its own; and a shift, for which it was too short."""
    historian = Historian(run.log, store, Instruments(), name="boards")
    while historian.turn(0.2):
        pass
    for reader in historian.readers:
        reader.close()
    values = dict.fromkeys((kpi.id for kpi in known_kpis()), 0.5)
    store.write([Result("kpi", LINE, "kpis", SHIFT_S, run.start_ms, None, 0, values, 1.0, "kpis/1")], [])


def scraped(prometheus):
    """The moment at which there are two scrapes with the run's last figures."""
    until = time.monotonic() + 60
    query = "count_over_time(parkpulse_results_total[30s]) >= 3 and parkpulse_results_total > 0"
    while time.monotonic() < until:
        now = time.time()
        if ask_prometheus(prometheus, query, now):
            return now
        time.sleep(1)
    pytest.fail("Prometheus has not scraped in a minute")


def newest_raise(store):
    """Just behind the newest raise of an alarm of the filler."""
    alerts = store.read_alerts(f"{LINE}/filler")
    return int(alerts.filter(pl.col("state") == "unack")["event_time_ms"].max()) + 1


def chosen(filled, name, shown):
    """What a reader would choose on this board: for each variable in its order, out of what its query offers."""
    for variable in read_board("vi", name)["templating"]["list"]:
        if variable["type"] != "query" or variable["datasource"]["type"] != "influxdb":
            continue
        (frame,) = filled.ask(variable["query"]["query"], shown)
        offered = frame.columns["value"]
        wanted = None if variable["multi"] else MACHINE[variable["name"]]
        assert wanted is None or wanted in offered
        assert len(set(offered)) == len(offered)
        shown = shown.with_chosen(**{variable["name"]: wanted})
    return shown


def answers(filled, panel, shown):
    return {target["refId"]: filled.ask(target["query"], shown) for target in influx_targets(panel)}


def every_panel():
    return [
        pytest.param(language, name, panel, id=f"{language}-{name}-{panel['id']}")
        for language in ("vi", "en")
        for name in EQUIPMENT_BOARDS
        for panel in panels(read_board(language, name))
    ]


def is_of_influx(panel):
    return any(influx_targets(panel))


@pytest.mark.parametrize("language, name, panel", every_panel())
def test_every_query_of_a_panel_has_rows(filled, language, name, panel):
    if not is_of_influx(panel):
        for target in panel["targets"]:
            found = ask_prometheus(filled.prometheus, filled.whole.promql(target["expr"]), filled.until_s)
            labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            assert all(
                "instance" in labels_of and labels_of.keys() - {"__name__", "job"} <= labels for labels_of, _ in found
            )
            assert any(isfinite(number) for _, number in found), target["expr"]
        return
    stands = any('"active" = 1' in target["query"] for target in panel["targets"])
    shown = chosen(filled, name, filled.during if stands else filled.whole)
    for ref, frames in answers(filled, panel, shown).items():
        values = [value for frame in frames for column in frame.values.values() for value in column]
        assert any(value is not None for value in values), f"{panel['title']} {ref}"


@pytest.mark.parametrize("language, name, panel", every_panel())
def test_what_is_drawn_is_what_the_queries_name(filled, language, name, panel):
    """Columns of a table are all named, none is missing; names that overrides are for are those of series."""
    if not is_of_influx(panel):
        return
    stands = any('"active" = 1' in target["query"] for target in panel["targets"])
    found = answers(filled, panel, chosen(filled, name, filled.during if stands else filled.whole))
    names = set()
    for target in influx_targets(panel):
        for frame in found[target["refId"]]:
            if target["resultFormat"] == "table":
                names |= {*frame.tags, *frame.values, "Time"}
            else:
                names |= set(frame.named(target.get("alias", "$col")))
    changes = {change["id"]: change["options"] for change in panel["transformations"]}
    if "organize" in changes:
        renamed = changes["organize"]["renameByName"]
        without = set(changes.get("filterFieldsByName", {"exclude": {"names": []}})["exclude"]["names"])
        assert names - without == set(renamed)
        assert set(changes["organize"]["indexByName"]) == set(renamed)
        names = set(renamed.values())
        assert all(one["field"] in names for one in changes.get("sortBy", {"sort": []})["sort"])
    for override in panel["fieldConfig"]["overrides"]:
        matcher = override["matcher"]
        if matcher["id"] == "byName":
            assert matcher["options"] in names
        elif "(mean|min|max)" not in matcher["options"]:  # those are for metrics of all machines
            assert any(re.search(matcher["options"].strip("/"), one) for one in names)


@pytest.mark.parametrize("name", ["line", "machine"])
def test_alarms_are_marked_on_the_board(filled, name):
    board = read_board("vi", name)
    (mark,) = [one["target"] for one in board["annotations"]["list"]]
    frames = filled.ask(mark["query"], chosen(filled, name, filled.whole))
    texts = [text for frame in frames for text in frame.columns[mark["textColumn"]]]
    assert texts
    assert all(set(mark["tagsColumn"].split(",")) <= frame.columns.keys() for frame in frames)


def test_a_variable_offers_only_what_lies_below_what_is_chosen(filled):
    (line,) = [one for one in read_board("vi", "machine")["templating"]["list"] if one["name"] == "unit"]
    shown = filled.whole.with_chosen(**MACHINE)
    (frame,) = filled.ask(line["query"]["query"], shown)
    assert frame.columns["value"] == ["filler"]
    assert filled.ask(line["query"]["query"], shown.with_chosen(tenant="orion-style")) == []


def element_sums(filled, equipment, shown, tags):
    table = filled.store.read("elements", equipment, shown.since_ms, shown.until_ms + 1, 60)
    levels = pl.col("equipment").str.split("/")
    lines = table.filter(levels.list.len() == len(LEVELS) - 1)
    needed = sorted({name for kpi in known_kpis() for name in kpi.needs})
    key = [pl.lit("all").alias("key")] if not tags else [levels.list.get(2).alias("key")]
    return lines.group_by(key).agg(pl.col(needed).sum())


@pytest.mark.parametrize("by_line", [False, True])
def test_a_kpi_on_the_park_board_is_the_formula_over_summed_elements(filled, by_line):
    shown = chosen(filled, "park", filled.whole)
    (table,) = [panel for panel in panels(read_board("vi", "park")) if panel["type"] == "table"][:1]
    numbers = [panel for panel in panels(read_board("vi", "park")) if panel["type"] == "stat"]
    wanted = apply(element_sums(filled, "becamex", shown, by_line))
    for panel in [table] if by_line else numbers:
        for target in panel["targets"]:
            for frame in filled.ask(target["query"], shown):
                for kpi in (kpi.id for kpi in known_kpis() if kpi.id in frame.columns):
                    key = frame.tags["tenant"] if by_line else "all"
                    (expected,) = wanted.filter(pl.col("key") == key)[kpi]
                    assert frame.columns[kpi] == [pytest.approx(expected, rel=1e-9)]
