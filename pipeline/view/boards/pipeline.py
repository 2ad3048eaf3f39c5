"""The board *pipeline*: every instrument that a process of ours declares, and the ledger.

Rules: what is drawn follows from the kind of an instrument: of a counter its rate, of a gauge its value, of a histogram
median and 99 %; what counts as much is in LIMITS, as `deploy/prometheus/rules.yml` has it. All processes are shown, by
the variable `instance`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.ledger import FIELDS
from pipeline.runtime.instruments import Instruments
from pipeline.view.boards.board import Setting, board, level_variables, source
from pipeline.view.boards.figures import level_columns
from pipeline.view.boards.influxql import Scope, grouped
from pipeline.view.boards.instrument_words import INSTRUMENT_WORDS
from pipeline.view.boards.panels import (
    GREEN,
    LEGEND,
    PROMETHEUS,
    RED,
    Json,
    Panel,
    Row,
    by_name,
    curves,
    influx,
    prometheus,
    table,
    thresholds,
)
from pipeline.view.words import WORDS

CHOSEN = 'job="parkpulse", instance=~"$instance"'
HOURS = "time > ${__from}ms - 1h AND time <= ${__to}ms"
"""All hours that the time shown touches; a point of the ledger stands at the beginning of its hour."""
LABELS = ("instance", "role", "reason")
"""Of all instruments; one that has not all of them is shown by those it has."""
LIMITS: Mapping[str, float] = {
    "parkpulse_checkpoint_age_seconds": 120,
    "parkpulse_watermark_lag_seconds": 300,
    "parkpulse_consumer_lag_records": 5000,
    "parkpulse_silent_lines": 1,
    "parkpulse_ledger_gap_samples": 1,
}
"""From here on the rules raise an alert."""
SUFFIX_UNITS = {"_seconds": "s", "_bytes": "bytes"}


@dataclass(frozen=True, slots=True)
class Declared:
    """An instrument: `name` without what Prometheus adds for its kind."""

    name: str
    kind: str

    @property
    def unit(self) -> str:
        return next((unit for suffix, unit in SUFFIX_UNITS.items() if self.name.endswith(suffix)), "short")


def declared() -> list[Declared]:
    """The table of `runtime/instruments.py`."""
    return [Declared(found.name, found.type) for found in Instruments().registry.collect()]


def pipeline_board(setting: Setting) -> Json:
    panels = [_drawn(setting, one) for one in declared()]
    rows = [Row(setting["flow"], [_up(setting), *panels]), Row(setting["ledger"], [_ledger(setting)])]
    variables = [
        source(setting, "prometheus"),
        source(setting, "influx"),
        _instances(setting),
        *level_variables(setting, len(setting.levels) - 1, 0),
    ]
    return board(setting, "pipeline", rows, variables, since="now-3h")


def _instances(setting: Setting) -> Json:
    query = 'label_values(up{job="parkpulse"}, instance)'
    return {
        "type": "query", "name": "instance", "label": setting["instance"], "datasource": dict(PROMETHEUS),
        "query": {"query": query, "refId": "instances", "qryType": 1}, "refresh": 2, "sort": 1,
        "regex": "", "hide": 0, "multi": True, "includeAll": True, "allValue": ".*", "options": [],
        "current": {"text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


def _up(setting: Setting) -> Panel:
    defaults: Json = {"unit": "short", "min": 0, "max": 1, "decimals": 0, "custom": curves()}
    target = prometheus(f"up{{{CHOSEN}}}", "{{instance}}")
    return Panel("timeseries", setting["up"], setting["up_about"], [target], (8, 7), dict(LEGEND), defaults)


def _drawn(setting: Setting, one: Declared) -> Panel:
    title, about = INSTRUMENT_WORDS[one.name][setting.language == "vi"]
    limit = LIMITS.get(one.name)
    steps = thresholds(((None, GREEN), *([(limit, RED)] if limit is not None else [])))
    custom = {**curves(), **({"thresholdsStyle": {"mode": "dashed"}} if limit is not None else {})}
    rate = one.kind == "counter"
    defaults: Json = {"unit": "cps" if rate else one.unit, "min": 0, "thresholds": steps, "custom": custom}
    how = {"counter": setting["rate"], "histogram": setting["quantiles"]}.get(one.kind, "")
    return Panel(
        "timeseries", f"{title}, {how}" if how else title, about, _queries(one), (8, 7), dict(LEGEND), defaults
    )


def _queries(one: Declared) -> Sequence[Json]:
    by = ", ".join(LABELS)
    legend = " ".join(f"{{{{{label}}}}}" for label in LABELS)
    if one.kind == "counter":
        rate = f"rate({one.name}_total{{{CHOSEN}}}[$__rate_interval])"
        return [prometheus(f"sum by ({by}) ({rate})", legend)]
    if one.kind == "histogram":
        rates = f"sum by (le, {by}) (rate({one.name}_bucket{{{CHOSEN}}}[$__rate_interval]))"
        return [
            prometheus(f"histogram_quantile({q}, {rates})", f"{legend} {q:g}", ref)
            for q, ref in ((0.5, "A"), (0.99, "B"))
        ]
    return [prometheus(f"max by ({by}) ({one.name}{{{CHOSEN}}})", legend)]


def _ledger(setting: Setting) -> Panel:
    """From the store: what every gateway sent of every line, and what became of it."""
    scope = Scope(setting.levels, setting.levels[:-1])
    tags = ("gateway", *scope.tags)
    sums = ", ".join(f'SUM("{name}") AS "{name}"' for name in FIELDS)
    query = f'SELECT {sums} FROM "ledger" WHERE {scope.places} AND {HOURS}{grouped(tags)}'
    words = {name: WORDS[name][setting.language == "vi"] for name in FIELDS}
    columns = {"gateway": setting["gateway"], **level_columns(setting, scope.tags), **words}
    gap = by_name(
        words["gap"],
        thresholds=thresholds(((None, GREEN), (1, RED))),
        custom__cellOptions={"type": "color-text"},
    )
    return table(
        setting["ledger"], setting["ledger_about"], [influx(query, table=True)], columns, overrides=[gap],
        sort=(words["gap"], True),
    )  # fmt: skip
