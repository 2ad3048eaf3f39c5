"""UMH payloads: the topic names the metric, further keys of the classic form lengthen it."""

import pytest

from connectors.codecs.edge import decode
from connectors.codecs.topics import Grammar
from pipeline.core.samples import Name, Payload

GRAMMAR = Grammar(("site", "line", "unit"))


@pytest.mark.parametrize(
    "below, body, metrics",
    [
        ("temp", b'{"timestamp_ms":5,"value":1}', ["temp"]),
        ("axis/temp", b'{"timestamp_ms":5,"value":1}', ["axis.temp"]),
        ("axis/temp", b'{"timestamp_ms":5,"temp":1}', ["axis.temp"]),
        ("axis/temp", b'{"timestamp_ms":5,"other":1}', ["axis.temp.other"]),
        ("axis/temp", b'{"timestamp_ms":5,"value":1,"b":"x"}', ["axis.temp.value", "axis.temp.b"]),
        ("temp", b'{"value":1}', ["temp"]),
    ],
)
def test_keys_and_groups_name_the_metrics(below: str, body: bytes, metrics: list[str]) -> None:
    samples, rejects = decode([Payload("umh/v1/dairy/l1/filler/_raw/" + below, body, 5)], GRAMMAR, 1000)
    assert not rejects
    assert samples.t.tolist() == [5] * len(metrics)
    assert [samples.names[n] for n in samples.name] == [Name("dairy/l1", "filler", metric) for metric in metrics]


@pytest.mark.parametrize(
    "body, code",
    [
        (b"[]", "bad_json"),
        (b"{}", "bad_json"),
        (b'{"timestamp_ms":5}', "bad_json"),
        (b'{"timestamp_ms":"x","value":1}', "bad_time"),
        (b'{"timestamp_ms":5,"value":{"a":1}}', "bad_value"),
        (b'{"timestamp_ms":5,"a b":1}', "bad_path"),
        (b'{"timestamp_ms":5,"' + b"x" * 64 + b'":1}', "bad_path"),
    ],
)
def test_a_bad_payload_costs_one_reject(body: bytes, code: str) -> None:
    samples, rejects = decode([Payload("umh/v1/dairy/l1/_raw/temp", body, 5)], GRAMMAR, 1000)
    assert (len(samples), [(reject.code, reject.samples, reject.line) for reject in rejects]) == (
        0,
        [(code, 1, "dairy/l1")],
    )


def test_a_quality_or_number_beside_the_value_is_a_value_of_its_own() -> None:
    for key in ("quality", "seq"):
        body = b'{"timestamp_ms":1780000000000,"value":1,"%s":3}' % key.encode()
        samples, rejects = decode([Payload("umh/v1/dairy/l1/filler/_raw/temp", body, 5)], GRAMMAR, 1000)
        assert not rejects
        assert [samples.names[n].metric for n in samples.name] == ["temp.value", f"temp.{key}"]
        assert samples.v.tolist() == [1, 3]
