"""The board *park*: all lines, the worst first."""

from pipeline.view.boards.board import Setting, board, level_variables, source, window_variable
from pipeline.view.boards.figures import (
    kpi_cells,
    kpi_columns,
    kpi_numbers,
    kpi_targets,
    level_columns,
    open_alarms,
    timeline_options,
)
from pipeline.view.boards.influxql import BEFORE_TOO, NOW, RANGE, Scope, elements_query, grouped, quoted
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
    table,
    thresholds,
)

SHARE_NOW = "10s"
"""Windows that say what a line does now."""
NAMED = 4
"""Levels above the unit that name a line on a curve."""
MOST_FREQUENT = 10


def park_board(setting: Setting) -> Json:
    lines = Scope(setting.levels, setting.levels[:-2])
    rows = [
        Row(f"{setting['kpis']} ({setting['shown_time']})", kpi_numbers(setting, lines)),
        Row(setting["lines"], [_lines(setting, lines), _running(setting, lines)]),
        Row(setting["alarms"], [open_alarms(setting, lines), _frequent(setting, lines)]),
        Row(setting["energy"], [_energy(setting)]),
    ]
    chosen = level_variables(setting, len(setting.levels) - 2, 0)
    return board(setting, "park", rows, [source(setting, "influx"), *chosen, window_variable(setting)])


def _lines(setting: Setting, scope: Scope) -> Panel:
    tags = scope.tags
    share = _share(f"{scope.windows(NOW, SHARE_NOW)} AND \"product\" = ''")
    newest = f'SELECT LAST("active") AS "active" FROM "alerts" WHERE {scope.places} AND {BEFORE_TOO}'
    standing = f'SELECT SUM("active") AS "open" FROM ({newest}{grouped((*setting.levels, "alarm"))}){grouped(tags)}'
    targets = [
        influx(f'SELECT LAST("share") AS "now" FROM ({share}{grouped(tags)}){grouped(tags)}', ref="NOW", table=True),
        *kpi_targets(scope),
        influx(elements_query(['SUM("gq") AS "gq"'], scope, tags), ref="PARTS", table=True),
        influx(standing, ref="ALARMS", table=True),
    ]
    columns = {"now": setting["now"], **level_columns(setting, tags), **kpi_columns(setting)}
    columns |= {"gq": f"{setting['parts']}, {setting['gq']}", "open": setting["open_alarms"]}
    last = by_name(setting.level(tags[-1]), links=setting.link("line", tags))
    alarmed = by_name(
        setting["open_alarms"],
        thresholds=thresholds(((None, GREEN), (1, RED))),
        custom__cellOptions={"type": "color-text"},
    )
    whole = by_name(columns["gq"], unit="short", decimals=0)
    return table(
        setting["lines"], setting["lines_about"], targets, columns,
        overrides=[_now_cell(setting), *kpi_cells(setting), whole, alarmed, last],
        sort=(kpi_columns(setting)["oee"], False), size=(24, 10),
    )  # fmt: skip


def _share(where: str) -> str:
    """Producing as a share of what is known, of each window of which something is."""
    known = '("pbt_s" - "unclassified_s")'
    return f'SELECT "apt_s" / {known} AS "share" FROM "elements" WHERE {where} AND {known} > 0'


def _now_cell(setting: Setting) -> Json:
    spans = [(-0.001, 0.0499, "stopped", RED), (0.0499, 0.9499, "partly", YELLOW), (0.9499, 1.001, "running", GREEN)]
    mappings: list[Json] = [
        {
            "type": "range",
            "options": {"from": low, "to": high, "result": {"text": setting[word], "color": color, "index": k}},
        }
        for k, (low, high, word, color) in enumerate(spans)
    ]
    mappings.append({"type": "special", "options": {"match": "null+nan", "result": {"text": setting["silent"]}}})
    return by_name(setting["now"], mappings=mappings, custom__cellOptions={"type": "color-text"})


def _running(setting: Setting, scope: Scope) -> Panel:
    sums = [f'SUM("{name}_s") AS "{name}"' for name in ("apt", "pbt", "unclassified")]
    inner = elements_query(sums, scope, scope.tags, by_time=True)
    known = '("pbt" - "unclassified")'
    query = f'SELECT "apt" / {known} AS "share" FROM ({inner}) WHERE {known} > 0{grouped(scope.tags)}'
    alias = "/".join(f"[[tag_{level}]]" for level in scope.tags[-NAMED:])
    defaults: Json = {
        "unit": "percentunit", "decimals": 0, "min": 0, "max": 1,
        "color": {"mode": "thresholds"}, "thresholds": thresholds(((None, RED), (0.05, YELLOW), (0.95, GREEN))),
        "custom": {"lineWidth": 0, "fillOpacity": 80},
    }  # fmt: skip
    return Panel(
        "state-timeline", setting["running_share"], setting["running_share_about"], [influx(query, alias)], (24, 8),
        timeline_options(), defaults, interval="$window",
    )  # fmt: skip


def _frequent(setting: Setting, scope: Scope) -> Panel:
    tags = (*setting.levels, "alarm", "priority")
    query = (
        f'SELECT COUNT("id") AS "raised" FROM "alerts" WHERE {scope.places} AND "transition" = 0 AND {RANGE}'
        f" GROUP BY {quoted(tags)}"
    )
    columns = {"raised": setting["raised"], **level_columns(setting, setting.levels), "alarm": setting["alarm"]}
    columns |= {"priority": setting["priority"]}
    return table(
        setting["frequent_alarms"], setting["frequent_alarms_about"], [influx(query, table=True)], columns,
        sort=(setting["raised"], True), size=(24, 7), most=MOST_FREQUENT,
    )  # fmt: skip


def _energy(setting: Setting) -> Panel:
    """Meters belong to units, and a line's is the sum of theirs: units alone are summed."""
    scope = Scope(setting.levels, setting.levels[:-2], "unit")
    tags = setting.levels[:-1]
    query = elements_query(['SUM("energy_wh") AS "energy_wh"'], scope, tags, by_time=True)
    alias = "/".join(f"[[tag_{level}]]" for level in tags[-NAMED:])
    defaults: Json = {"unit": "watth", "decimals": 1, "custom": curves(stacked=True, bars=True)}
    return Panel(
        "timeseries", setting["energy"], setting["energy_about"], [influx(query, alias)], (24, 8), dict(LEGEND),
        defaults, interval="$window",
    )  # fmt: skip
