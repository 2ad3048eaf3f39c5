"""What the boards of one language share: their names, links, variables and frame.

Rule: a board's uid says which one it is and in which language, and stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.view.boards.influxql import is_chosen, variable
from pipeline.view.boards.panels import INFLUX, PROMETHEUS, Json, Row, laid_out
from pipeline.view.boards.words import BOARD_WORDS, LEVEL_WORDS

SCHEMA_VERSION = 41
PATIENCE = "30s"
"""How often a board asks again."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is declared and shown: `uoms` unit of measure by metric, where all lines agree; `windows` by name."""

    language: str
    levels: tuple[str, ...]
    timezone: str
    windows: tuple[str, ...]
    uoms: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """A word of the catalogue."""
        return BOARD_WORDS[name][self.language == "vi"]

    def level(self, name: str) -> str:
        return LEVEL_WORDS[name][self.language == "vi"] if name in LEVEL_WORDS else name

    def uid(self, board: str) -> str:
        return f"parkpulse-{board}-{self.language}"

    def address(self, board: str, fields: Sequence[str]) -> str:
        """Of another board, for the row that is clicked; other levels as they are chosen here."""
        chosen = (f"var-{variable(level)}={_of_row(self.level(level))}" for level in fields)
        return f"/d/{self.uid(board)}?{'&'.join(chosen)}&${{__url_time_range}}"

    def link(self, board: str, fields: Sequence[str]) -> list[Json]:
        return [{"title": self[f"{board}_link"], "url": self.address(board, fields), "targetBlank": False}]


def _of_row(heading: str) -> str:
    return f'${{__data.fields["{heading}"]}}'


def board(
    setting: Setting,
    name: str,
    rows: Sequence[Row],
    variables: Sequence[Json],
    *,
    annotations: Sequence[Json] = (),
    since: str = "now-8h",
) -> Json:
    """The whole of it."""
    return {
        "uid": setting.uid(name),
        "title": setting[name],
        "description": setting[f"{name}_about"],
        "tags": ["parkpulse", setting.language],
        "timezone": setting.timezone,
        "editable": False,
        "graphTooltip": 1,
        "time": {"from": since, "to": "now"},
        "refresh": PATIENCE,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "panels": laid_out(rows),
        "templating": {"list": list(variables)},
        "annotations": {"list": list(annotations)},
        "links": [_others(setting)],
    }


def _others(setting: Setting) -> Json:
    """The other boards of this language, with the time and the equipment that are chosen."""
    return {
        "type": "dashboards", "title": setting["others"], "tags": ["parkpulse", setting.language], "asDropdown": True,
        "includeVars": True, "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": "",
    }  # fmt: skip


def source(setting: Setting, kind: str) -> Json:
    """The variable that says which data source: `influx` or `prometheus`."""
    found, shown = (INFLUX, "ParkPulse InfluxDB") if kind == "influx" else (PROMETHEUS, "ParkPulse Prometheus")
    return {
        "type": "datasource", "name": kind, "label": setting[kind], "query": found["type"],
        "current": {"text": shown, "value": f"parkpulse-{kind}"}, "hide": 0, "multi": False,
        "includeAll": False, "refresh": 1, "regex": "/.*/", "options": [],
    }  # fmt: skip


def asked(name: str, label: str, query: str, *, several: bool = False) -> Json:
    """A variable whose values come from InfluxDB; `several`: any number of them, all at first."""
    return {
        "type": "query", "name": name, "label": label, "datasource": dict(INFLUX),
        "query": {"query": query, "refId": "values", "rawQuery": True}, "refresh": 2, "sort": 1, "regex": "", "hide": 0,
        "multi": several, "includeAll": several, "options": [],
        **({"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}} if several else {}),
    }  # fmt: skip


def level_variables(setting: Setting, several: int, single: int) -> list[Json]:
    """Chained from the top: of each level the names below what is chosen above it. First `several` levels with any
    number of names, then levels with one each."""
    found = []
    for k, level in enumerate(setting.levels[: several + single]):
        above = " AND ".join(is_chosen(upper, variable(upper)) for upper in setting.levels[:k])
        query = f'SHOW TAG VALUES FROM "metrics" WITH KEY = "{level}"{f" WHERE {above}" if above else ""}'
        found.append(asked(variable(level), setting.level(level), query, several=k < several))
    return found


def window_variable(setting: Setting) -> Json:
    """Length of the windows that figures are summed from."""
    usual = "1m" if "1m" in setting.windows else setting.windows[-1]
    options: list[Json] = [{"text": name, "value": name, "selected": name == usual} for name in setting.windows]
    return {
        "type": "custom", "name": "window", "label": setting["window"], "query": ",".join(setting.windows), "hide": 0,
        "current": {"text": usual, "value": usual}, "multi": False, "includeAll": False, "options": options,
    }  # fmt: skip
