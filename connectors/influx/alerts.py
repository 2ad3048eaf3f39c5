"""Transitions of alarms as points of the measurement `alerts`, and back.

Rules: (id, transition) is stored once, and the first one stays. A point is named by alarm and time, so a second
transition of an alarm in one ms moves on by 1 ms; `event_time_ms` keeps the moment itself.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from connectors.codecs import alerts_json
from connectors.codecs.influx_lines import heads, lines
from connectors.influx.dtypes import DTYPES
from connectors.influx.measurements import LEVEL, FieldType, level_of
from connectors.influx.queries import FIRST_MS, LAST_MS, TAG, Queries, Where, select
from connectors.influx.series import path_tags
from pipeline.core.results import Transition

MEASUREMENT = "alerts"
MOVED_MS = 1_000
"""No alarm moves on further than this: it would need a thousand transitions in one ms."""
TYPES: Mapping[str, FieldType] = {
    "id": "string", "transition": "integer", "state": "string", "previous": "string", "active": "integer",
    "event_time_ms": "integer", "raised_ms": "integer", "value": "float", "threshold": "float", "uom": "string",
    "message_en": "string", "message_vi": "string", "advice_en": "string", "advice_vi": "string", "incident": "string",
    "revision": "integer", "announced": "boolean", "reason": "string",
}  # fmt: skip
_TAGS = ("alarm", "priority")
Place = tuple[str, str, int, int]
"""Equipment, alarm, priority, time: a point."""


class Alerts:
    def __init__(self, queries: Queries, levels: Sequence[str]) -> None:
        self._queries, self._levels = queries, levels

    def places(self, alerts: Sequence[Transition]) -> dict[Place, Transition]:
        """Where those go that are not stored yet; asks the store for what lies there already."""
        if not alerts:
            return {}
        times = [t.event_time_ms for t in alerts]
        stored = self._read(Where(), min(times), max(times) + MOVED_MS)
        names = zip(*(stored[name].to_list() for name in ("id", "transition")), strict=True)
        known = set(names)
        taken = set(zip(*(stored[name].to_list() for name in ("equipment", "alarm", "priority", "time")), strict=True))
        found: dict[Place, Transition] = {}
        for t in sorted(alerts, key=lambda t: (t.event_time_ms, t.raised_ms, t.id, t.transition)):
            if (t.id, t.transition) in known:
                continue
            known.add((t.id, t.transition))
            time = t.event_time_ms
            while (place := (t.equipment, t.alarm, t.priority, time)) in taken:
                time += 1
            taken.add(place)
            found[place] = t
        return found

    def read(self, where: Where, since_ms: int | None, until_ms: int | None) -> pl.DataFrame:
        table = self._read(where, since_ms, None if until_ms is None else until_ms + MOVED_MS)
        until = pl.lit(True) if until_ms is None else pl.col("event_time_ms") < until_ms
        since = pl.lit(True) if since_ms is None else pl.col("event_time_ms") >= since_ms
        return alerts_json.in_order(table.filter(since, until).select(list(alerts_json.SCHEMA)))

    def _read(self, where: Where, since_ms: int | None, until_ms: int | None) -> pl.DataFrame:
        where.between(since_ms, until_ms)
        tags = (*self._levels, *_TAGS)
        table = self._queries.table([select(MEASUREMENT, tags, where.text())], where.values, tags, TYPES)
        if table.is_empty():
            return pl.DataFrame(schema={**alerts_json.SCHEMA, "time": pl.Int64})
        path = [pl.col(f"{TAG}{level}").replace("", None) for level in self._levels]
        lacking = [name for name in TYPES if name not in table.columns]
        return table.with_columns(
            pl.concat_str(path, separator="/", ignore_nulls=True).alias("equipment"),
            pl.col(f"{TAG}alarm").alias("alarm"),
            pl.col(f"{TAG}priority").cast(pl.Int64).alias("priority"),
            *(pl.lit(None, DTYPES[TYPES[name]]).alias(name) for name in lacking),
        )


def alert_lines(placed: Mapping[Place, Transition], levels: Sequence[str]) -> pl.Series:
    """Null where a time cannot be kept."""
    if not placed:
        return pl.Series(dtype=pl.String)
    rows = [
        {
            **path_tags(t.equipment, levels),
            LEVEL: level_of(t.equipment.count("/") + 1, len(levels)),
            "alarm": t.alarm,
            "priority": str(t.priority),
        }
        for t in placed.values()
    ]
    head = heads(MEASUREMENT, {name: pl.Series(name, [row[name] for row in rows]) for name in rows[0]})
    fields = [
        pl.Series(name, [alert_value(t, name) for t in placed.values()], DTYPES[dtype]) for name, dtype in TYPES.items()
    ]
    return lines(head, fields, pl.Series([place[-1] for place in placed], dtype=pl.Int64))


def alert_value(t: Transition, name: str) -> float | int | str | bool | None:
    if name == "active":
        return alerts_json.IS_ACTIVE.get(t.state)
    value: float | int | str | bool | None = getattr(t, name)
    return value


def alert_slip(t: Transition) -> str:
    if FIRST_MS <= t.event_time_ms < LAST_MS - MOVED_MS:
        return ""
    return f"event_time_ms: got {t.event_time_ms}; InfluxDB keeps times from 1677 to 2262"
