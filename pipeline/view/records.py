"""Records of the log as lines of text for people: one heading a record, what it holds indented below.

Rule: no line holds a character that is not printable, whatever came over the network: `safe` is the only way out.

>>> safe("ok\\x1b[2J")
'ok\\\\u001b[2J'
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import isfinite
from zoneinfo import ZoneInfo

from msgspec import DecodeError

from connectors.codecs import alerts_json, results_json
from pipeline.core.frames import END, NO_TEXT, SPOOLED, Frame, FrameError, Kind, decode
from pipeline.core.ports import Record
from pipeline.core.results import Result
from pipeline.core.samples import FRAMED, FROZEN, HISTORICAL, OVERRIDE, UNDATED
from pipeline.view.export import short_text
from pipeline.view.words import Words

SHOWN_ROWS, SHOWN_CHARACTERS = 20, 200
QUALITIES = (
    "good", "uncertain", "stale", "calibration", "saturated", "out of range", "manual", "simulated",
    "communication", "sensor", "out of service",
)  # fmt: skip
_FRAME_FLAGS = {SPOOLED: "spooled", END: "end"}
_ROW_FLAGS = {UNDATED: "undated", FROZEN: "frozen", HISTORICAL: "historical", OVERRIDE: "override"}
_COLUMNS = ("time", "unit", "metric", "value", "quality", "flags", "seq")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def safe(text: str) -> str:
    """Every character that is not printable becomes its escape: control, bidirectional and separator characters."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def line_of(record: Record) -> str:
    """The line a record is about: its key; of a gateway's reject the header, for its key is the MQTT topic."""
    return _headers(record).get("line") or _text(record.key)


def record_lines(topic: str, record: Record, language: str = "en") -> list[str]:
    """What a record says; one that cannot be decoded says why, and shows how its bytes begin."""
    try:
        if topic == "rejects.v1":
            lines = list(_reject(record))
        elif topic == "alerts.v1":
            lines = [_alert(record, language)]
        elif topic == "results.v1":
            found = results_json.decode(record.value)
            lines = [_head(record), *(_result(result, _text(record.key)) for result in found)]
        elif topic == "commands.v1":
            lines = [_head(record, "command"), *_json(record.value)]
        else:
            lines = list(_frame(record, decode(record.value)))
    except (FrameError, DecodeError) as error:
        lines = [_head(record, "cannot be decoded"), f"  {error}", f"  {preview(record.value)}"]
    return [safe(line) for line in lines]


def preview(value: bytes) -> str:
    """
    >>> preview(b"{\\xff")
    '2 bytes: {\\\\xff'
    """
    text = safe(value[: 4 * SHOWN_CHARACTERS].decode(errors="backslashreplace"))
    more = " …" if len(text) > SHOWN_CHARACTERS or len(value) > 4 * SHOWN_CHARACTERS else ""
    return f"{len(value)} bytes: {text[:SHOWN_CHARACTERS]}{more}"


def _headers(record: Record) -> dict[str, str]:
    return {name: _text(value) for name, value in record.headers}


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


def moment(ms: int) -> str:
    """
    >>> moment(1780000000123), moment(1 << 62)
    ('2026-05-28T20:26:40.123Z', '4611686018427387904')
    """
    try:
        return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return str(ms)


def local_moment(ms: int, zone: str) -> str:
    """
    >>> local_moment(1780000000000, "Asia/Ho_Chi_Minh"), local_moment(1780000000123, "UTC")
    ('2026-05-29T03:26:40+07:00', '2026-05-28T20:26:40.123Z')
    """
    try:
        moment = (_EPOCH + timedelta(milliseconds=ms)).astimezone(ZoneInfo(zone))
    except OverflowError:
        return str(ms)
    return moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds").replace("+00:00", "Z")


def _head(record: Record, what: str = "") -> str:
    parts = (f"{record.partition}:{record.offset}", moment(record.append_ms), what, _text(record.key))
    return "  ".join(part for part in parts if part)


def _words(bits: int, words: dict[int, str]) -> str:
    return " ".join(word for bit, word in words.items() if bits & bit)


def _frame(record: Record, frame: Frame) -> Iterator[str]:
    headers = _headers(record)
    yield _head(record, frame.kind.name.lower())
    if headers.get("reason") == "late":
        yield f"  late  samples {headers.get('samples', '?')}  of offset {headers.get('offset', '?')}"
    yield from _frame_body(frame)


