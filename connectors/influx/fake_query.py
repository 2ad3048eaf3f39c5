"""The InfluxQL that our own driver says, and no more, over the points of a fake InfluxDB 2.

Statements: SELECT of fields and tags with conditions on tags, times and one field; DELETE by tags and a time; SHOW
FIELD KEYS; SHOW SERIES of a measurement; SHOW RETENTION POLICIES. Anything else is answered as 2.x answers what it has
not: with an error inside a result of status 200.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from connectors.influx.fake_points import TYPES, Bucket, Series, Value

Row = tuple[Series, int, Mapping[str, Value]]
Answer = dict[str, object]
_QUOTED = r'"((?:\\.|[^"\\])+)"'
_SELECT = re.compile(rf"SELECT (.+) FROM {_QUOTED}(?: WHERE (.+))?")
_DELETE = re.compile(rf"DELETE FROM {_QUOTED} WHERE (.+)")
_SERIES = re.compile(rf"SHOW SERIES FROM {_QUOTED}")
_POLICIES = re.compile(rf"SHOW RETENTION POLICIES ON {_QUOTED}")
_POLICY = ["name", "duration", "shardGroupDuration", "replicaN", "default"]
_TAG = re.compile(rf"{_QUOTED} = \$(\w+)")
_TIME = re.compile(r"time (>=|<|=) (-?\d+)ms")
_MORE = re.compile(rf"{_QUOTED}::field > (\d+)")


def answer(bucket: Bucket, text: str, values: Mapping[str, str]) -> Answer:
    """Of all statements, in order."""
    found = [_statement(bucket, one.strip(), values) for one in text.split("; ")]
    if text.startswith("DELETE"):
        return {}  # as 2.9 does
    return {"results": [{"statement_id": k, **one} for k, one in enumerate(found)]}


def _statement(bucket: Bucket, text: str, values: Mapping[str, str]) -> Answer:
    if text == "SHOW FIELD KEYS":
        return {"series": [_field_keys(bucket, name) for name in sorted({name for name, _, _ in bucket.types})]}
    if _POLICIES.fullmatch(text):
        return {"series": [{"columns": _POLICY, "values": [["autogen", "0s", "168h0m0s", 1, True]]}]}
    if shown := _SERIES.fullmatch(text):
        keys = sorted({series for series, _, _ in bucket.rows(_plain(shown[1]))})
        return {"series": [{"columns": ["key"], "values": [[_key(series)] for series in keys]}]} if keys else {}
    if select := _SELECT.fullmatch(text):
        return _select(bucket, select[1], _plain(select[2]), _conditions(select[3] or "", values))
    if delete := _DELETE.fullmatch(text):
        matches = _conditions(delete[2], values)
        for series, time, fields in list(bucket.rows(_plain(delete[1]))):
            if matches((series, time, fields)):
                del bucket.points[series][time]
        return {}
    return {"error": f"not implemented: {text}"}


def _key(series: Series) -> str:
    name, tags = series
    return ",".join([name, *(f"{_escaped(tag)}={_escaped(value)}" for tag, value in tags)])


def _escaped(text: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", text)


def _field_keys(bucket: Bucket, measurement: str) -> Answer:
    found = {(name, TYPES[kind]) for (owner, name, _), kind in bucket.types.items() if owner == measurement}
    return {"name": measurement, "columns": ["fieldKey", "fieldType"], "values": [list(one) for one in sorted(found)]}


def _select(bucket: Bucket, columns: str, measurement: str, matches: Callable[[Row], bool]) -> Answer:
    fields = [_plain(name) for name in re.findall(rf"{_QUOTED}::field", columns)]
    tags = [_plain(name) for name in re.findall(rf"{_QUOTED}::tag", columns)]
    if columns.startswith("*::field"):
        fields = sorted({name for owner, name, _ in bucket.types if owner == measurement})
    rows = [row for row in bucket.rows(measurement) if matches(row) and any(name in row[2] for name in fields)]
    if not rows:
        return {}
    table = [
        [time, *(own.get(name) for name in fields), *(dict(series[1]).get(tag) for tag in tags)]
        for series, time, own in sorted(rows, key=lambda row: (row[1], row[0]))
    ]
    return {
        "series": [{"name": measurement, "columns": ["time", *fields, *_told_apart(fields, tags)], "values": table}]
    }


def _told_apart(fields: Sequence[str], tags: Sequence[str]) -> list[str]:
    return [f"{tag}_1" if tag in fields else tag for tag in tags]


def _conditions(text: str, values: Mapping[str, str]) -> Callable[[Row], bool]:
    tags = [(_plain(name), values[place]) for name, place in _TAG.findall(text)]
    times = [(sign, int(ms)) for sign, ms in _TIME.findall(text)]
    more = [(_plain(name), int(number)) for name, number in _MORE.findall(text)]

    def matches(row: Row) -> bool:
        series, time, fields = row
        own = dict(series[1])
        return (
            all(own.get(name, "") == value for name, value in tags)
            and all({">=": time >= ms, "<": time < ms, "=": time == ms}[sign] for sign, ms in times)
            and all(_above(fields.get(name), number) for name, number in more)
        )

    return matches


def _above(value: Value | None, number: int) -> bool:
    return isinstance(value, int | float) and value > number


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)
