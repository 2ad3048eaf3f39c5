"""What a reader without any of our code makes of a wire: rows out of any bundled form, and rows put back into it.

Rule: plain JSON and nothing else; what is of no form has no rows.
"""

import json
from collections.abc import Callable
from typing import NamedTuple

Message = tuple[str, bytes]
OWN, UMH, TELEGRAF = "parkpulse/v1/data/", "umh/v1/", "telegraf/"


class Row(NamedTuple):
    """`unit` is the path of the unit."""

    unit: str
    metric: str
    t: int
    v: float | int | str


def rows_of(message: Message) -> list[Row]:
    """The rows of one message; none where it cannot be read."""
    topic, body = message
    try:
        content = json.loads(body)
        if topic.startswith(TELEGRAF):
            return [row for point in content.get("metrics", [content]) for row in _point_rows(point)]
        if isinstance(content, list):
            line = topic.removeprefix(OWN)
            return [Row(*_place(f"{line}/{row['m']}"), row["t"], row["v"]) for row in content]
        where = topic.removeprefix(OWN)
        if topic.startswith(UMH):
            path, _, metric = topic.removeprefix(UMH).partition("/_historian/")
            where = f"{path}/{metric.replace('/', '.')}"
        row = Row(*_place(where), content["timestamp_ms"], content["value"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [row] if isinstance(row.t, int) and not isinstance(row.v, dict) and "quality" not in content else []


def changed(message: Message, change: Callable[[Row], Row | None]) -> Message | None:
    """The message with each of its rows changed or, where `change` gives None, left out; None if none stays."""
    topic, body = message
    rows = rows_of(message)
    kept = [row for row in map(change, rows) if row is not None]
    if kept == rows:
        return message
    if not kept:
        return None
    content = json.loads(body)
    if topic.startswith(TELEGRAF):
        return topic, _json({"metrics": [_point(row) for row in kept]})
    if isinstance(content, list):
        line = topic.removeprefix(OWN)
        batch = [{"t": row.t, "m": f"{row.unit}/{row.metric}".removeprefix(f"{line}/"), "v": row.v} for row in kept]
        return topic, _json(batch)
    return topic, _json({"timestamp_ms": kept[0].t, "value": kept[0].v})


def _point_rows(point: dict) -> list[Row]:
    unit, name, t = point["tags"]["equipment"], point["name"], point["timestamp"]
    rows = [Row(unit, name if key == "value" else f"{name}.{key}", t, v) for key, v in point["fields"].items()]
    return [row for row in rows if isinstance(t, int) and not isinstance(row.v, dict)]


def _point(row: Row) -> dict:
    name, _, key = row.metric.rpartition(".")
    fields = {key: row.v} if name else {"value": row.v}
    return {"name": name or key, "timestamp": row.t, "tags": {"equipment": row.unit}, "fields": fields}


def _place(path: str) -> tuple[str, str]:
    unit, _, metric = path.rpartition("/")
    return unit, metric


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
