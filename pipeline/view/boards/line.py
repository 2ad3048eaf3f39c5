"""The board *line*: OEE and its factors, states, where the time went, parts, alarms, shifts."""

from pipeline.core.kpi import Kpi
from pipeline.steps.kpis import known_kpis
from pipeline.view.boards.board import Setting, board, level_variables, source, window_variable
from pipeline.view.boards.figures import (
    alarm_marks,
    factors,
    kpi_cells,
    kpi_columns,
    kpi_numbers,
    kpi_targets,
    level_columns,
    open_alarms,
    priority_colors,
    states,
)
from pipeline.view.boards.influxql import RANGE, SHORT_WINDOWS, Scope, elements_query, quoted, summed
from pipeline.view.boards.panels import (
    BLUE,
    GREEN,
    GREY,
    LEGEND,
    NEWEST,
    RED,
    YELLOW,
    Json,
    Panel,
    Row,
    by_name,
    curves,
    influx,
    table,
)

TIMES = {"apt_ms": GREEN, "aust_ms": BLUE, "adet_ms": YELLOW, "adot_ms": RED, "unclassified_ms": GREY}
PARTS = {"gq": GREEN, "sq": RED, "rq": YELLOW}


def line_board(setting: Setting) -> Json:
    above = setting.levels[:-1]
    line, units = Scope(setting.levels, above), Scope(setting.levels, above, "unit")
    rows = [
        Row(f"{setting['kpis']} ({setting['shown_time']})", [*kpi_numbers(setting, line), factors(setting, line)]),
        Row(setting["states"], [states(setting, units), _machines(setting, units)]),
        Row(setting["losses"], [_planned_time(setting, line), _loss_chain(setting, line)]),
        Row(setting["parts"], [_parts(setting, line), _shifts(setting, line)]),
        Row(setting["alarms"], [open_alarms(setting, line), _alarms(setting, line)]),
    ]
    variables = [source(setting, "influx"), *level_variables(setting, 0, len(above)), window_variable(setting)]
    return board(setting, "line", rows, variables, annotations=[alarm_marks(setting, line)])


def _machines(setting: Setting, scope: Scope) -> Panel:
    unit = setting.levels[-1]
    columns = {**level_columns(setting, setting.levels), **kpi_columns(setting)}
    link = by_name(setting.level(unit), links=setting.link("machine", setting.levels))
    return table(
        setting["machines"], setting["machines_about"], kpi_targets(scope), columns,
        overrides=[*kpi_cells(setting), link], sort=(kpi_columns(setting)["oee"], False), size=(24, 6),
    )  # fmt: skip


def _planned_time(setting: Setting, scope: Scope) -> Panel:
    query = elements_query([summed(name) for name in TIMES], scope, by_time=True)
    names = [
        by_name(name, displayName=setting[name], color={"mode": "fixed", "fixedColor": color})
        for name, color in TIMES.items()
    ]
    defaults: Json = {"unit": "ms", "custom": curves(stacked=True, bars=True)}
    return Panel(
        "timeseries", setting["planned_time"], setting["planned_time_about"], [influx(query, "$col")], (14, 9),
        dict(LEGEND), defaults, names, interval="$window",
    )  # fmt: skip


def _loss_chain(setting: Setting, scope: Scope) -> Panel:
    """Planned busy time = what was lost, step by step, + the ideal time of the good parts."""
    lost = {name: f'SUM("{name.removesuffix("_ms")}_s") * 1000' for name in TIMES if name != "apt_ms"}
    lost["speed_ms"] = '(SUM("apt_s") - SUM("ideal_s")) * 1000'
    lost["scrap_ms"] = 'SUM("ideal_s") * (SUM("pq") - SUM("gq")) / SUM("pq") * 1000'
    lost["good_ms"] = 'SUM("ideal_s") * SUM("gq") / SUM("pq") * 1000'
    query = elements_query([f'{text} AS "{name}"' for name, text in lost.items()], scope)
    colors = {**TIMES, "speed_ms": "orange", "scrap_ms": "dark-red", "good_ms": GREEN}
    names = [
        by_name(name, displayName=setting[name], color={"mode": "fixed", "fixedColor": colors[name]}) for name in lost
    ]
    options: Json = {**NEWEST, "orientation": "horizontal", "displayMode": "basic", "showUnfilled": True}
    defaults: Json = {"unit": "ms", "decimals": 1, "noValue": "–"}
    target = influx(query, "$col")
    return Panel(
        "bargauge", setting["loss_chain"], setting["loss_chain_about"], [target], (10, 9), options, defaults, names
    )


def _parts(setting: Setting, scope: Scope) -> Panel:
    query = elements_query([summed(name) for name in PARTS], scope, by_time=True)
    names = [
        by_name(name, displayName=setting[name], color={"mode": "fixed", "fixedColor": color})
        for name, color in PARTS.items()
    ]
    defaults: Json = {"unit": "short", "decimals": 0, "custom": curves(stacked=True, bars=True)}
    return Panel(
        "timeseries", setting["parts"], setting["parts_about"], [influx(query, "$col")], (12, 8), dict(LEGEND),
        defaults, names, interval="$window",
    )  # fmt: skip


def _shifts(setting: Setting, scope: Scope) -> Panel:
    """Shift windows are those of no usual length; each is a result of its own."""
    kpis: list[Kpi] = list(known_kpis())
    chosen = f'{scope.places} AND "level"::tag = \'line\' AND "product" = \'\' AND "window" !~ /^({SHORT_WINDOWS})$/'
    when = "time >= ${__to}ms - 7d AND time <= ${__to}ms"
    query = f'SELECT {quoted([kpi.id for kpi in kpis])}, "window"::tag FROM "kpis" WHERE {chosen} AND {when}'
    columns = {"window": setting["shift"], **kpi_columns(setting)}
    return table(
        setting["shifts"], setting["shifts_about"], [influx(query, table=True)], columns,
        overrides=kpi_cells(setting), sort=(setting["time"], True), size=(12, 8), time=setting["time"],
    )  # fmt: skip


def _alarms(setting: Setting, scope: Scope) -> Panel:
    message = f"message_{setting.language}"
    unit = setting.levels[-1]
    query = (
        f'SELECT "state", "value", "threshold", "{message}", "{unit}"::tag, "alarm"::tag, "priority"::tag '
        f'FROM "alerts" WHERE {scope.places} AND {RANGE}'
    )
    columns = {unit: setting.level(unit), "alarm": setting["alarm"], "priority": setting["priority"]}
    columns |= {"state": setting["state"], message: setting["message"], "value": setting["value"]}
    columns |= {"threshold": setting["limit"]}
    return table(
        setting["alarms"], setting["alarms_about"], [influx(query, table=True)], columns,
        overrides=[priority_colors(setting)], sort=(setting["time"], True), time=setting["time"],
    )  # fmt: skip
