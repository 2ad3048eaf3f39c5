"""The board *machine*: every metric with its band and how unusual it is, anomalies, states, KPIs."""

from pipeline.detectors.ewma import LEVELS
from pipeline.view.boards.board import Setting, asked, board, level_variables, source, window_variable
from pipeline.view.boards.figures import alarm_marks, kpi_numbers, open_alarms, states, timeline_options
from pipeline.view.boards.influxql import RANGE, Scope, grouped, is_chosen
from pipeline.view.boards.panels import (
    GREEN,
    LEGEND,
    RED,
    YELLOW,
    Json,
    Panel,
    Row,
    by_name,
    curves,
    influx,
    override,
    table,
    thresholds,
)
from pipeline.view.boards.uoms import grafana_unit


def machine_board(setting: Setting) -> Json:
    unit = Scope(setting.levels, setting.levels, "unit")
    query = f'SHOW TAG VALUES FROM "metrics" WITH KEY = "metric" WHERE {unit.places}'
    rows = [
        Row(f"{setting['kpis']} ({setting['shown_time']})", kpi_numbers(setting, unit)),
        Row(setting["states"], [states(setting, unit, (24, 4)), open_alarms(setting, unit, (24, 5))]),
        Row(setting["anomalies"], [_levels(setting, unit), _anomalies(setting, unit)]),
        Row("$metric", [_band(setting, unit), _score(setting, unit)], repeat="metric"),
    ]
    variables = [
        source(setting, "influx"),
        *level_variables(setting, 0, len(setting.levels)),
        window_variable(setting),
        asked("metric", setting["metric"], query, several=True),
    ]
    return board(setting, "machine", rows, variables, annotations=[alarm_marks(setting, unit)], since="now-1h")


def _of_metric(scope: Scope) -> str:
    return f"{scope.windows()} AND {is_chosen('metric', 'metric')}"


def _band(setting: Setting, scope: Scope) -> Panel:
    """The mean weighs each window by its count."""
    inner = (
        'SELECT "mean" * "count" AS "total", "count" AS "n", "min" AS "low", "max" AS "high" FROM "metrics" '
        f"WHERE {_of_metric(scope)}"
    )
    wanted = 'SUM("total") / SUM("n") AS "mean", MIN("low") AS "min", MAX("high") AS "max"'
    query = f'SELECT {wanted} FROM ({inner} AND "count" > 0) WHERE {RANGE}{grouped(["metric"], by_time=True)}'
    quiet = {"custom__lineWidth": 0, "custom__showPoints": "never"}
    overrides = [
        override(" min$", **quiet),
        override(" max$", custom__fillBelowTo="$metric min", custom__fillOpacity=20, **quiet),
        *_units(setting),
    ]
    defaults: Json = {"custom": {name: how for name, how in curves().items() if name != "axisSoftMin"}}
    return Panel(
        "timeseries", f"$metric: {setting['band']}", setting["band_about"], [influx(query, "[[tag_metric]] $col")],
        (15, 8), dict(LEGEND), defaults, overrides, interval="$window",
    )  # fmt: skip


def _units(setting: Setting) -> list[Json]:
    """A metric's unit of measure, where it is declared and the same on all lines."""
    return [
        override(f"^{_escaped(metric)} (mean|min|max)$", unit=grafana_unit(uom))
        for metric, uom in sorted(setting.uoms.items())
    ]


def _escaped(name: str) -> str:
    """As part of a regular expression of Grafana's."""
    return "".join(f"\\{char}" if char in r"\^$.|?*+()[]{}/" else char for char in name)


def _score(setting: Setting, scope: Scope) -> Panel:
    unusual, very = LEVELS
    query = f'SELECT MAX("score") AS "z" FROM "metrics" WHERE {_of_metric(scope)} AND {RANGE}'
    defaults: Json = {
        "unit": "short", "decimals": 1, "min": 0,
        "thresholds": thresholds(((None, GREEN), (unusual, YELLOW), (very, RED))),
        "custom": {**curves(), "thresholdsStyle": {"mode": "line"}},
    }  # fmt: skip
    target = influx(f"{query}{grouped(['metric'], by_time=True)}", f"[[tag_metric]] {setting['z']}")
    return Panel(
        "timeseries", f"$metric: {setting['z']}", setting["z_about"].format(unusual, very), [target], (9, 8),
        dict(LEGEND), defaults, interval="$window",
    )  # fmt: skip


def _level_mappings(setting: Setting) -> Json:
    shown = {"0": ("usual", GREEN), "1": ("unusual", YELLOW), "2": ("very_unusual", RED)}
    options = {
        number: {"text": setting[word], "color": color, "index": k}
        for k, (number, (word, color)) in enumerate(shown.items())
    }
    return {"type": "value", "options": options}


def _levels(setting: Setting, scope: Scope) -> Panel:
    """A level is told at its beginning and at the return to 0."""
    query = f'SELECT "level"::field AS "level" FROM "anomalies" WHERE {scope.places} AND {RANGE}'
    defaults: Json = {
        "custom": {"lineWidth": 0, "fillOpacity": 80},
        "mappings": [_level_mappings(setting)],
    }
    target = influx(f'{query} GROUP BY "metric", "detector"', "[[tag_metric]] ([[tag_detector]])")
    return Panel(
        "state-timeline", setting["anomaly_level"], setting["anomaly_level_about"], [target], (24, 6),
        timeline_options(), defaults,
    )  # fmt: skip


def _anomalies(setting: Setting, scope: Scope) -> Panel:
    query = (
        'SELECT "metric"::tag, "detector"::tag, "level"::field AS "level", "score", "contributors" '
        f'FROM "anomalies" WHERE {scope.places} AND "level"::field > 0 AND {RANGE}'
    )
    columns = {"metric": setting["metric"], "detector": setting["detector"], "level": setting["level"]}
    columns |= {"score": setting["score"], "contributors": setting["contributors"]}
    shown = by_name(setting["level"], mappings=[_level_mappings(setting)], custom__cellOptions={"type": "color-text"})
    return table(
        setting["anomalies"], setting["anomalies_about"], [influx(query, table=True)], columns,
        overrides=[shown, by_name(setting["score"], decimals=1)], sort=(setting["time"], True), size=(24, 6),
        time=setting["time"],
    )  # fmt: skip
