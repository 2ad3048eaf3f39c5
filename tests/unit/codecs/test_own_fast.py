"""The short cut and the rules say the same, bit for bit, on good bytes, nearly good bytes and their neighbours."""

import json
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.edge import decode
from connectors.codecs.json_samples import Rows
from connectors.codecs.own_fast import decode_batches, decode_singles
from connectors.codecs.topics import Route
from pipeline.core.samples import Payload
from tests.unit.codecs.reading import GRAMMAR, bodies_of, flat, mutated, read_strictly

LINE = "parkpulse/v1/data/dairy/l1"
TOPICS = (LINE, LINE + "/filler", LINE + "/filler/temp")
UMH = ("umh/v1/dairy/l1/_raw/temp", "umh/v1/dairy/l1/filler/_raw/axis/temp")
SINGLE, BATCH = Route("own", "dairy/l1", "", ("temp",)), Route("own", "dairy/l1", "", ())
SEPARATORS = ((",", ":"), (", ", ": "))

times = st.integers(10**12, 10**13 - 1) | st.sampled_from([0, 5, 10**12 - 1, 10**13, -1, 1.5, None])
values = (
    st.floats(allow_nan=True)
    | st.integers(-(10**20), 10**20)
    | st.decimals(-1000, 1000, places=3).map(float)
    | st.booleans()
    | st.text(max_size=70)
    | st.sampled_from(["execute", "idle", -0.0, 1e22, 5e-324, None])
)
metrics = st.sampled_from(["temp", "filler/temp", "nhiệt", "", "_a", "a/b/c", "x" * 64, "x" * 65]) | st.text(
    max_size=12
)
optional = {"q": st.sampled_from([0, 3, 10, 11, 192, True]), "s": st.integers(0, 2**64) | st.integers(0, 99)}
items = st.fixed_dictionaries({"t": times, "m": metrics, "v": values}, optional=optional)
singles = st.fixed_dictionaries(
    {"timestamp_ms": times, "value": values}, optional={"quality": optional["q"], "seq": optional["s"]}
)
bodies = st.builds(
    lambda data, separators, plain: json.dumps(data, separators=separators, ensure_ascii=plain).encode(
        "utf-8", "replace"
    ),
    st.lists(items, max_size=4) | singles,
    st.sampled_from(SEPARATORS),
    st.booleans(),
)


@given(
    st.lists(
        st.builds(
            Payload,
            st.sampled_from(TOPICS + UMH),
            mutated(bodies, b'{}[]",: 01239.-+eEtfn\\u\x00\n\xc3'),
            st.just(10**12),
            st.just(False),
        ),
        max_size=5,
    )
)
def test_fast_and_strict_agree_bit_for_bit(payloads: list[Payload]) -> None:
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)


@pytest.mark.parametrize("broken", [b"\x80", b"\xc3", b"\\", b"\\ud800", b"\n", b"\x00"])
@pytest.mark.parametrize("form", [b'[{"t":1780000000123,"m":"a%s","v":1}]', b'[{"t":1780000000123,"m":"a","v":"%s"}]'])
def test_a_string_that_no_json_parser_takes_is_refused_both_ways(form: bytes, broken: bytes) -> None:
    payloads = [Payload(LINE, form % broken, 10**12)]
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)
    assert len(rejects) == 1


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**25), 10**25))
def test_every_number_is_the_float_that_python_reads(value: float) -> None:
    body = b'{"timestamp_ms":1780000000123,"value":' + json.dumps(value).encode() + b"}"
    columns, left = decode_singles(Rows(), bodies_of([body], SINGLE))
    assert len(left) == 0
    assert columns.v.tobytes() == np.float64(float(value) + 0.0).tobytes()


@pytest.mark.parametrize("separators", SEPARATORS)
@pytest.mark.parametrize("extra", [{}, {"q": 3}, {"s": 77}, {"q": 192, "s": 10**17}])
def test_the_common_ways_of_writing_need_no_second_reading(separators: tuple[str, str], extra: dict[str, int]) -> None:
    plain: list[dict[str, object]] = [
        {"t": 1780000000123 + i, "m": m, "v": v, **extra}
        for i, (m, v) in enumerate([("temp", 71.25), ("filler/speed", -3), ("state", "execute"), ("on", True)])
    ]
    texts = [json.dumps(plain[: 1 + n], separators=separators).encode() for n in range(4)]
    columns, left = decode_batches(Rows(), bodies_of(texts, BATCH))
    assert len(left) == 0
    assert len(columns.t) == 1 + 2 + 3 + 4
    long = {"q": "quality", "s": "seq"}
    single = {"timestamp_ms": 1780000000123, "value": 71.25, **{long[key]: n for key, n in extra.items()}}
    one, left = decode_singles(Rows(), bodies_of([json.dumps(single, separators=separators).encode()], SINGLE))
    assert (len(left), one.v.tolist()) == (0, [71.25])


def test_a_bad_payload_leaves_its_neighbours_in_the_fast_way() -> None:
    good = b'[{"t":1780000000123,"m":"a","v":1}]'
    texts = [good, good[:-1], good, b"]" + good[1:], good, b"[]", good]
    columns, left = decode_batches(Rows(), bodies_of(texts, BATCH))
    assert (left.tolist(), columns.payload.tolist()) == ([1, 3, 5], [0, 2, 4, 6])


def test_many_blocks_give_the_same_as_one_payload_at_a_time() -> None:
    rng = random.Random(7)
    payloads = []
    for i in range(400):
        batch = [
            {"t": 1780000000000 + i, "m": f"m{j % 50}", "v": round(rng.gauss(70, 5), j % 6) if i % 9 else math.nan}
            for j in range(60)
        ]
        payloads.append(Payload(TOPICS[i % 2], json.dumps(batch, separators=(",", ":")).encode(), 10**12))
        payloads.append(Payload(TOPICS[2], b'{"timestamp_ms": 1780000000123, "value": %d}' % i, 10**12))
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)
