"""The frame against its specification (docs/frame.md): golden bytes, round trips, and hostile bytes.

The golden files in tests/cases/frames are written by `python -m tests.cases.frames`.
"""

import json
import math
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.core.frames import (
    END,
    NO_TEXT,
    SPOOLED,
    Frame,
    FrameError,
    FrameName,
    Kind,
    decode,
    encode,
    flagged,
    rows_in,
)  # fmt: skip

GOLDEN = sorted((Path(__file__).parents[2] / "cases" / "frames").glob("*.json"))
COLUMNS = ("index", "t", "v", "text", "q", "row_flags", "seq")
U64, I64 = st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1)
WORDS = st.text(st.characters(exclude_characters="\x1e\x1f", exclude_categories=["Cs"]), max_size=12)


def described(frame: Frame) -> dict[str, object]:
    """The content of a frame in the form of the golden descriptions."""
    content: dict[str, object] = {name: getattr(frame, name) for name in Frame.__slots__ if name not in COLUMNS}
    content |= {"kind": frame.kind.name, "names": [list(n) for n in frame.names], "texts": list(frame.texts)}
    content["body"] = frame.body.decode()
    for name in COLUMNS:
        column = getattr(frame, name)
        content[name] = None if column is None else column.tolist()
    content["v"] = [None if math.isnan(v) else v for v in frame.v.tolist()]
    return content


def same(one: Frame, other: Frame) -> bool:
    """Equal content, floats by their bits."""
    columns = [(getattr(one, name), getattr(other, name)) for name in COLUMNS]
    rest = [(getattr(one, name), getattr(other, name)) for name in Frame.__slots__ if name not in COLUMNS]
    return all(a == b for a, b in rest) and all(
        (a is None and b is None) or (a.dtype == b.dtype and a.tobytes() == b.tobytes()) for a, b in columns
    )


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    kind = draw(st.sampled_from(Kind))
    rows = draw(st.integers(1, 40)) if kind == Kind.DATA and draw(st.booleans()) else 0
    names = tuple(
        FrameName(*n) for n in draw(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=min(rows, 1), max_size=5))
    )
    texts = tuple(draw(st.lists(WORDS, max_size=4))) if rows else ()

    def column(dtype: str, values: st.SearchStrategy[int] | None = None) -> np.ndarray | None:
        return draw(st.none() | arrays.arrays(dtype, rows, elements=values)) if rows else None

    text = arrays.arrays("<u2", rows, elements=st.sampled_from([*range(len(texts)), NO_TEXT]))
    return Frame(
        kind, draw(st.integers(0, 255)), draw(st.integers(0, 2**32 - 1)), draw(I64), draw(WORDS),
        draw(U64), draw(U64), draw(U64), draw(U64), names, texts,
        draw(arrays.arrays("<u2", rows, elements=st.integers(0, max(len(names) - 1, 0)))),
        draw(arrays.arrays("<i8", rows)), draw(arrays.arrays("<f8", rows)),
        draw(text) if texts else None, column("u1"), column("u1"), column("<u8"),
        draw(st.binary(max_size=30)) if kind >= Kind.COMMAND else b"",
    )  # fmt: skip


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_bytes_decode_to_their_description_and_encode_back(path: Path) -> None:
    value = path.with_suffix(".bin").read_bytes()
    frame = decode(value)
    assert described(frame) == json.loads(path.read_text())
    assert encode(frame) == value


def test_there_is_a_golden_frame_of_every_kind_and_column() -> None:
    found = [decode(path.with_suffix(".bin").read_bytes()) for path in GOLDEN]
    assert {frame.kind for frame in found} == set(Kind)
    assert all(any(getattr(frame, name) is not None for frame in found) for name in COLUMNS)


def test_bytes_packed_by_hand_from_the_specification_are_what_encode_writes() -> None:
    names, texts = b"gw\x1eu\x1fm\x1f", b"ok"
    body = struct.pack("<IIqdH6xH6xB7x", len(names), len(texts), 1000, 2.5, 0, 0, 192) + names + texts
    head = [b"PPF1", 1, 0, 1, 1 | 2, 1, 3, len(body), 0, 1001, 7, 8, 9, 10]
    layout = "<4sBBBBIIIIqQQQQ"
    head[8] = zlib.crc32(struct.pack(layout, *head) + body)
    column = np.zeros(1, "<u2")
    frame = Frame(
        Kind.DATA, 1, 3, 1001, "gw", 7, 8, 9, 10, (FrameName("u", "m", ""),), ("ok",),
        column, np.array([1000], "<i8"), np.array([2.5]), column, np.array([192], "u1")
    )  # fmt: skip
    assert encode(frame) == struct.pack(layout, *head) + body


@given(frames())
def test_every_frame_survives_the_round_trip_and_has_one_encoding(frame: Frame) -> None:
    value = encode(frame)
    assert same(decode(value), frame)
    assert encode(decode(value)) == value


