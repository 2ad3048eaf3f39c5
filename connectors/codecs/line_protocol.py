"""One payload of influx line protocol: `measurement,tag=value field=1.5,other=3i 1780000000000000000`, a line a time.

Rule: each field is a sample, placed and named as `telegraf` says; a line that cannot be read costs that line only. A
backslash escapes `,`, `=` and blank in names, `"` and itself in texts; elsewhere it stands for itself.
"""

import re
from typing import Final, NamedTuple

from connectors.codecs.json_samples import ABSENT, MAX_SAMPLES, Flaw, Rows, Spelled, settle
from connectors.codecs.telegraf import EQUIPMENT, spell_fields
from connectors.codecs.topics import Route, quote
from pipeline.core.samples import Payload

# Possessive (`++`): what a part has taken it never gives back, so every line is read in one way and in linear time.
_NAME = r"(?:\\[,= ]|[^,= \n])++"
_HEAD = rf"((?:\\[, ]|[^, \n])++)((?:,{_NAME}={_NAME})*+)"
_TEXT = r'"(?:\\["\\]|[^"])*+"'
_FIELD = rf"{_NAME}=(?:{_TEXT}|[^,\"\s]++)"
_LINE = re.compile(rf"{_HEAD} ++({_FIELD}(?:,{_FIELD})*+)(?: ++(-?[0-9]{{1,20}}))? *+\r?(?:\n|\Z)")
_PARTS = re.compile(rf"({_NAME})=({_TEXT}|[^,\"\s]++)")
_HEAD_ALONE = re.compile(_HEAD)
_TAG = re.compile(rf",({_NAME})=({_NAME})")
_SKIPPED = re.compile(r"[ \t\r]*+(?:#[^\n]*+)?(?:\n|\Z)| ++")  # blank lines, comments, indents
_NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_WHOLE = re.compile(r"([+-]?[0-9]{1,20})i|([0-9]{1,20})u")
_BOOLS: Final = dict.fromkeys(("t", "T", "true", "True", "TRUE"), True) | dict.fromkeys(
    ("f", "F", "false", "False", "FALSE"), False
)
_EXPECTED = "expected measurement,tag=value field=value,... and a time in ns"


class Head(NamedTuple):
    """What stands before the fields, as far as it matters."""

    measurement: str
    equipment: str


def read_head(text: str) -> Head | None:
    """Measurement and equipment from measurement and tags, or None if that is not what the text holds."""
    found = _HEAD_ALONE.fullmatch(text)
    return found and _head(found[1], found[2])


def _head(measurement: str, tags: str) -> Head:
    named = {_plain(key): _plain(value) for key, value in _TAG.findall(tags)}
    return Head(re.sub(r"\\([, ])", r"\1", measurement), named.get(EQUIPMENT, ""))


def read_field(text: str) -> float | str | None:
    """A field's value, or None if it is none."""
    if text in _BOOLS:
        return _BOOLS[text]
    if text[:1] == '"':
        return re.sub(r'\\(["\\])', r"\1", text[1:-1]) if re.fullmatch(_TEXT, text) else None
    if _NUMBER.fullmatch(text):
        return float(text)
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return None
    number = int(text[:-1])
    return number if (-(1 << 63) <= number < 1 << 63 or whole[2]) and number < 1 << 64 else None


def _plain(name: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", name) if "\\" in name else name


def spell(route: Route, text: str) -> list[Spelled | Flaw]:
    """The samples of all lines."""
    spelled: list[Spelled | Flaw] = []
    at, number = 0, 1
    while at < len(text) and len(spelled) <= MAX_SAMPLES:
        skipped = _SKIPPED.match(text, at)
        begin = skipped.end() if skipped else at
        number += text.count("\n", at, begin)
        at = begin
        if (skipped and skipped[0].strip(" ")) or at == len(text):
            continue
        line = _LINE.match(text, at)
        if line is None:
            end = text.find("\n", at) + 1 or len(text)
            got = quote(text[at : min(end, at + 60)])
            spelled.append(Flaw("bad_json", f"line {number}: no line protocol; got {got}; {_EXPECTED}"))
        else:
            measurement, tags, fields, stamp = line.groups()
            spelled += _spell_line(route, number, _head(measurement, tags), fields, stamp)
            end = line.end()
        number += text.count("\n", at, end)
        at = end
    return spelled


def _spell_line(route: Route, number: int, head: Head, fields: str, stamp: str | None) -> list[Spelled | Flaw]:
    values: list[tuple[str, object]] = []
    for key, text in _PARTS.findall(fields):
        value = read_field(text)
        if value is None:
            expected = 'expected a number, 3i, 3u, true, false or "text"'
            return [Flaw("bad_value", f"line {number}: field {quote(key)}: got {quote(text)}; {expected}")]
        values.append((_plain(key), value))
    return spell_fields(route, head.equipment, head.measurement, ABSENT if stamp is None else int(stamp), values)


def decode_lines(rows: Rows, route: Route, payload: Payload, index: int) -> None:
    settle(rows, route, payload, index, spell(route, payload.body.decode("utf-8", "surrogateescape")))