def _frame_body(frame: Frame) -> Iterator[str]:
    yield (
        f"  gateway {frame.gateway}  boot {frame.boot}  number {frame.number}  rows {len(frame)}  "
        f"rejects {frame.rejects}  ingest {moment(frame.ingest_ms)}  {_words(frame.flags, _FRAME_FLAGS)}"
    ).rstrip()
    if frame.kind >= Kind.COMMAND:
        yield from _json(frame.body)
    if len(frame):
        table = [_COLUMNS, *(_row(frame, i) for i in range(min(len(frame), SHOWN_ROWS)))]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for cells in table:
            yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
    if len(frame) > SHOWN_ROWS:
        yield f"  … {len(frame) - SHOWN_ROWS} more rows"


def _row(frame: Frame, i: int) -> tuple[str, ...]:
    name = frame.names[frame.index[i]]
    text = NO_TEXT if frame.text is None else int(frame.text[i])
    value = repr(float(frame.v[i])).removesuffix(".0") if text == NO_TEXT else f'"{_shortened(frame.texts[text])}"'
    quality = 0 if frame.q is None else int(frame.q[i])
    word = QUALITIES[quality] if quality < len(QUALITIES) else str(quality)
    flags = "" if frame.row_flags is None else _words(int(frame.row_flags[i]), _ROW_FLAGS)
    seq = str(frame.seq[i]) if frame.seq is not None and frame.seq[i] else ""
    return (moment(int(frame.t[i])), safe(name.unit), safe(name.metric), value, word, flags, seq)


def _shortened(text: str) -> str:
    return safe(text if len(text) <= 40 else text[:40] + "…")


def _json(body: bytes) -> list[str]:
    try:
        found: object = json.loads(body)
        return ["  " + line for line in json.dumps(found, indent=2, ensure_ascii=False).split("\n")]
    except (ValueError, RecursionError) as error:
        return [f"  no JSON: {error}", f"  {preview(body)}"]


def _result(result: Result, line: str) -> str:
    unit = result.equipment.removeprefix(f"{line}/") if result.equipment != line else "-"
    parts = [result.kind, unit, result.name, window_text(result.window_s), moment(result.window_start)]
    parts += [f"product {result.product}"] if result.product is not None else []
    parts += [f"{name} {short_text(value) or '-'}" for name, value in result.values.items()]
    if result.coverage is not None and "coverage" not in result.values:
        parts.append(f"coverage {short_text(result.coverage)}")
    parts += [f"revision {result.revision}"] if result.revision else []
    return "  " + "  ".join(part for part in parts if part)


def window_text(seconds: int) -> str:
    """
    >>> window_text(10), window_text(900), window_text(28800), window_text(0)
    ('10s', '15m', '8h', '')
    """
    size, unit = next(((n, u) for n, u in ((3600, "h"), (60, "m")) if seconds % n == 0), (1, "s"))
    return f"{seconds // size}{unit}" if seconds else ""


def _alert(record: Record, language: str) -> str:
    said = alerts_json.decode(record.value)
    exists = said.value is not None and isfinite(said.value)
    parts = (
        f"{record.partition}:{record.offset}", moment(said.event_time_ms), said.alarm, said.equipment,
        f"{said.previous} -> {said.state}", f"{short_text(said.value)} {said.uom}".rstrip() if exists else "-",
        Words(language).of(said.message_en, said.message_vi),
        "" if said.announced else "(not announced)", f"({said.reason})" if said.reason else "",
    )  # fmt: skip
    return "  ".join(part for part in parts if part)


def _reject(record: Record) -> Iterator[str]:
    """A gateway's reject holds a payload; a worker's some rows as a frame, or with `poison` any bytes."""
    headers = _headers(record)
    yield _head(record, headers.get("reason", "no reason"))
    if "sentence" in headers:
        yield f"  {headers['sentence']}"
    known = ("line", "samples", "gateway", "partition", "offset")
    said = [f"{name} {headers[name]}" for name in known if name in headers]
    if said:
        yield "  " + "  ".join(said)
    if headers.get("reason") in FRAMED:
        try:
            body = list(_frame_body(decode(record.value)))
        except FrameError as error:
            body = [f"  cannot be decoded: {error}", f"  {preview(record.value)}"]
        yield from body
    else:
        yield f"  {preview(record.value)}"
