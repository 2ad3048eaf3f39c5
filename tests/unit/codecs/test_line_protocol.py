"""Influx line protocol: what is taken from a line, what a bad one costs, and that the short cut says the same."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.edge import decode
from connectors.codecs.json_samples import Rows
from connectors.codecs.line_fast import decode_simple_lines
from connectors.codecs.stamps import MAX_STAMP
from connectors.codecs.topics import Route
from pipeline.core.samples import UNDATED, Payload
from tests.unit.codecs.reading import GRAMMAR, Row, bodies_of, flat, mutated, read_strictly, shown

NOW = 1_780_000_000_999
UNIT = "ti/dairy/l1/filler"
AT = b" 1780000000123456789"
MS, REST = 1_780_000_000_123, 456_789


def read(body: bytes, topic: str = UNIT) -> tuple[list[Row], list[tuple[str, int]]]:
    payloads = [Payload(topic, body, NOW)]
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)
    assert all(reject.sentence.isprintable() and len(reject.sentence) < 400 for reject in rejects)
    return shown(samples), [(reject.code, reject.samples) for reject in rejects]


def is_read_fast(body: bytes) -> bool:
    route = GRAMMAR.route(UNIT)
    assert isinstance(route, Route)
    _, left = decode_simple_lines(Rows(), bodies_of([body], route))
    return len(left) == 0


@pytest.mark.parametrize(
    "field, value",
    [
        (b"1.5", 1.5), (b"-3", -3.0), (b"1e3", 1000.0), (b"-0.0", 0.0), (b"3i", 3.0), (b"-3i", -3.0), (b"3u", 3.0),
        (b"t", 1.0), (b"TRUE", 1.0), (b"False", 0.0), (b'"execute"', "execute"), (b'""', ""),
    ],
)  # fmt: skip
def test_the_common_values_need_no_second_reading(field: bytes, value: object) -> None:
    body = b"cpu,host=a idle=" + field + AT
    assert read(body) == ([("dairy/l1", "filler", "cpu.idle", MS, value, REST)], [])
    assert is_read_fast(body)


@pytest.mark.parametrize(
    "field, value",
    [
        (b"+1.5", 1.5), (b".5", 0.5), (b"5.", 5.0), (b"007", 7.0), (b"9223372036854775807i", 2.0**63),
        (b"18446744073709551615u", 2.0**64), (rb'"a \"b\" \\ \n,="', r'a "b" \ \n,='), (b'"a b"', "a b"),
    ],
)  # fmt: skip
def test_the_rarer_values_are_read_too(field: bytes, value: object) -> None:
    assert read(b"cpu idle=" + field + AT) == ([("dairy/l1", "filler", "cpu.idle", MS, value, REST)], [])


@pytest.mark.parametrize(
    "line, metrics",
    [
        (b"temp value=1", ["temp"]),
        (b"cpu a=1,b=2i,value=3", ["cpu.a", "cpu.b", "cpu"]),
        (b"cpu,a=b,c=d a=1", ["cpu.a"]),
        (b"cpu,t\\ a\\,g\\==\\=x\\ y a=1", ["cpu.a"]),
        (b"cpu,a=C:\\dir a=1", ["cpu.a"]),
        ("nhiệt độ=1".replace(" ", "-x ").encode(), ["nhiệt-x.độ"]),
        (b"  cpu   a=1", ["cpu.a"]),
        (b'cpu,q="x" a=1', ["cpu.a"]),
    ],
)
def test_names_come_from_measurement_and_fields(line: bytes, metrics: list[str]) -> None:
    rows, rejects = read(line + AT)
    assert [row[2] for row in rows] == metrics
    assert rejects == []


def test_several_lines_blank_ones_and_comments_are_one_payload() -> None:
    body = b"# a comment\n\na x=1" + AT + b"\r\n   \n  # more, here=1 5\nb x=2,y=3" + AT + b" \nc x=4" + AT
    rows, rejects = read(body)
    assert [row[2] for row in rows] == ["a.x", "b.x", "b.y", "c.x"]
    assert rejects == []


@pytest.mark.parametrize("stamp, t", [(b"1780000000", 1_780_000_000_000), (b"1780000000123", MS), (b"0", 0)])
def test_a_coarser_stamp_is_told_by_its_size(stamp: bytes, t: int) -> None:
    rows, _ = read(b"a x=1 " + stamp)
    assert [(row[3], row[5]) for row in rows] == [(t, 0)]


def test_without_a_stamp_the_time_of_receipt_counts_and_is_flagged() -> None:
    samples, _ = decode([Payload(UNIT, b"a x=1\nb x=2\n", NOW)], GRAMMAR, 1000)
    assert (samples.t.tolist(), samples.flags.tolist()) == ([NOW, NOW], [UNDATED, UNDATED])


def test_the_tag_equipment_gives_the_path_that_the_topic_does_not() -> None:
    body = b"a,equipment=dairy/l1 x=1" + AT + b"\na,equipment=dairy/l2/u x=2" + AT + b"\na x=3" + AT
    rows, rejects = read(body, "ti/somewhere")
    assert [row[:2] for row in rows] == [("dairy/l1", ""), ("dairy/l2", "u")]
    assert rejects == [("bad_path", 1)]


BAD = [
    (b"cpu", "bad_json"), (b"cpu ", "bad_json"), (b"cpu 5", "bad_json"), (b",a=b x=1", "bad_json"),
    (b"cpu, x=1", "bad_json"), (b"cpu,a x=1", "bad_json"), (b"cpu,a= x=1", "bad_json"), (b"cpu x=", "bad_json"),
    (b"cpu =1", "bad_json"), (b"cpu x=1,", "bad_json"), (b"cpu x=1 5 5", "bad_json"), (b"cpu x=1 5s", "bad_json"),
    (b"cpu x=1 y=2", "bad_json"), (b'cpu x="a', "bad_json"), (b'cpu x="a"b', "bad_json"), (b"cpu\tx=1", "bad_json"),
    (b"cpu x=1=2", "bad_value"), (b"cpu x=nan", "bad_value"), (b"cpu x=inf", "bad_value"), (b"cpu x=1.5i", "bad_value"),
    (b"cpu x=-1u", "bad_value"), (b"cpu x=9223372036854775808i", "bad_value"), (b"cpu x=tRUE", "bad_value"),
    (b"cpu x=1e999", "bad_value"), (b"cpu x=0x10", "bad_value"), (b"cpu x=1_0", "bad_value"),
    ("cpu x=\u0661".encode(), "bad_value"), (b"cpu x=" + b"1" * 5000 + b"i", "bad_value"),
    (b'cpu x="\x01"', "bad_value"),
    (b"cpu a\\ b=1", "bad_path"), (b"_cpu x=1", "bad_path"), (b"\xff x=1", "bad_path"), (b"cpu x=1 -5", "bad_time"),
    (b"cpu x=1 9223372036854775808", "bad_time"), (b"x" * 9000 + b" x=1", "bad_path"),
]  # fmt: skip


@pytest.mark.parametrize("line, code", BAD, ids=[f"{n}-{code}" for n, (_, code) in enumerate(BAD)])
def test_a_bad_line_costs_that_line_only(line: bytes, code: str) -> None:
    good = b"ok x=1" + AT
    rows, rejects = read(b"\n".join([good, line, good, b"", line, good]))
    assert [row[2] for row in rows] == ["ok.x"] * 3
    assert rejects == [(code, 2)]


@pytest.mark.parametrize("line", [line for line, _ in BAD])
def test_a_bad_line_with_a_time_of_its_own_is_refused_both_ways(line: bytes) -> None:
    rows, rejects = read(line + AT)
    assert (rows, sum(count for _, count in rejects)) == ([], 1)


def test_a_text_over_several_lines_is_one_bad_value_and_no_line_of_its_own() -> None:
    rows, rejects = read(b'log msg="first\nforged x=1 5\n",y=2' + AT)
    assert [row[2] for row in rows] == ["log.y"]
    assert rejects == [("bad_value", 1)]


def test_the_sentence_names_the_line() -> None:
    _, rejects = decode([Payload(UNIT, b"\n# c\na x=1\nnonsense\n", NOW)], GRAMMAR, 1000)
    assert rejects[0].sentence.startswith("line 4: no line protocol; got 'nonsense")


@pytest.mark.parametrize("body", [b"", b"\n", b"# only this", b"   "])
def test_a_payload_without_a_line_is_one_reject(body: bytes) -> None:
    assert read(body) == ([], [("bad_json", 1)])


def test_too_many_fields_are_too_large() -> None:
    assert read(b"a x=1 5\n" * 20_001) == ([], [("too_large", 1)])
    assert read(b"a " + b",".join(b"f%d=1" % i for i in range(20_001)) + AT) == ([], [("too_large", 1)])


PIECES = (b"\\", b'"', b",", b"=", b" ", b"1", b"1.", b"a=", b'a="', b"a,b=", b"\n#", b'a b="', b"a b=1,", b"\na b=1i")


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("before", [b"", b"a b=", b'a b="'])
def test_no_bytes_make_reading_slow(before: bytes, piece: bytes) -> None:
    begin = time.perf_counter()
    read(before + piece * (200_000 // len(piece)) + b"x")
    assert time.perf_counter() - begin < 5


stamps = st.integers(10**18, MAX_STAMP).map(str) | st.sampled_from(
    ["0", "5", "-5", "1780000000", str(1 << 63), "1" * 25]
)
names = st.sampled_from(["cpu", "value", "a.b", "nhiệt", "a\\ b", "a\\,b", "_x", "a\\", "#c"]) | st.from_regex(
    r"[a-z]{1,5}", fullmatch=True
)
values = (
    st.floats().map(repr)
    | st.integers(-(10**20), 10**20).map(str)
    | st.integers(-(10**19), 10**20).map("{}i".format)
    | st.integers(0, 10**20).map("{}u".format)
    | st.sampled_from(
        ["t", "True", "FALSE", "x", "-", "1e5", "+1", ".5", "00", "-0.0", '"execute"', '"idle"', '"a b"', '"a,b=1"']
    )
    | st.text(st.sampled_from(list('ab,= "\\\n')), max_size=6).map('"{}"'.format)
)
tags = st.lists(st.sampled_from([",host=a", ",equipment=dairy/l1/u", ",equipment=x", ",a=b\\ c", ",bad"]), max_size=2)
lines = st.builds(
    lambda name, tags, fields, stamp: f"{name}{''.join(tags)} {','.join(f'{k}={v}' for k, v in fields)} {stamp}",
    names,
    tags,
    st.lists(st.tuples(names, values), min_size=1, max_size=3),
    stamps,
)
bodies = st.builds(
    lambda found, end: ("\n".join(found) + end).encode(),
    st.lists(lines, max_size=4),
    st.sampled_from(["", "\n", "\r\n"]),
)
payloads = st.builds(
    Payload,
    st.sampled_from([UNIT, "ti/any"]),
    mutated(bodies, b', ="\\\n#iut019.-\r\x00\xc3'),
    st.just(NOW),
    st.just(False),
)


@given(st.lists(payloads, max_size=5))
def test_fast_and_strict_agree_bit_for_bit(batch: list[Payload]) -> None:
    samples, rejects = decode(batch, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(batch)


def escaped(name: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", name)


good_names = st.from_regex(r"[a-zđ][a-z0-9_.-]{0,20}", fullmatch=True)
any_tags = st.dictionaries(
    st.from_regex(r"[a-z ,=]{0,5}[a-z]", fullmatch=True).filter(lambda name: name != "equipment"),
    st.from_regex(r"[a-z ,=\"]{0,5}[a-z]", fullmatch=True),
    max_size=2,
)
good_values = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.text(st.sampled_from(list('ab,= "\\é')), max_size=8)
)
points = st.tuples(
    good_names, any_tags, st.dictionaries(good_names, good_values, min_size=1), st.integers(10**18, MAX_STAMP)
)


def value_text(value: object) -> str:
    if isinstance(value, str):
        return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return f"{value}i" if isinstance(value, int) and not isinstance(value, bool) else str(value)


@given(st.lists(points, min_size=1, max_size=4))
def test_every_point_that_is_written_comes_out(
    written: list[tuple[str, dict[str, str], dict[str, float | str], int]],
) -> None:
    text, expected = [], []
    for name, tag_values, fields, stamp in written:
        head = "".join(f",{escaped(key)}={escaped(value)}" for key, value in tag_values.items())
        body = ",".join(f"{key}={value_text(value)}" for key, value in fields.items())
        text.append(f"{name}{head} {body} {stamp}")
        for key, value in fields.items():
            read_as = value if isinstance(value, str) else float(value) + 0.0
            metric = name if key == "value" else f"{name}.{key}"
            expected.append(("dairy/l1", "filler", metric, stamp // 10**6, read_as, stamp % 10**6))
    assert read("\n".join(text).encode()) == (expected, [])
