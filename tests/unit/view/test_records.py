"""Records of the log as text: what is said of each topic, and that nothing unprintable comes out."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from connectors.codecs import alerts_json, results_json
from pipeline.core.frames import END, NO_TEXT, Frame, FrameName, Kind, encode
from pipeline.core.ports import Headers, Record
from pipeline.core.results import Result, Transition
from pipeline.core.samples import FRAMED
from pipeline.view.records import SHOWN_ROWS, line_of, preview, record_lines, safe

LINE, TIME = "park-01/dairy/line-1", 1_780_000_000_123
CASES = Path(__file__).parents[2] / "cases" / "frames"
HOSTILE = "a\x1b[2J\x07\r\n\x7f\x9b\u202e\u2028b"
TOPICS = ("samples.v1", "results.v1", "alerts.v1", "commands.v1", "late.v1", "rejects.v1")
ALERT = Transition(
    "i1", 0, "cold", f"{LINE}/filler", 1, "unack", "norm", TIME, TIME, 68.5, 70.0, "°C",
    "too cold", "quá lạnh", "", "", "i1", 0, True,
)  # fmt: skip


def record(value: bytes, headers: Headers = (), key: str = LINE) -> Record:
    return Record(2, 7, TIME, key.encode(), value, headers)


def frame_of(rows: int, metric: str = "temp", text: str = "") -> Frame:
    return Frame(
        Kind.DATA, 0, 3, TIME + 1, "gw-1", 11, 5, rows, 3, (FrameName("filler", metric, ""),),
        (text,) if text else (), np.zeros(rows, "<u2"), np.full(rows, TIME, "<i8"), np.full(rows, 71.25, "<f8"),
        np.array([0] + [NO_TEXT] * (rows - 1), "<u2") if text else None,
        np.full(rows, 7, "u1"), np.full(rows, 9, "u1"), np.full(rows, 4, "<u8"),
    )  # fmt: skip


def shown(topic: str, value: bytes, headers: Headers = (), language: str = "en") -> str:
    return "\n".join(record_lines(topic, record(value, headers), language))


def test_a_frame_has_a_heading_and_a_row_a_sample() -> None:
    head, numbers, columns, row = record_lines("samples.v1", record(encode(frame_of(1))))
    assert head == f"2:7  2026-05-28T20:26:40.123Z  data  {LINE}"
    assert numbers == "  gateway gw-1  boot 11  number 5  rows 1  rejects 3  ingest 2026-05-28T20:26:40.124Z"
    assert columns.split() == ["time", "unit", "metric", "value", "quality", "flags", "seq"]
    assert row.split() == [
        "2026-05-28T20:26:40.123Z", "filler", "temp", "71.25", "simulated", "undated", "override", "4",
    ]  # fmt: skip


def test_a_text_stands_in_quotation_marks() -> None:
    assert '"execute"' in shown("samples.v1", encode(frame_of(2, text="execute")))


def test_many_rows_are_shortened_with_how_many_more() -> None:
    lines = record_lines("samples.v1", record(encode(frame_of(SHOWN_ROWS + 30))))
    assert len(lines) == 2 + 1 + SHOWN_ROWS + 1
    assert lines[-1] == "  … 30 more rows"
    assert "more rows" not in shown("samples.v1", encode(frame_of(SHOWN_ROWS)))


def test_the_end_of_a_run_is_said() -> None:
    heartbeat = Frame(Kind.HEARTBEAT, END, 0, TIME, "gw-1", 11, 6, 0, 0)
    assert shown("samples.v1", encode(heartbeat)).endswith(" end")


@pytest.mark.parametrize("name", ["command", "configuration", "skip"])
def test_a_body_is_indented_json(name: str) -> None:
    lines = record_lines("samples.v1", record((CASES / f"{name}.bin").read_bytes()))
    assert f"  {name}  " in lines[0]
    assert (lines[2], lines[-1]) == ("  {", "  }")


def test_a_command_of_a_person_is_indented_json_too_and_what_is_none_is_said() -> None:
    assert '    "by": "an"' in shown("commands.v1", b'{"by": "an"}')
    assert "no JSON" in shown("commands.v1", b"{")
    assert "no JSON" in shown("commands.v1", b"[" * 200_000)


def test_late_rows_name_the_record_they_came_in() -> None:
    text = shown("late.v1", encode(frame_of(1)), (("reason", b"late"), ("samples", b"1"), ("offset", b"117")))
    assert "late  samples 1  of offset 117" in text


def test_results_come_one_a_line_below_their_heading() -> None:
    results = [
        Result("metric", f"{LINE}/filler", "temp", 60, TIME, None, 9, {"count": 3, "mean": 1 / 3}, 0.5),
        Result("kpi", LINE, "kpis", 28_800, TIME, "milk", 0, {"oee": None, "coverage": 1.0}, 1.0),
        Result("state", f"{LINE}/filler", "state", 0, TIME, None, 0, {"state": "held"}),
    ]
    _, *lines = record_lines("results.v1", record(results_json.encode(results)))
    at = "2026-05-28T20:26:40.123Z"
    assert lines == [
        f"  metric  filler  temp  1m  {at}  count 3  mean 0.333333  coverage 0.5  revision 9",
        f"  kpi  -  kpis  8h  {at}  product milk  oee -  coverage 1",
        f"  state  filler  state  {at}  state held",
    ]


def test_an_alert_is_one_line_in_the_language_of_the_park() -> None:
    expected = f"2:7  2026-05-28T20:26:40.123Z  cold  {LINE}/filler  norm -> unack  68.5 °C  "
    assert shown("alerts.v1", alerts_json.encode(ALERT)) == expected + "too cold"
    assert shown("alerts.v1", alerts_json.encode(ALERT), (), "vi") == expected + "quá lạnh"
    silent = replace(ALERT, value=None, announced=False, reason="configuration")
    assert shown("alerts.v1", alerts_json.encode(silent)).endswith("-  too cold  (not announced)  (configuration)")


def test_a_reject_of_the_gateway_shows_reason_sentence_line_and_bytes() -> None:
    headers = (("reason", b"bad_json"), ("sentence", b"no JSON"), ("line", LINE.encode()), ("samples", b"2"))
    reject = record(b"\xffERR\n", headers, "parkpulse/v1/data/x")
    head, *lines = record_lines("rejects.v1", reject)
    assert head.endswith("  bad_json  parkpulse/v1/data/x")
    assert lines == ["  no JSON", f"  line {LINE}  samples 2", "  5 bytes: \\xffERR\\u000a"]
    assert (line_of(reject), line_of(record(b""))) == (LINE, LINE)


def test_a_reject_of_the_worker_shows_its_place_in_the_log() -> None:
    poison = (("reason", b"poison"), ("sentence", b"frame: short"), ("partition", b"2"), ("offset", b"41"))
    assert "  partition 2  offset 41\n  3 bytes: abc" in shown("rejects.v1", b"abc", poison)
    for reason in FRAMED:
        headers = (("reason", reason.encode()), ("samples", b"1"), ("offset", b"42"))
        text = shown("rejects.v1", encode(frame_of(1)), headers)
        assert "  samples 1  offset 42\n  gateway gw-1" in text
        assert "71.25" in text
        assert "cannot be decoded" in shown("rejects.v1", b"abc", headers)


@pytest.mark.parametrize("topic", ["samples.v1", "late.v1", "results.v1", "alerts.v1"])
def test_a_record_that_cannot_be_decoded_says_where_and_why(topic: str) -> None:
    lines = record_lines(topic, record(b"\x00junk"))
    assert lines[0].startswith("2:7  ")
    assert "cannot be decoded" in lines[0]
    assert len(lines) == 3


def test_a_preview_is_short_and_says_the_whole_size() -> None:
    assert preview(b"x" * 5000) == f"5000 bytes: {'x' * 200} …"


def test_no_control_character_of_the_network_comes_out() -> None:
    key, raw = HOSTILE, HOSTILE.encode()
    headers = (("reason", raw), ("sentence", raw), ("line", raw), ("samples", raw), ("gateway", raw), ("offset", raw))
    result = Result("metric", HOSTILE, HOSTILE, 1, TIME, HOSTILE, 0, {HOSTILE: HOSTILE})
    alert = replace(ALERT, alarm=HOSTILE, equipment=HOSTILE, uom=HOSTILE, message_en=HOSTILE, reason=HOSTILE)
    values = [
        raw, encode(frame_of(2, HOSTILE, HOSTILE)), results_json.encode([result]), alerts_json.encode(alert),
        b'{"a\\u001b": "\\u009b\\ud800", "b": "' + "\u202e\u009b".encode() + b'"}',
    ]  # fmt: skip
    for topic in TOPICS:
        for value in values:
            lines = record_lines(topic, record(value, headers, key))
            assert all(line.isprintable() for line in lines)
            "".join(lines).encode()


def test_safe_text_keeps_letters_of_any_script_and_escapes_the_rest() -> None:
    assert safe("máy rót 充填 °C") == "máy rót 充填 °C"
    assert all(safe(chr(code)).isprintable() for code in range(sys.maxunicode + 1))
