"""The own family by all the rules: what is taken from a payload, and the reason for what is not."""

import pytest

from connectors.codecs.edge import decode
from connectors.codecs.topics import Grammar
from pipeline.core.samples import UNDATED, Payload, Reject, Samples

GRAMMAR = Grammar(("site", "line", "unit"))
LINE = "parkpulse/v1/data/dairy/l1"
UNIT, METRIC = LINE + "/filler", LINE + "/filler/temp"
NOW = 1_780_000_000_999


def read(topic: str, body: bytes, retained: bool = False) -> tuple[Samples, list[Reject]]:
    return decode([Payload(topic, body, NOW, retained)], GRAMMAR, 1 << 20)


def rows(samples: Samples) -> list[tuple[str, str, int, object, int, int]]:
    values = [samples.texts[x] if x >= 0 else v for x, v in zip(samples.text, samples.v.tolist(), strict=True)]
    names = [samples.names[n] for n in samples.name]
    columns = (names, samples.t.tolist(), values, samples.q.tolist(), samples.seq.tolist())
    return [(name.unit, name.metric, t, v, q, s) for name, t, v, q, s in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    "topic, body, expected",
    [
        (METRIC, b'{"timestamp_ms":5,"value":12.5}', [("filler", "temp", 5, 12.5, 0, 0)]),
        (UNIT, b'{"timestamp_ms":5,"value":true}', [("", "filler", 5, 1.0, 0, 0)]),
        (METRIC, b'{"value":"run","seq":9,"quality":192,"timestamp_ms":5.0}', [("filler", "temp", 5, "run", 0, 9)]),
        (UNIT, b'{"timestamp_ms":5,"a":1,"b":"x"}', [("filler", "a", 5, 1.0, 0, 0), ("filler", "b", 5, "x", 0, 0)]),
        (LINE, b'{"timestamp_ms":5,"a":1,"quality":7,"seq":3}', [("", "a", 5, 1.0, 7, 3)]),
        (LINE, b'{"timestamp_ms":5,"value":1,"a":2}', [("", "value", 5, 1.0, 0, 0), ("", "a", 5, 2.0, 0, 0)]),
        (LINE, b'[{"t":5,"m":"u/a","v":1,"q":3,"s":4}]', [("u", "a", 5, 1.0, 3, 4)]),
        (UNIT, b'[{"t":5,"m":"a","v":false}]', [("filler", "a", 5, 0.0, 0, 0)]),
        (METRIC, b'{"timestamp_ms":1780000000123.5,"value":1}', [("filler", "temp", 1780000000123, 1.0, 0, 500000)]),
        (METRIC, b'{"timestamp_ms":1.5,"value":1,"seq":8}', [("filler", "temp", 1, 1.0, 0, 8)]),
        (METRIC, b'{"timestamp_ms":5,"value":-0.0}', [("filler", "temp", 5, 0.0, 0, 0)]),
        (METRIC, b'{"timestamp_ms":5,"value":9007199254740993}', [("filler", "temp", 5, 9007199254740992.0, 0, 0)]),
        (METRIC, b'{"timestamp_ms":4,"timestamp_ms":5,"value":1}', [("filler", "temp", 5, 1.0, 0, 0)]),
    ],
)
def test_each_form_gives_its_samples(topic: str, body: bytes, expected: list[tuple[object, ...]]) -> None:
    samples, rejects = read(topic, body)
    assert (rows(samples), rejects) == (expected, [])
    assert all(name.line == "dairy/l1" and name.source == "" for name in samples.names)


