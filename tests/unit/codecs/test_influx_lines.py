"""Line protocol from columns, against a plain encoder of single points and against the client library's own `Point`."""

import math
import struct
from collections.abc import Mapping

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client import Point

from connectors.codecs.influx_lines import heads, lines

Field = float | int | bool | str | None
Points = tuple[str, dict[str, list[str | None]], dict[str, list[Field]], list[int]]
DTYPES = {float: pl.Float64(), int: pl.Int64(), bool: pl.Boolean(), str: pl.String()}
BREAKS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = st.text(st.sampled_from("ab,= \"'\n\t\rđể") | CHARACTERS, min_size=1, max_size=6).filter(
    lambda name: name[-1] != "\\" and name[0] != "#"
)
EIGHTHS = st.integers(-80_000, 80_000).map(lambda n: n / 8)  # which everybody writes in the same way
VALUES = {
    float: EIGHTHS | st.sampled_from([math.nan, math.inf, -math.inf]),
    int: st.integers(-(1 << 63), (1 << 63) - 1),
    bool: st.booleans(),
    str: st.text(st.sampled_from('a"\\,= \n') | CHARACTERS, max_size=8),
}


@st.composite
def points(draw: st.DrawFn) -> Points:
    """Measurement, tags, fields and times of some points."""
    size = draw(st.integers(1, 4))
    keys = draw(st.lists(NAMES, unique=True, max_size=6))
    cut = draw(st.integers(0, len(keys)))
    tag = st.none() | st.just("") | NAMES
    kinds = {key: draw(st.sampled_from(list(VALUES))) for key in keys[cut:]}
    return (
        draw(NAMES),
        {key: draw(st.lists(tag, min_size=size, max_size=size)) for key in keys[:cut]},
        {key: draw(st.lists(st.none() | VALUES[kind], min_size=size, max_size=size)) for key, kind in kinds.items()},
        draw(st.lists(st.integers(-(1 << 40), 1 << 42), min_size=size, max_size=size)),
    )


def column(name: str, values: list[Field]) -> pl.Series:
    kind = next((type(value) for value in values if value is not None), float)
    return pl.Series(name, values, dtype=DTYPES[kind])


def encoded(found: Points) -> list[str | None]:
    measurement, tags, fields, times = found
    head = heads(measurement, {key: pl.Series(values, dtype=pl.String) for key, values in tags.items()})
    every = head if tags else pl.Series([head.item()] * len(times))
    return lines(every, [column(name, values) for name, values in fields.items()], pl.Series(times)).to_list()


def plain_name(text: str, special: str) -> str:
    return "".join(BREAKS.get(char, f"\\{char}" if char in special else char) for char in text)


def plain_value(value: Field) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if math.isfinite(value) else None
    return None if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(measurement: str, tags: Mapping[str, str | None], fields: Mapping[str, Field], time: int) -> str | None:
    head = [plain_name(measurement, ", ")]
    head += [f"{plain_name(key, ', =')}={plain_name(tags[key] or '', ', =')}" for key in sorted(tags) if tags[key]]
    named = {plain_name(key, ", ="): plain_value(value) for key, value in fields.items()}
    body = ",".join(f"{key}={value}" for key, value in named.items() if value is not None)
    return f"{','.join(head)} {body} {time}" if body else None


def single(found: Points, row: int) -> tuple[str, dict[str, str | None], dict[str, Field], int]:
    measurement, tags, fields, times = found
    own_tags = {key: values[row] for key, values in tags.items()}
    return measurement, own_tags, {key: values[row] for key, values in fields.items()}, times[row]


@given(points())
def test_columns_give_the_lines_that_a_plain_encoder_gives_point_by_point(found: Points) -> None:
    assert encoded(found) == [plain(*single(found, row)) for row in range(len(found[3]))]


@given(points())
def test_columns_give_the_lines_that_the_client_library_gives_point_by_point(found: Points) -> None:
    measurement, tags, fields, times = found
    in_order = (measurement, tags, {key: fields[key] for key in sorted(fields)}, times)
    wanted = []
    for row in range(len(times)):
        _, own_tags, own_fields, time = single(found, row)
        point = Point(measurement).time(time, "ms")
        for key, tag in own_tags.items():
            point.tag(key, tag)
        for key, value in own_fields.items():
            point.field(key, value)
        wanted.append(point.to_line_protocol() or None)
    assert encoded(in_order) == wanted


@given(points(), st.integers(2, 5))
def test_what_all_rows_share_is_written_as_if_it_stood_in_each_alone(found: Points, often: int) -> None:
    measurement, tags, fields, times = found
    many = (
        measurement,
        {key: values[:1] * often for key, values in tags.items()},
        {key: values[:1] * often for key, values in fields.items()},
        times[:1] * often,
    )
    assert encoded(many) == [plain(*single(found, 0))] * often


def test_the_sign_of_zero_is_kept_in_a_column_of_zeros() -> None:
    lines = encoded(("m", {}, {"v": [0.0, -0.0, 0.0], "w": [-0.0, -0.0, -0.0]}, [5, 5, 5]))
    assert lines == ["m v=0,w=-0 5", "m v=-0,w=-0 5", "m v=0,w=-0 5"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_float_is_written_with_the_fewest_digits_that_give_back_its_bits(numbers: list[float]) -> None:
    texts = [
        line.split("=")[1].split(" ")[0] for line in encoded(("m", {}, {"v": numbers}, [0] * len(numbers))) if line
    ]
    assert [struct.pack("d", float(text)) for text in texts] == [struct.pack("d", number) for number in numbers]
    assert [digits(text) for text in texts] == [digits(repr(number)) for number in numbers]


def digits(text: str) -> str:
    mantissa = text.lstrip("-").partition("e")[0].removesuffix(".0")
    return mantissa.replace(".", "").strip("0")


def test_a_line_break_in_a_name_begins_no_line_of_its_own() -> None:
    (line,) = encoded(("m", {"a": ["x\ndrop v=1"]}, {"v": [1.0]}, [5]))
    assert line == "m,a=x\\ndrop\\ v\\=1 v=1 5"
