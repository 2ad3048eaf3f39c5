"""A panel of a board as Grafana's JSON: its queries, how values are drawn, where it lies.

Rules: every panel has a title, a description and its data source by variable; rows of panels are laid out from the top,
nothing overlaps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Json = dict[str, object]
WIDTH = 24
INFLUX: Mapping[str, str] = {"type": "influxdb", "uid": "${influx}"}
PROMETHEUS: Mapping[str, str] = {"type": "prometheus", "uid": "${prometheus}"}
RED, YELLOW, GREEN, BLUE, GREY = "red", "yellow", "green", "blue", "#808080"
Steps = Sequence[tuple[float | None, str]]


@dataclass(frozen=True, slots=True)
class Panel:
    """`defaults` and `overrides` say how fields are drawn, `options` how the panel is; `interval`: the least."""

    kind: str
    title: str
    description: str
    targets: Sequence[Json]
    size: tuple[int, int] = (12, 8)
    options: Json = field(default_factory=dict)
    defaults: Json = field(default_factory=dict)
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    interval: str = ""

    def drawn(self, number: int, x: int, y: int) -> Json:
        width, height = self.size
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": dict(PROMETHEUS if "expr" in self.targets[0] else INFLUX),
            "gridPos": {"x": x, "y": y, "w": width, "h": height},
            **({"interval": self.interval} if self.interval else {}),
            "targets": list(self.targets),
            "options": self.options,
            "fieldConfig": {"defaults": self.defaults, "overrides": list(self.overrides)},
            "transformations": list(self.transformations),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A heading with panels below; `repeat`: once for each value of this variable."""

    title: str
    panels: Sequence[Panel]
    repeat: str = ""

    def drawn(self, number: int, y: int) -> Json:
        return {
            "id": number,
            "type": "row",
            "title": self.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            **({"repeat": self.repeat} if self.repeat else {}),
            "panels": [],
        }


def laid_out(rows: Sequence[Row]) -> list[Json]:
    """All rows and their panels with numbers and places; a panel that has no room begins below."""
    drawn: list[Json] = []
    top = 0
    for row in rows:
        drawn.append(row.drawn(len(drawn) + 1, top))
        top += 1
        x = height = 0
        for panel in row.panels:
            if x + panel.size[0] > WIDTH:
                x, top, height = 0, top + height, 0
            drawn.append(panel.drawn(len(drawn) + 1, x, top))
            x, height = x + panel.size[0], max(height, panel.size[1])
        top += height
    return drawn


def influx(query: str, alias: str = "", *, ref: str = "A", table: bool = False) -> Json:
    """`alias` names a series: [[tag_<tag>]], $col."""
    return {
        "refId": ref,
        "datasource": dict(INFLUX),
        "query": query,
        "rawQuery": True,
        "resultFormat": "table" if table else "time_series",
        **({"alias": alias} if alias else {}),
    }


def prometheus(expression: str, legend: str, ref: str = "A") -> Json:
    return {
        "refId": ref,
        "datasource": dict(PROMETHEUS),
        "expr": expression,
        "legendFormat": legend,
        "range": True,
        "editorMode": "code",
    }


def thresholds(steps: Steps) -> Json:
    """Colours from a value on; the first one from below."""
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}


def override(regexp: str, **properties: object) -> Json:
    """Fields whose name matches; `custom__x` stands for custom.x."""
    found = [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()]
    return {"matcher": {"id": "byRegexp", "options": f"/{regexp}/"}, "properties": found}


def by_name(name: str, **properties: object) -> Json:
    found = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": found}


def curves(*, stacked: bool = False, bars: bool = False) -> Json:
    """How a time series is drawn."""
    return {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 1,
        "fillOpacity": 70 if bars else 0,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "axisSoftMin": 0,
    }


LEGEND: Json = {
    "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []},
    "tooltip": {"mode": "multi", "sort": "none"},
}
NEWEST: Json = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}


def stat(title: str, description: str, target: Json, *, steps: Steps, unit: str, size: tuple[int, int]) -> Panel:
    """One big number with its colour."""
    options: Json = {
        **NEWEST, "orientation": "auto", "textMode": "auto", "wideLayout": True, "colorMode": "value",
        "graphMode": "none", "justifyMode": "auto", "showPercentChange": False, "percentChangeColorMode": "standard",
    }  # fmt: skip
    defaults: Json = {"unit": unit, "decimals": 1, "noValue": "–", "thresholds": thresholds(steps)}
    return Panel("stat", title, description, [target], size, options, defaults)


def table(
    title: str,
    description: str,
    targets: Sequence[Json],
    columns: Mapping[str, str],
    *,
    overrides: Sequence[Json] = (),
    sort: tuple[str, bool] | None = None,
    size: tuple[int, int] = (24, 9),
    time: str = "",
    most: int = 0,
) -> Panel:
    """Rows of several queries put together by their tags. `columns` in order, with their headings; `sort` by a heading,
    downwards where true; `time`: heading of the time, left out unless said; at most `most` rows."""
    kept = {**({"Time": time} if time else {}), **columns}
    changed: list[Json] = []
    if not time:  # two queries never agree on it
        changed.append({"id": "filterFieldsByName", "options": {"exclude": {"names": ["Time"]}}})
    order: Json = {"indexByName": {name: k for k, name in enumerate(kept)}, "renameByName": kept}
    changed += [{"id": "merge", "options": {}}, {"id": "organize", "options": order}]
    if sort is not None:
        changed.append({"id": "sortBy", "options": {"fields": {}, "sort": [{"field": sort[0], "desc": sort[1]}]}})
    if most:
        changed.append({"id": "limit", "options": {"limitField": most}})
    options: Json = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": [], "fields": []}}
    defaults: Json = {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}, "noValue": "–"}
    return Panel("table", title, description, targets, size, options, defaults, overrides, changed)
