"""Frames decoded together are the frames, and the sentences, that each alone gives."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.frames import HEADER_SIZE, Frame, FrameError, FrameName, Kind, decode, encode
from pipeline.core.frames_together import decode_all
from tests.unit.core.test_frames import frames, same


@st.composite
def rows(draw: st.DrawFn) -> Frame:
    size, names = draw(st.integers(1, 20)), draw(st.integers(1, 5))
    index = np.array(draw(st.lists(st.integers(0, names - 1), min_size=size, max_size=size)), np.uint16)
    table = tuple(FrameName("unit", f"m{k}", "") for k in range(names))
    columns = (index, np.arange(size), np.arange(size) / 7)
    return Frame(Kind.DATA, 0, 0, draw(st.integers(0, 1 << 40)), "gw", 1, 2, 3, 4, table, (), *columns)


VALUES = (frames() | rows()).map(encode)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A frame with some bytes changed or moved from names to texts, the CRC mended in most of them, or longer."""
    value = bytearray(draw(VALUES))
    for _ in range(draw(st.integers(0, 3))):
        value[draw(st.integers(0, len(value) - 1))] = draw(st.integers(0, 255))
    names, texts = struct.unpack_from("<II", value, HEADER_SIZE)
    if names and draw(st.booleans()):
        struct.pack_into("<II", value, HEADER_SIZE, names - 1, min(texts + 1, 0xFFFFFFFF))
    if draw(st.booleans()):
        value[7] = draw(st.integers(0, 15))  # columns
    value += draw(st.just(b"") | st.binary(max_size=9))
    if draw(st.integers(0, 3)):
        value[20:24] = mended(bytes(value))
    return bytes(value)


def alone(value: bytes) -> Frame | str:
    try:
        return decode(value)
    except FrameError as error:
        return str(error)


def assert_as_alone(values: Sequence[bytes]) -> None:
    for together, value in zip(decode_all(values), values, strict=True):
        single = alone(value)
        if isinstance(together, Frame):
            assert isinstance(single, Frame)
            assert same(together, single)
            assert together.names is single.names
            assert not together.t.flags.writeable
        else:
            assert str(together) == single


@given(st.lists(VALUES | spoiled() | st.binary(max_size=120), max_size=8))
def test_a_poll_gives_what_its_records_give_alone(values: list[bytes]) -> None:
    assert_as_alone(values)


@given(st.lists(rows(), min_size=1, max_size=4), st.data())
def test_a_row_beyond_its_names_spoils_its_own_frame_alone(some: list[Frame], data: st.DataObject) -> None:
    values = [encode(frame) for frame in some]
    at = data.draw(st.integers(0, len(some) - 1))
    row = HEADER_SIZE + 8 + 16 * len(some[at]) + 2 * data.draw(st.integers(0, len(some[at]) - 1))
    value = bytearray(values[at])
    value[row : row + 2] = len(some[at].names).to_bytes(2, "little")
    value[20:24] = mended(bytes(value))
    values[at] = bytes(value)
    assert [k for k, one in enumerate(decode_all(values)) if isinstance(one, FrameError)] == [at]
    assert_as_alone(values)


def test_each_byte_of_the_header_is_looked_at() -> None:
    table = (FrameName("unit", "a", ""),)
    columns = (np.zeros(3, np.uint16), np.arange(3), np.zeros(3))
    value = encode(Frame(Kind.DATA, 0, 0, 1, "gw", 1, 2, 3, 4, table, (), *columns))
    wrong = []
    for at in range(HEADER_SIZE + 8):
        for byte in (0, 1, 2, 5, 255):
            for crc in (False, True):
                one = bytearray(value)
                one[at] = byte
                if crc:
                    one[20:24] = mended(bytes(one))
                wrong.append(bytes(one))
    assert_as_alone([value, *wrong])


def mended(value: bytes) -> bytes:
    return zlib.crc32(value[24:], zlib.crc32(b"\0\0\0\0", zlib.crc32(value[:20]))).to_bytes(4, "little")