HOSTILE = [
    (METRIC, b"", "bad_json"),
    (METRIC, b"\xef\xbb\xbf{}", "bad_json"),
    (METRIC, b"{}", "bad_json"),
    (UNIT, b"[]", "bad_json"),
    (UNIT, b'{"timestamp_ms":5}', "bad_json"),
    (METRIC, b"12", "bad_json"),
    (METRIC, b'{"timestamp_ms":5,"value":1} x', "bad_json"),
    (METRIC, b'{"timestamp_ms":5,"value":1', "bad_json"),
    (METRIC, b'{"timestamp_ms":5,"value":"\xff"}', "bad_json"),
    (METRIC, b"[" * 100_000, "bad_json"),
    (METRIC, b'{"a":' * 50_000, "bad_json"),
    (METRIC, b'{"timestamp_ms":5,"value":' + b"1" * 5_000 + b"}", "bad_json"),
    (METRIC, b'{"timestamp_ms":5,"value":' + b"1" * 400 + b"}", "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":NaN}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":1e999}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":null}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":{}}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":[1]}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":"a\\u0000b"}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":"\\ud800"}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":"' + b"x" * 1025 + b'"}', "bad_value"),
    (METRIC, b'{"timestamp_ms":true,"value":1}', "bad_time"),
    (METRIC, b'{"timestamp_ms":"5","value":1}', "bad_time"),
    (METRIC, b'{"timestamp_ms":null,"value":1}', "bad_time"),
    (METRIC, b'{"timestamp_ms":-1,"value":1}', "bad_time"),
    (METRIC, b'{"timestamp_ms":8640000000000001,"value":1}', "bad_time"),
    (METRIC, b'{"timestamp_ms":NaN,"value":1}', "bad_time"),
    (METRIC, b'{"timestamp_ms":1e300,"value":1}', "bad_time"),
    (METRIC, b'{"timestamp_ms":5,"value":1,"quality":11}', "bad_quality"),
    (METRIC, b'{"timestamp_ms":5,"value":1,"quality":true}', "bad_quality"),
    (METRIC, b'{"timestamp_ms":5,"value":1,"quality":"good"}', "bad_quality"),
    (METRIC, b'{"timestamp_ms":5,"value":1,"seq":-1}', "bad_value"),
    (METRIC, b'{"timestamp_ms":5,"value":1,"seq":18446744073709551616}', "bad_value"),
    (LINE, b'{"timestamp_ms":5,"value":1}', "bad_path"),
    (METRIC, b'{"timestamp_ms":5,"a":1}', "bad_path"),
    (METRIC, b'[{"t":5,"m":"a","v":1}]', "bad_path"),
    (UNIT, b'[{"t":5,"m":"u/a","v":1}]', "bad_path"),
    (LINE, b'[{"t":5,"m":"u/a/b","v":1}]', "bad_path"),
    (LINE, b'[{"t":5,"m":"","v":1}]', "bad_path"),
    (LINE, b'[{"t":5,"m":"/a","v":1}]', "bad_path"),
    (LINE, b'[{"t":5,"m":7,"v":1}]', "bad_path"),
    (LINE, b'[{"t":5,"v":1}]', "bad_path"),
    (LINE, b'[{"t":5,"m":"a"}]', "bad_value"),
    (LINE, b"[1]", "bad_json"),
    (LINE, b'{"timestamp_ms":5,"u/a":1}', "bad_path"),
    (LINE, b'{"timestamp_ms":5,"<script>":1}', "bad_path"),
    (LINE, b"[" + b",".join([b'{"t":1780000000123,"m":"a","v":1}'] * 20_001) + b"]", "too_large"),
    (METRIC, b" " * ((1 << 20) + 1), "too_large"),
    ("parkpulse/v1/data/dairy", b"[]", "bad_path"),
    ("elsewhere", b"[]", "bad_topic"),
]


@pytest.mark.parametrize("topic, body, code", HOSTILE, ids=[f"{n}-{code}" for n, (_, _, code) in enumerate(HOSTILE)])
def test_a_hostile_payload_costs_one_reject_with_its_reason(topic: str, body: bytes, code: str) -> None:
    samples, rejects = read(topic, body)
    assert len(samples) == 0
    assert [(reject.payload, reject.code, reject.samples) for reject in rejects] == [(0, code, 1)]
    assert rejects[0].sentence.isascii()
    assert len(rejects[0].sentence) < 400


def test_the_good_samples_of_a_payload_are_taken_and_the_bad_ones_counted_in_one_reject() -> None:
    body = b'[{"t":5,"m":"a","v":1},{"t":5,"m":"b","v":NaN},{"t":-5,"m":"c","v":1},{"t":6,"m":"d","v":2}]'
    samples, rejects = read(UNIT, body)
    assert [row[1] for row in rows(samples)] == ["a", "d"]
    assert [(reject.code, reject.samples, reject.line) for reject in rejects] == [("bad_value", 2, "dairy/l1")]


def test_a_bad_time_of_a_whole_unit_counts_each_of_its_metrics() -> None:
    samples, rejects = read(UNIT, b'{"timestamp_ms":-5,"a":1,"b":2}')
    assert (len(samples), [reject.samples for reject in rejects]) == (0, [2])


def test_without_a_stamp_the_time_of_receipt_counts_and_is_flagged() -> None:
    samples, _ = read(METRIC, b'{"value":1}')
    assert (samples.t.tolist(), samples.flags.tolist()) == ([NOW], [UNDATED])


def test_a_retained_message_without_device_time_is_ignored() -> None:
    samples, rejects = read(METRIC, b'{"value":1}', retained=True)
    assert (len(samples), rejects) == (0, [])


def test_a_retained_message_with_device_time_is_a_sample() -> None:
    samples, _ = read(METRIC, b'{"timestamp_ms":5,"value":1}', retained=True)
    assert samples.t.tolist() == [5]
