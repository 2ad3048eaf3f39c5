"""Boards for Grafana as files: what stands there is what is declared, and Grafana can read it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from pipeline.cli.app import run
from pipeline.config.read import read_config
from pipeline.core.line_config import LineConfig
from pipeline.runtime.instruments import Instruments
from pipeline.steps.kpis import known_kpis
from pipeline.view.boards.made import BOARDS as MAKERS
from pipeline.view.boards.made import board_files, setting_of
from pipeline.view.boards.pipeline import LABELS, LIMITS
from pipeline.view.boards.uoms import KNOWN
from pipeline.view.boards.words import BOARD_WORDS
from tests.grafana import BOARDS, LANGUAGES, NAMES, panels, read_board

ROOT = Path(__file__).parents[3]
BUNDLED = ROOT / "simulators" / "config"
EVERY = [(language, name) for language in LANGUAGES for name in NAMES]
every_board = pytest.mark.parametrize("language, name", EVERY)


def walked(node):
    yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walked(below)


def test_the_boards_of_the_repository_are_what_is_declared():
    wanted = dict(board_files(read_config(BUNDLED)))
    there = {file.relative_to(BOARDS).as_posix(): file.read_text("utf-8") for file in BOARDS.rglob("*.json")}
    differing = sorted({name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name)})
    assert differing == [], "run: parkpulse boards simulators/config deploy/grafana/boards"


def test_the_command_writes_them_and_leaves_what_is_there(tmp_path, capsys):
    assert run(["boards", str(BUNDLED), str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(EVERY)
    assert (tmp_path / "vi" / "park.json").read_bytes() == (BOARDS / "vi" / "park.json").read_bytes()
    assert run(["boards", str(BUNDLED), str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"ok: {tmp_path}\n"


def test_every_uid_stands_once_and_fits_grafana():
    uids = [read_board(language, name)["uid"] for language, name in EVERY]
    assert len(set(uids)) == len(EVERY)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid) for uid in uids)


@every_board
def test_every_panel_has_its_number_its_place_and_its_words(language, name):
    found = read_board(language, name)["panels"]
    assert len({panel["id"] for panel in found}) == len(found)
    assert all(panel["title"] and (panel["type"] == "row" or panel["description"]) for panel in found)
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in found)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@every_board
def test_data_sources_are_variables_and_nothing_else(language, name):
    board = read_board(language, name)
    sources = [node["datasource"] for node in walked(board) if isinstance(node, dict) and "datasource" in node]
    assert sources
    variables = {one["name"]: one["query"] for one in board["templating"]["list"] if one["type"] == "datasource"}
    assert all(variables[source["uid"].strip("${}")] == source["type"] for source in sources)


def test_the_data_sources_and_boards_that_grafana_is_given_are_those_of_the_boards():
    there = BOARDS.parent / "provisioning"
    sources = yaml.safe_load((there / "datasources" / "parkpulse.yaml").read_text("utf-8"))["datasources"]
    given = {(one["name"], one["uid"], one["type"]) for one in sources}
    wanted = {
        (one["current"]["text"], one["current"]["value"], one["query"])
        for language, name in EVERY
        for one in read_board(language, name)["templating"]["list"]
        if one["type"] == "datasource"
    }
    assert given == wanted
    providers = yaml.safe_load((there / "dashboards" / "parkpulse.yaml").read_text("utf-8"))["providers"]
    assert {Path(one["options"]["path"]).name for one in providers} == set(LANGUAGES)
    assert not any(one["allowUiUpdates"] for one in providers)


@every_board
def test_each_query_of_a_panel_has_a_letter_of_its_own(language, name):
    for panel in panels(read_board(language, name)):
        refs = [target["refId"] for target in panel["targets"]]
        assert refs
        assert len(set(refs)) == len(refs)


@every_board
def test_numbers_have_a_unit(language, name):
    for panel in panels(read_board(language, name)):
        if panel["type"] in ("timeseries", "stat", "bargauge"):
            units_of = [
                p["value"] for o in panel["fieldConfig"]["overrides"] for p in o["properties"] if p["id"] == "unit"
            ]
            assert "unit" in panel["fieldConfig"]["defaults"] or units_of, panel["title"]


@every_board
def test_variables_stand_only_escaped_inside_regular_expressions(language, name):
    board = read_board(language, name)
    queries = [node["query"] for node in walked(board) if isinstance(node, dict) and "rawQuery" in node]
    for query in queries:
        bare = re.sub(r"=~ /\^\$\{\w+:regex\}\$/", "", query)
        bare = re.sub(r"\$timeFilter|\$__interval|\$\{__(from|to)\}ms|\)\$/", "", bare)
        assert "$" not in bare, query


@every_board
def test_times_are_those_of_the_park(language, name):
    board = read_board(language, name)
    assert board["timezone"] == "Asia/Ho_Chi_Minh"
    assert board["tags"] == ["parkpulse", language]


@every_board
def test_links_lead_to_boards_of_the_same_language_with_the_equipment_clicked(language, name):
    uids = {read_board(language, other)["uid"]: read_board(language, other) for other in NAMES}
    for panel in panels(read_board(language, name)):
        headings = {
            heading
            for change in panel["transformations"]
            if change["id"] == "organize"
            for heading in change["options"]["renameByName"].values()
        }
        links = [
            link
            for override in panel["fieldConfig"]["overrides"]
            for found in override["properties"]
            if found["id"] == "links"
            for link in found["value"]
        ]
        for link in links:
            target = uids[re.match(r"/d/([^?]+)\?", link["url"])[1]]
            known = {one["name"] for one in target["templating"]["list"]}
            for variable, heading in re.findall(r"var-(\w+)=\$\{__data\.fields\[\"(.*?)\"\]\}", link["url"]):
                assert variable in known
                assert heading in headings


def test_both_languages_differ_in_words_alone():
    for name in NAMES:
        english, vietnamese = read_board("en", name), read_board("vi", name)
        shape = [(p["type"], p["gridPos"], len(p.get("targets", ()))) for p in english["panels"]]
        assert shape == [(p["type"], p["gridPos"], len(p.get("targets", ()))) for p in vietnamese["panels"]]
        titles = [p["title"] for p in panels(vietnamese)]
        assert sum(title == p["title"] for title, p in zip(titles, panels(english), strict=True)) <= len(titles) // 4


def test_every_word_is_said_in_both_languages_and_used():
    assert all(len(both) == 2 and all(both) for both in BOARD_WORDS.values())
    sources = "".join(
        file.read_text() for file in (ROOT / "pipeline/view/boards").glob("*.py") if file.name != "words.py"
    )
    derived = {f"{name}{end}" for name in MAKERS for end in ("", "_about", "_link")}
    unused = [word for word in BOARD_WORDS if not re.search(f"[\"']{word}[\"']", sources) and word not in derived]
    assert unused == []


def test_every_kpi_is_on_every_board_of_equipment():
    for language, name in EVERY:
        if name != "pipeline":
            text = (BOARDS / language / f"{name}.json").read_text("utf-8")
            assert all(f'AS \\"{kpi.id}\\"' in text for kpi in known_kpis())


def test_every_instrument_is_drawn_and_its_labels_are_kept_apart():
    text = (BOARDS / "en" / "pipeline.json").read_text("utf-8")
    declared = [one for one in vars(Instruments()).values() if hasattr(one, "describe")]
    names = {found.name for one in declared for found in one.describe()}
    assert all(name in text for name in names)
    assert {label for one in declared for label in one._labelnames} <= set(LABELS)


def test_limits_on_the_board_are_those_of_the_rules():
    rules = ROOT / "deploy" / "prometheus" / "rules.yml"
    if not rules.exists():
        pytest.skip("deploy/prometheus/rules.yml is not there")
    told = dict(re.findall(r"expr: (parkpulse_\w+) > ([\d.e]+)", rules.read_text()))
    assert {name: LIMITS[name] for name in told if name in LIMITS} == {
        name: max(float(number), 1) for name, number in told.items() if name in LIMITS
    }


def test_units_of_measure_are_ones_that_grafana_knows():
    known = {value for name, value in vars(units).items() if not name.startswith("_")}
    assert set(KNOWN.values()) - known == set()


def test_levels_of_another_park_make_other_variables(tmp_path):
    (tmp_path / "park.toml").write_text('levels = ["work-center.1", "site", "line", "unit"]\ndata_dir = "data"\n')
    files = dict(board_files(read_config(tmp_path)))
    variables = {one["name"]: one for one in json.loads(files["en/line.json"])["templating"]["list"]}
    assert list(variables)[1:] == ["work_center_1", "site", "line", "window"]
    assert variables["line"]["query"]["query"].endswith(
        'WHERE "work-center.1" =~ /^${work_center_1:regex}$/ AND "site" =~ /^${site:regex}$/'
    )


def test_a_metric_with_two_units_of_measure_is_shown_without():
    metrics = [{"name": "t", "uom": "°C"}, {"name": "p", "uom": "bar"}]
    one = LineConfig.model_validate({"path": "s/a", "units": [{"name": "u", "metrics": metrics}]})
    other = LineConfig.model_validate({"path": "s/b", "units": [{"name": "u", "metrics": [{"name": "t", "uom": "K"}]}]})

    class Told:
        levels, timezone, lines = ("site", "line", "unit"), "UTC", (one, other)

    assert setting_of(Told, "en").uoms == {"p": "bar"}


def lost(ours, theirs, path=""):
    """What of ours is not theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [way for key, value in ours.items() for way in lost(value, theirs.get(key), f"{path}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [way for k, (a, b) in enumerate(zip(ours, theirs, strict=True)) for way in lost(a, b, f"{path}[{k}]")]
    return [] if ours == theirs else [f"{path}: {ours!r} became {theirs!r}"]


NOT_IN_THE_MODELS = re.compile(r"\.annotations\.list\[\d+\]\.target\.")
"""They know of annotations what Grafana's own store has, and nothing of a query to InfluxDB."""


@every_board
def test_grafanas_own_models_read_a_board_and_lose_nothing(language, name):
    register_default_plugins()
    ours = read_board(language, name)
    theirs = json.loads(JSONEncoder().encode(Dashboard.from_json(ours)))
    assert [way for way in lost(ours, theirs) if not NOT_IN_THE_MODELS.match(way)] == []
