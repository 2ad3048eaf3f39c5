"""Telegraf's JSON: what is taken from a metric, where it belongs, and that the short cut says the same as the rules."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.edge import decode
from connectors.codecs.json_samples import Flaw, Rows
from connectors.codecs.stamps import MAX_STAMP, read_stamp, split_stamps
from connectors.codecs.telegraf_fast import decode_metrics
from connectors.codecs.topics import Route
from pipeline.core.samples import UNDATED, Payload
from tests.unit.codecs.reading import GRAMMAR, Row, bodies_of, flat, mutated, read_strictly, shown

NOW = 1_780_000_000_999
UNIT = "tj/dairy/l1/filler"


def read(body: bytes | dict[str, object], topic: str = UNIT) -> tuple[list[Row], list[tuple[str, int]]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    payloads = [Payload(topic, raw, NOW)]
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)
    assert all(reject.sentence.isprintable() and len(reject.sentence) < 400 for reject in rejects)
    return shown(samples), [(reject.code, reject.samples) for reject in rejects]


def metric(**changes: object) -> dict[str, object]:
    return {"name": "cpu", "timestamp": 1_780_000_000, "tags": {"host": "a"}, "fields": {"idle": 1.5}} | changes


def test_a_field_is_a_sample_named_by_measurement_and_field() -> None:
    fields = {"idle": 1.5, "on": True, "state": "execute", "value": 3, "zero": -0.0}
    rows, rejects = read(metric(fields=fields))
    where, time = ("dairy/l1", "filler"), 1_780_000_000_000
    names = ["cpu.idle", "cpu.on", "cpu.state", "cpu", "cpu.zero"]
    values = [1.5, 1.0, "execute", 3.0, 0.0]
    assert rows == [(*where, name, time, value, 0) for name, value in zip(names, values, strict=True)]
    assert rejects == []


def test_a_negative_zero_is_a_zero_without_texts_beside_it_too() -> None:
    rows, _ = read(metric(fields={"a": -0.0}))
    assert repr(rows[0][4]) == "0.0"


def test_a_batch_holds_several_metrics() -> None:
    rows, rejects = read({"metrics": [metric(), metric(name="mem", timestamp=1_780_000_001)]})
    assert [row[2:4] for row in rows] == [("cpu.idle", 1_780_000_000_000), ("mem.idle", 1_780_000_001_000)]
    assert rejects == []


@pytest.mark.parametrize(
    "stamp, expected",
    [
        (0, (0, 0)),
        (99_999_999_999, (99_999_999_999_000, 0)),
        (10**11, (10**11, 0)),
        (1_780_000_000_123, (1_780_000_000_123, 0)),
        (1_780_000_000_123_456, (1_780_000_000_123, 456_000)),
        (1_780_000_000_123_456_789, (1_780_000_000_123, 456_789)),
        (1_780_000_000.0, (1_780_000_000_000, 0)),
        (MAX_STAMP, (MAX_STAMP // 10**6, MAX_STAMP % 10**6)),
    ],
)
def test_the_size_of_a_stamp_tells_its_unit(stamp: float, expected: tuple[int, int]) -> None:
    rows, rejects = read(metric(timestamp=stamp))
    assert [(row[3], row[5]) for row in rows] == [expected]
    assert rejects == []


@given(st.integers(0, MAX_STAMP) | st.sampled_from([10**11 - 1, 10**14 - 1, 10**14, 10**17 - 1, 10**17]))
def test_one_stamp_and_a_column_of_stamps_are_read_alike(stamp: int) -> None:
    t, seq = split_stamps(np.array([stamp]))
    assert read_stamp(stamp) == (int(t[0]), int(seq[0]))


@pytest.mark.parametrize("stamp", [-1, 1 << 63, 1.5, "now", None, True])
def test_a_stamp_that_is_none_costs_each_field(stamp: object) -> None:
    assert isinstance(read_stamp(stamp), Flaw)
    assert read(metric(timestamp=stamp, fields={"a": 1, "b": 2})) == ([], [("bad_time", 2)])


def test_without_a_stamp_the_time_of_receipt_counts_and_is_flagged() -> None:
    samples, _ = decode([Payload(UNIT, b'{"name":"a","fields":{"b":1}}', NOW)], GRAMMAR, 1000)
    assert (samples.t.tolist(), samples.flags.tolist()) == ([NOW], [UNDATED])


@pytest.mark.parametrize(
    "topic, equipment, where",
    [
        ("tj/dairy/l1/filler", "", ("dairy/l1", "filler")),
        ("tj/dairy/l1/filler", "no path/of ours", ("dairy/l1", "filler")),
        ("tj/dairy/l1", "", ("dairy/l1", "")),
        ("tj/dairy/l1", "dairy/l1", ("dairy/l1", "")),
        ("tj/dairy/l1", "dairy/l1/capper", ("dairy/l1", "capper")),
        ("tj/dairy", "dairy/l2/capper", ("dairy/l2", "capper")),
        ("tj/dairy", "dairy/l2", ("dairy/l2", "")),
        ("tj/dairy", "", None),
        ("tj/dairy", "dairy", None),
        ("tj/dairy", "brewery/l2", None),
        ("tj/dairy", "dairy/l2/capper/more", None),
        ("tj/dairy", "dairy//capper", None),
        ("tj/dairy", "dairy/_l2", None),
        ("tj/dairy", "dairy/" + "x" * 2000, None),
    ],
)
def test_what_the_topic_does_not_name_comes_from_the_tag_equipment(
    topic: str, equipment: str, where: tuple[str, str] | None
) -> None:
    rows, rejects = read(metric(tags={"equipment": equipment}), topic)
    assert [row[:2] for row in rows] == ([] if where is None else [where])
    assert rejects == ([("bad_path", 1)] if where is None else [])


HOSTILE: list[tuple[bytes, str]] = [
    (b"", "bad_json"),
    (b"{}", "bad_json"),
    (b"[]", "bad_json"),
    (b"null", "bad_json"),
    (b'{"metrics":[]}', "bad_json"),
    (b'{"metrics":{}}', "bad_json"),
    (b'{"metrics":[1]}', "bad_json"),
    (b'{"name":"a","fields":{},"timestamp":5}', "bad_json"),
    (b'{"name":"a","fields":[1],"timestamp":5}', "bad_json"),
    (b'{"name":1,"fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"name":"","fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"name":"_a","fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"name":"a","fields":{"":1},"timestamp":5}', "bad_path"),
    (b'{"name":"a","fields":{"% idle":1},"timestamp":5}', "bad_path"),
    (b'{"name":"' + b"x" * 64 + b'","fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"name":"' + b"x" * 9000 + b'","fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"name":"a","tags":5,"fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"name":"a","tags":{"equipment":5},"fields":{"a":1},"timestamp":5}', "bad_path"),
    (b'{"name":"a","fields":{"a":null},"timestamp":5}', "bad_value"),
    (b'{"name":"a","fields":{"a":{"b":1}},"timestamp":5}', "bad_value"),
    (b'{"name":"a","fields":{"a":NaN},"timestamp":5}', "bad_value"),
    (b'{"name":"a","fields":{"a":1e999},"timestamp":5}', "bad_value"),
    (b'{"name":"a","fields":{"a":"\\u0000"},"timestamp":5}', "bad_value"),
    (b'{"metrics":' * 90_000, "bad_json"),
    (b'{"name":"a","fields":{"a":1},"timestamp":5}x', "bad_json"),
    (b'{"name":"a","tags":{"b":"\xff"},"fields":{"a":1},"timestamp":5}', "bad_json"),
    (b'{"x":"\xff","name":"a","fields":{"a":1},"timestamp":5}', "bad_json"),
    (b'{"name":"a","fields":{' + b",".join(b'"f%d":1' % i for i in range(20_001)) + b'},"timestamp":5}', "too_large"),
    (b" " * ((1 << 20) + 1), "too_large"),
]


@pytest.mark.parametrize("body, code", HOSTILE, ids=[f"{n}-{code}" for n, (_, code) in enumerate(HOSTILE)])
def test_a_hostile_payload_costs_one_reject_with_its_reason(body: bytes, code: str) -> None:
    if len(body) > 1 << 20:
        samples, rejects = decode([Payload(UNIT, body, NOW)], GRAMMAR, 1 << 20)
        assert (len(samples), [reject.code for reject in rejects]) == (0, [code])
    else:
        assert read(body) == ([], [(code, 1)])


def test_the_good_fields_of_a_payload_are_taken_and_the_bad_ones_counted_in_one_reject() -> None:
    bad = metric(name="mem", fields={"a": None, "b": 1, "c d": 2})
    rows, rejects = read({"metrics": [metric(), bad, metric(name="disk")]})
    assert [row[2] for row in rows] == ["cpu.idle", "mem.b", "disk.idle"]
    assert rejects == [("bad_value", 2)]


names = st.sampled_from(["cpu", "mem", "nhiệt", "value", "", "_a", "a b", "x" * 60]) | st.text(max_size=8)
values = (
    st.floats()
    | st.integers(-(10**20), 10**20)
    | st.booleans()
    | st.none()
    | st.text(max_size=70)
    | st.sampled_from(["execute", "idle", "1.5", -0.0, 1e22, 5e-324])
)
stamps = st.integers(0, MAX_STAMP) | st.integers(10**9, 2 * 10**9) | st.sampled_from([-1, 1 << 63, 5.0, 1.5, None, "x"])
tags = st.dictionaries(
    st.sampled_from(["host", "equipment"]), st.sampled_from(["a", "dairy/l1", "dairy/l1/u", "", "x/y"]) | st.integers()
)
metrics = st.fixed_dictionaries(
    {"fields": st.dictionaries(names, values, max_size=4), "name": names, "timestamp": stamps},
    optional={"tags": tags, "more": st.none()},
)
bodies = st.builds(
    lambda data, plain: json.dumps(data, separators=(",", ":"), ensure_ascii=plain).encode("utf-8", "replace"),
    metrics | st.fixed_dictionaries({"metrics": st.lists(metrics, max_size=3)}),
    st.booleans(),
)
topics = st.sampled_from(["tj/dairy/l1/filler", "tj/dairy/l1", "tj/dairy"])
payloads = st.builds(
    Payload, topics, mutated(bodies, b'{}[]",: 01239.-+eEtfn\\u\x00\n\xc3'), st.just(NOW), st.just(False)
)


@given(st.lists(payloads, max_size=5))
def test_fast_and_strict_agree_bit_for_bit(batch: list[Payload]) -> None:
    samples, rejects = decode(batch, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(batch)


good_names = st.from_regex(r"[a-z][a-z0-9_.-]{0,20}", fullmatch=True)
good_values = (
    st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.from_regex(r"[a-z %,=]*", fullmatch=True)
)
good_metrics = st.fixed_dictionaries(
    {
        "fields": st.dictionaries(good_names, good_values, min_size=1, max_size=5),
        "name": good_names,
        "tags": st.dictionaries(good_names.filter(lambda name: name != "equipment"), st.text(max_size=5)),
        "timestamp": st.integers(10**18, MAX_STAMP),
    }
)


@given(st.lists(good_metrics, min_size=1, max_size=4))
def test_every_sample_of_good_metrics_comes_out_by_the_short_cut(written: list[dict[str, object]]) -> None:
    expected: list[Row] = []
    for one in written:
        fields, stamp = one["fields"], one["timestamp"]
        assert isinstance(fields, dict)
        assert isinstance(stamp, int)
        for key, value in fields.items():
            name = one["name"] if key == "value" else f"{one['name']}.{key}"
            expected.append(("dairy/l1", "filler", name, stamp // 10**6, value, stamp % 10**6))
    body = json.dumps({"metrics": written}, separators=(",", ":")).encode()
    samples, rejects = decode([Payload(UNIT, body, NOW)], GRAMMAR, 1 << 20)
    assert (shown(samples), rejects) == (expected, [])
    route = GRAMMAR.route(UNIT)
    assert isinstance(route, Route)
    columns, left = decode_metrics(Rows(), bodies_of([body], route))
    assert (len(columns.t), len(left)) == (len(expected), 0)
