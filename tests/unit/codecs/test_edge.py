"""The edge as a whole: every payload is accounted for, whatever its bytes and topic."""

import unicodedata
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.edge import decode
from pipeline.core.samples import Name, Payload
from tests.unit.codecs.reading import GRAMMAR

BASE = "parkpulse/v1/data/dairy/l1"

topics = st.text(max_size=30) | st.sampled_from(
    [
        "",
        BASE,
        BASE + "/u",
        BASE + "/u/m",
        BASE + "/u/m/x",
        "umh/v1/dairy/l1/_c/n",
        "umh/v1/dairy/l1/u/_c/g/n",
        "tj/dairy",
        "tj/dairy/l1",
        "ti/dairy/l1/u",
        "ti/any",
        "$SYS/a",
    ]
)
fragments = st.sampled_from(
    [
        b'{"timestamp_ms":',
        b'"value":',
        b"1780000000123",
        b'[{"t":',
        b',"m":"a"',
        b',"v":',
        b"}",
        b"]",
        b",",
        b"1.5",
        b"NaN",
        b'{"name":"a","fields":{',
        b'"b":1},"timestamp":1780000000}',
        b'{"metrics":[',
        b"a,equipment=dairy/l1 b=",
        b'"text"',
        b" 1780000000123456789",
        b"\n",
    ]
)
bodies = (
    st.binary(max_size=40)
    | st.lists(fragments | st.binary(max_size=2), max_size=12).map(b"".join)
    | st.sampled_from(
        [
            b'{"timestamp_ms":1780000000123,"value":1}',
            b'[{"t":1780000000123,"m":"a","v":1}]',
            b'{"a":1}',
            b'{"name":"a","fields":{"b":1},"timestamp":5}',
            b"a b=1 1780000000123456789\n",
            b"a b=1\n",
        ]
    )
)
payloads = st.lists(st.builds(Payload, topics, bodies, st.integers(0, 10**13), st.booleans()), max_size=8)


@given(payloads)
def test_every_payload_ends_in_samples_or_one_reject(batch: list[Payload]) -> None:
    samples, rejects = decode(batch, GRAMMAR, 60)
    sampled, rejected = set(samples.payload.tolist()), Counter(reject.payload for reject in rejects)
    assert all(n == 1 for n in rejected.values())
    for index, payload in enumerate(batch):
        assert index in sampled or index in rejected or payload.retained
    assert all(reject.samples >= 1 and reject.sentence.isprintable() for reject in rejects)


@given(payloads)
def test_columns_have_one_length_and_stand_in_order_of_receipt(batch: list[Payload]) -> None:
    samples, rejects = decode(batch, GRAMMAR, 1000)
    columns = (samples.name, samples.t, samples.v, samples.text, samples.q, samples.flags, samples.seq, samples.payload)
    assert {len(column) for column in columns} == {len(samples)}
    assert [str(column.dtype) for column in columns] == [
        "int32", "int64", "float64", "int32", "uint8", "uint8", "uint64", "int32",
    ]  # fmt: skip
    assert (np.diff(samples.payload) >= 0).all()
    assert [reject.payload for reject in rejects] == sorted(reject.payload for reject in rejects)
    assert len(set(samples.names)) == len(samples.names)


@given(payloads, st.integers(0, 8))
def test_how_payloads_are_cut_into_calls_changes_nothing(batch: list[Payload], cut: int) -> None:
    whole, whole_rejects = decode(batch, GRAMMAR, 1000)
    parts = [decode(part, GRAMMAR, 1000) for part in (batch[:cut], batch[cut:])]
    names = [part.names[n] for part, _ in parts for n in part.name]
    assert [whole.names[n] for n in whole.name] == names
    for column in ("t", "v", "q", "flags", "seq"):
        joined = np.concatenate([getattr(part, column) for part, _ in parts])
        assert getattr(whole, column).tobytes() == joined.tobytes()
    told = [(reject.code, reject.sentence, reject.samples) for _, part in parts for reject in part]
    assert [(reject.code, reject.sentence, reject.samples) for reject in whole_rejects] == told


def test_no_payload_gives_no_rows() -> None:
    samples, rejects = decode([], GRAMMAR, 1000)
    assert (len(samples), rejects) == (0, [])


def test_names_in_either_normal_form_are_one_series() -> None:
    bodies = ['[{"t":1780000000123,"m":"nhiệt-độ","v":1}]', '{"timestamp_ms":1780000000124,"nhiệt-độ":2}']
    batch = [
        Payload(unicodedata.normalize(form, "parkpulse/v1/data/sữa/chuyền-1/chiết"), body.encode(), 5)
        for form in ("NFC", "NFD")
        for body in (unicodedata.normalize(form, text) for text in bodies)
    ]
    samples, rejects = decode(batch, GRAMMAR, 1000)
    assert rejects == []
    assert {samples.names[n] for n in samples.name} == {Name("sữa/chuyền-1", "chiết", "nhiệt-độ")}
    assert samples.v.tolist() == [1, 2, 1, 2]
