"""Panels that several boards have: KPIs as numbers, tables and curves, states over time, alarms."""

from collections.abc import Sequence

from pipeline.core.kpi import Kpi
from pipeline.steps.kpis import known_kpis
from pipeline.view.boards.board import Setting
from pipeline.view.boards.influxql import BEFORE_TOO, RANGE, Scope, kpi_query, quoted
from pipeline.view.boards.panels import (
    BLUE,
    GREEN,
    GREY,
    LEGEND,
    RED,
    WIDTH,
    YELLOW,
    Json,
    Panel,
    Steps,
    by_name,
    curves,
    influx,
    stat,
    table,
    thresholds,
)
from pipeline.view.words import STATES

GOOD, FAIR = 0.85, 0.6
KNOWN_GOOD, KNOWN_FAIR = 0.99, 0.9
STATE_COLORS = {
    "execute": GREEN, "idle": BLUE, "complete": BLUE, "held": YELLOW, "suspended": YELLOW, "stopped": RED,
    "aborted": "dark-red", "undefined": GREY,
}  # fmt: skip


def kpi_name(kpi: Kpi, setting: Setting) -> str:
    return kpi.name_vi if setting.language == "vi" else kpi.name_en


def kpi_sentence(kpi: Kpi, setting: Setting) -> str:
    return kpi.description_vi if setting.language == "vi" else kpi.description


def kpi_steps(kpi: Kpi) -> Steps:
    """Colours by what is better; of how much is known more is asked."""
    good, fair = (KNOWN_GOOD, KNOWN_FAIR) if kpi.id == "coverage" else (GOOD, FAIR)
    if kpi.better == "lower":
        return ((None, GREEN), (1 - good, YELLOW), (1 - fair, RED))
    return ((None, RED), (fair, YELLOW), (good, GREEN))


def kpi_unit(kpi: Kpi) -> str:
    return "percentunit" if kpi.unit == "ratio" else f"suffix: {kpi.unit}"


def kpi_numbers(setting: Setting, scope: Scope) -> list[Panel]:
    """Each KPI of all the chosen equipment together, over the time shown."""
    kpis = known_kpis()
    return [
        stat(
            kpi_name(kpi, setting),
            f"{kpi_sentence(kpi, setting)} ({setting['shown_time']})",
            influx(kpi_query(kpi, scope), kpi.id),
            steps=kpi_steps(kpi),
            unit=kpi_unit(kpi),
            size=(WIDTH // min(len(kpis), 6), 4),
        )
        for kpi in kpis
    ]


def kpi_targets(scope: Scope) -> list[Json]:
    """A row for each equipment, a query for each KPI."""
    return [influx(kpi_query(kpi, scope, scope.tags), ref=f"K{k}", table=True) for k, kpi in enumerate(known_kpis())]


def kpi_columns(setting: Setting) -> dict[str, str]:
    """The least shared one first: OEE."""
    kpis = sorted(known_kpis(), key=lambda kpi: kpi.id != "oee")
    return {kpi.id: kpi_name(kpi, setting) for kpi in kpis}


def kpi_cells(setting: Setting) -> list[Json]:
    return [
        by_name(
            kpi_name(kpi, setting),
            unit=kpi_unit(kpi),
            decimals=1,
            thresholds=thresholds(kpi_steps(kpi)),
            custom__cellOptions={"type": "color-text"},
        )
        for kpi in known_kpis()
    ]


def factors(setting: Setting, scope: Scope, size: tuple[int, int] = (24, 9)) -> Panel:
    """All KPIs over time."""
    kpis = known_kpis()
    targets = [
        influx(kpi_query(kpi, scope, by_time=True), kpi_name(kpi, setting), ref=f"K{k}") for k, kpi in enumerate(kpis)
    ]
    defaults: Json = {"unit": "percentunit", "decimals": 1, "min": 0, "custom": curves()}
    strong = by_name(kpi_columns(setting)["oee"], custom__lineWidth=3) if "oee" in kpi_columns(setting) else None
    return Panel(
        "timeseries", setting["factors"], setting["factors_about"], targets, size, dict(LEGEND), defaults,
        [strong] if strong else [], interval="$window",
    )  # fmt: skip


def states(setting: Setting, scope: Scope, size: tuple[int, int] = (24, 7)) -> Panel:
    """What each machine did when."""
    query = f'SELECT "state" FROM "states" WHERE {scope.places} AND {BEFORE_TOO} GROUP BY {quoted(scope.levels[-1:])}'
    mapped: Json = {
        name: {"text": words[setting.language == "vi"], "color": STATE_COLORS.get(name, "semi-dark-yellow"), "index": k}
        for k, (name, words) in enumerate(STATES.items())
    }
    defaults: Json = {
        "custom": {"lineWidth": 0, "fillOpacity": 80},
        "mappings": [{"type": "value", "options": mapped}],
    }
    target = influx(query, f"[[tag_{scope.levels[-1]}]]")
    return Panel(
        "state-timeline", setting["states"], setting["states_about"], [target], size, timeline_options(), defaults
    )


def timeline_options() -> Json:
    return {**LEGEND, "mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.9}


def open_alarms(setting: Setting, scope: Scope, size: tuple[int, int] = (24, 7)) -> Panel:
    """One row an alarm that stands."""
    message, advice = f"message_{setting.language}", f"advice_{setting.language}"
    tags = quoted([*scope.levels, "alarm", "priority"])
    newest = (
        f'SELECT LAST("transition"), "active", "value", "{message}", "{advice}" FROM "alerts" '
        f"WHERE {scope.places} AND {BEFORE_TOO} GROUP BY {tags}"
    )
    query = f'SELECT "value", "{message}", "{advice}", {tags} FROM ({newest}) WHERE "active" = 1'
    columns = {"priority": setting["priority"], **level_columns(setting, scope.levels), "alarm": setting["alarm"]}
    columns |= {message: setting["message"], "value": setting["value"], advice: setting["advice"]}
    return table(
        setting["open_alarms"], setting["open_alarms_about"], [influx(query, table=True)], columns,
        overrides=[priority_colors(setting)], sort=(setting["priority"], False), size=size, time=setting["time"],
    )  # fmt: skip


def level_columns(setting: Setting, levels: Sequence[str]) -> dict[str, str]:
    return {level: setting.level(level) for level in levels}


def priority_colors(setting: Setting) -> Json:
    """1 is the highest."""
    colors = {str(k): {"color": color, "index": k} for k, color in enumerate((RED, "orange", YELLOW, BLUE), 1)}
    return by_name(
        setting["priority"],
        mappings=[{"type": "value", "options": colors}],
        custom__cellOptions={"type": "color-text"},
    )


def alarm_marks(setting: Setting, scope: Scope) -> Json:
    """Raises and returns as annotations."""
    message = f"message_{setting.language}"
    query = f'SELECT "{message}", "alarm"::tag, "state" FROM "alerts" WHERE {scope.places} AND {RANGE}'
    target: Json = {
        "refId": "Anno", "query": query, "rawQuery": True, "textEditor": True, "fromAnnotations": True,
        "textColumn": message, "tagsColumn": "alarm,state", "titleColumn": "", "timeEndColumn": "",
    }  # fmt: skip
    return {
        "name": setting["alarms"], "datasource": {"type": "influxdb", "uid": "${influx}"}, "enable": True,
        "hide": False, "iconColor": RED, "target": target,
    }  # fmt: skip
