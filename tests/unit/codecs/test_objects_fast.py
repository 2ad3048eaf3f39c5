"""Objects of several metrics, by the short cut and by the rules: the same, bit for bit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.edge import decode
from connectors.codecs.json_samples import MAX_TIME, Rows
from connectors.codecs.objects_fast import decode_objects
from connectors.codecs.topics import Route
from pipeline.core.samples import Payload
from tests.unit.codecs.reading import GRAMMAR, bodies_of, flat, mutated, read_strictly
from tests.unit.codecs.test_own_fast import LINE, TOPICS, UMH, values

times = st.sampled_from(
    [
        1780000000123,
        1780000000123.25,
        0,
        -0.0,
        -1,
        MAX_TIME,
        MAX_TIME + 1,
        MAX_TIME + 0.5,
        2**53 + 1,
        2**70,
        True,
        "5",
        None,
    ]
)
keys = st.sampled_from(
    ["temp", "filler/temp", "nhiệt", "value", "quality", "seq", "", "_a", "a/b/c", "x" * 64, "x" * 65]
)
objects = st.builds(
    lambda t, before, after: json.dumps({**before, "timestamp_ms": t, **after}).encode(),
    times, st.dictionaries(keys | st.text(max_size=6), values, max_size=3), st.dictionaries(keys, values, max_size=3),
)  # fmt: skip
plain = st.builds(
    lambda found: json.dumps({"timestamp_ms": 1780000000123, **found}, separators=(",", ":")).encode(),
    st.dictionaries(st.sampled_from(["a", "b", "c/d", "tốc-độ"]), values, min_size=1, max_size=4),
)
bodies = objects | plain | mutated(plain, b'{}[]",:\\/ \x00\x80\xc3019-.eE+truflsn')


@given(st.lists(st.builds(Payload, st.sampled_from(TOPICS + UMH), bodies, st.just(10**12), st.just(False)), max_size=6))
def test_short_cut_and_rules_agree_bit_for_bit(payloads: list[Payload]) -> None:
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)


@pytest.mark.parametrize(
    "route", [Route("own", "dairy/l1", "", ("filler",)), Route("umh", "dairy/l1", "", ("temp", "temp"))]
)
@pytest.mark.parametrize("value", ["1", "1.5e3", "-0.0", "true", '"execute"', "123456789012345678901234567890"])
def test_objects_of_usable_values_need_no_second_reading(route: Route, value: str) -> None:
    texts = [f'{{ "a": {value},\n"timestamp_ms": 1780000000123, "b-{n % 2}": 2.5 }}'.encode() for n in range(3)]
    columns, left = decode_objects(Rows(), bodies_of(texts, route))
    assert (len(left), columns.payload.tolist()) == (0, [0, 0, 1, 1, 2, 2])


def test_a_layout_means_in_each_topic_what_it_means_there() -> None:
    body = b'{"timestamp_ms":1780000000123,"temp":1,"speed":2}'
    payloads = [Payload(topic, body, 5) for topic in (LINE, LINE + "/filler", UMH[0], UMH[1], LINE)]
    samples, _ = decode(payloads, GRAMMAR, 1000)
    named = [(samples.names[n].unit, samples.names[n].metric) for n in samples.name]
    assert named[::2] == [
        ("", "temp"),
        ("filler", "temp"),
        ("", "temp.temp"),
        ("filler", "axis.temp.temp"),
        ("", "temp"),
    ]