@given(frames())
def test_decoded_columns_are_views_that_cannot_be_written(frame: Frame) -> None:
    decoded = decode(encode(frame))
    for name in COLUMNS:
        column = getattr(decoded, name)
        assert column is None or not column.flags.writeable


def decodes_or_refuses(value: bytes) -> None:
    try:
        frame = decode(value)
    except FrameError:
        return
    assert same(decode(encode(frame)), frame)


@settings(max_examples=300)
@given(frames(), st.data())
def test_a_mutated_frame_is_refused_even_where_its_crc_is_made_to_hold(frame: Frame, data: st.DataObject) -> None:
    value = bytearray(encode(frame))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    decodes_or_refuses(bytes(value))
    value[20:24] = bytes(4)
    value[20:24] = zlib.crc32(value).to_bytes(4, "little")
    decodes_or_refuses(bytes(value))


@given(frames(), st.data())
def test_a_truncated_or_lengthened_frame_is_refused(frame: Frame, data: st.DataObject) -> None:
    value = encode(frame)
    for other in (value[: data.draw(st.integers(0, len(value) - 1))], value + b"\0"):
        with pytest.raises(FrameError):
            decode(other)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.booleans())
def test_random_bytes_are_refused_as_a_frame_error(junk: bytes, with_magic: bool) -> None:
    decodes_or_refuses(b"PPF1\x01" + junk if with_magic else junk)


@given(st.integers(0, 511))
def test_a_single_flipped_bit_of_the_header_is_always_noticed(bit: int) -> None:
    value = bytearray(GOLDEN[0].with_suffix(".bin").read_bytes())
    value[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FrameError):
        decode(bytes(value))


@pytest.mark.parametrize("rows", [1, 40_001, 2**31, 2**32 - 1])
def test_a_rows_count_that_the_bytes_do_not_hold_is_refused_before_anything_is_made_of_it(rows: int) -> None:
    value = bytearray(GOLDEN[0].with_suffix(".bin").read_bytes())
    value[8:12] = rows.to_bytes(4, "little")
    value[20:24] = bytes(4)
    value[20:24] = zlib.crc32(value).to_bytes(4, "little")
    with pytest.raises(FrameError, match=r"rows|parts"):
        decode(bytes(value))


PLAIN = Frame(
    Kind.DATA, 0, 0, 0, "gw", 1, 1, 1, 0, (FrameName("u", "m", ""),), (),
    np.zeros(1, "<u2"), np.zeros(1, "<i8"), np.zeros(1),
)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"gateway": "a\x1eb"},
        {"gateway": "a\x1fb"},
        {"names": (FrameName("u", "m\x1f", ""),)},
        {"names": (FrameName("u", "m\x1e", ""),)},
        {"names": (FrameName("\ud800", "m", ""),)},
        {"texts": ("a\x1eb",), "text": np.zeros(1, "<u2")},
        {"texts": ("a\x1f",), "text": np.zeros(1, "<u2")},
        {"texts": ("a",)},
        {"text": np.zeros(1, "<u2")},
        {"texts": ("a",), "text": np.ones(1, "<u2")},
        {"index": np.ones(1, "<u2")},
        {"names": (FrameName("u", "m", ""),) * 65_536},
        {"v": np.zeros(2)},
        {"v": np.zeros(1, "f4")},
        {"flags": 256},
        {"number": -1},
        {"kind": Kind.HEARTBEAT},
        {"body": b"{}"},
        {"index": np.zeros(40_001, "<u2"), "t": np.zeros(40_001, "<i8"), "v": np.zeros(40_001)},
    ],
    ids=str,
)
def test_what_no_reader_could_read_is_never_written(change: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        encode(replace(PLAIN, **change))


def test_a_frame_may_hold_65535_names_and_nearly_twice_the_rows_of_a_payload() -> None:
    names = tuple(FrameName(f"u{i}", "m", "") for i in range(65_535))
    rows = 39_999
    frame = replace(
        PLAIN, names=names, index=np.full(rows, 65_534, "<u2"), t=np.arange(rows, dtype="<i8"), v=np.ones(rows)
    )
    assert same(decode(encode(frame)), frame)


def test_a_column_without_a_text_is_left_out() -> None:
    assert decode(encode(replace(PLAIN, text=np.full(1, NO_TEXT, "<u2")))).text is None


@given(frames())
def test_a_flag_is_added_to_the_bytes_as_if_it_had_been_there_from_the_start(frame: Frame) -> None:
    plain = encode(replace(frame, flags=END))
    assert flagged(plain, SPOOLED) == encode(replace(frame, flags=SPOOLED | END))
    assert flagged(flagged(plain, SPOOLED), SPOOLED) == flagged(plain, SPOOLED)
    assert rows_in(plain[:64]) == len(frame)


@given(frames(), st.data())
def test_bytes_that_do_not_hold_get_no_new_crc(frame: Frame, data: st.DataObject) -> None:
    value = bytearray(encode(frame))
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FrameError):
        flagged(bytes(value), SPOOLED)
