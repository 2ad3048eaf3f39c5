"""What an InfluxDB 2 keeps and refuses, in memory: points by series and time, one type a field and week.

Rules, as measured on 2.9.1: a line that cannot be read refuses the whole body; of lines that can, those with the wrong
type or from before the retention are dropped whole and the others are stored.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

WEEK_MS = 7 * 86_400_000
Value = float | int | str | bool
Series = tuple[str, tuple[tuple[str, str], ...]]
"""Measurement and tags, in order."""

_NAME = r"(?:\\.|[^,= \\])+"
_TEXT = r'"(?:\\.|[^"\\])*"'
_FIELDS = rf"{_NAME}=(?:{_TEXT}|[^, \"]+)(?:,{_NAME}=(?:{_TEXT}|[^, \"]+))*"
_LINE = re.compile(rf"((?:\\.|[^, \\])+)((?:,{_NAME}={_NAME})*) ({_FIELDS})(?: (-?\d+))?", re.DOTALL)
_TAG = re.compile(rf",({_NAME})=({_NAME})")
_FIELD = re.compile(rf"({_NAME})=({_TEXT}|[^,]+)", re.DOTALL)
_LINES = re.compile(rf"(?:{_TEXT}|[^\n\"])+", re.DOTALL)
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
TYPES = {float: "float", int: "integer", str: "string", bool: "boolean"}
_TRUTH = {"t": True, "T": True, "true": True, "True": True, "TRUE": True} | {
    "f": False, "F": False, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


class Unparsed(ValueError):
    """The line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Point:
    series: Series
    time: int
    fields: Mapping[str, Value]


@dataclass
class Bucket:
    """`retention_ms` 0: for ever."""

    retention_ms: int = 0
    points: dict[Series, dict[int, dict[str, Value]]] = field(default_factory=dict)
    types: dict[tuple[str, str, int], type] = field(default_factory=dict)

    def write(self, body: str, now_ms: int) -> str:
        """Why some were dropped, or "". Raises Unparsed: then nothing of it is stored."""
        found = [parsed(line, now_ms) for line in _LINES.findall(body) if line.strip()]
        old = [point for point in found if self.retention_ms and point.time < now_ms - self.retention_ms]
        conflicts = [slip for point in found if point not in old and (slip := self._store(point))]
        if conflicts:
            return f"partial write: {conflicts[0]} dropped={len(conflicts)}"
        hours = self.retention_ms // 3_600_000
        return (
            f"partial write: dropped {len(old)} points outside retention policy of duration {hours}h0m0s" if old else ""
        )

    def _store(self, point: Point) -> str:
        measurement, week = point.series[0], point.time // WEEK_MS
        for name, value in point.fields.items():
            known = self.types.setdefault((measurement, name, week), type(value))
            if known is not type(value):
                is_type, was_type = TYPES[type(value)], TYPES[known]
                where = f'input field "{name}" on measurement "{measurement}"'
                return f"field type conflict: {where} is type {is_type}, already exists as type {was_type}"
        self.points.setdefault(point.series, {}).setdefault(point.time, {}).update(point.fields)
        return ""

    def rows(self, measurement: str) -> Iterator[tuple[Series, int, dict[str, Value]]]:
        for series, times in self.points.items():
            if series[0] == measurement:
                for time, fields in times.items():
                    yield series, time, fields


def parsed(line: str, now_ms: int) -> Point:
    found = _LINE.fullmatch(line.strip(" \r"))
    if found is None:
        raise Unparsed(f"unable to parse '{line}': missing fields")
    measurement, tags, fields, stamp = found.groups()
    pairs = tuple(sorted((_plain(key), _plain(value)) for key, value in _TAG.findall(tags)))
    try:
        values = {_plain(key): read(text) for key, text in _FIELD.findall(fields)}
    except ValueError:
        raise Unparsed(f"unable to parse '{line}': invalid number") from None
    return Point((_plain(measurement), pairs), now_ms if stamp is None else int(stamp), values)


def read(text: str) -> Value:
    """A field's value; raises ValueError."""
    if text.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if text in _TRUTH:
        return _TRUTH[text]
    if re.fullmatch(r"[+-]?\d+[iu]", text):
        whole = int(text[:-1])
        if not -(1 << 63) <= whole < 1 << 63:
            raise ValueError
        return whole
    if not _FLOAT.fullmatch(text):
        raise ValueError
    return float(text)


def _plain(name: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", name)
