"""Records read together give the rows, and the sentences, that each alone gives."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import rows_together
from pipeline.core.frames import HEADER_SIZE, Frame, FrameName, Kind, encode
from pipeline.core.frames_together import Refused, entry, read_together
from pipeline.core.line_config import LineConfig
from pipeline.core.plausible import Spelling
from pipeline.core.polled import BY_RECORD, BY_ROW, Entry, Polled, gathered
from pipeline.core.ports import Record
from pipeline.core.senders import Senders
from tests.unit.core.test_frames import frames, same

NOW = 1 << 40
KEYS = (b"park/line-1", b"park/line-2", b"park/l\xc3\xa0ng", b"", b"park/_x", b"\xff")
CONFIGURATION = LineConfig(path="park/line-1").model_dump_json().encode()


@st.composite
def rows(draw: st.DrawFn) -> Frame:
    """What a gateway writes: names that are legal, mostly few rows, optional columns now and then."""
    size, names = draw(st.sampled_from([0, 1, 2, 3, 4, 7, 8, 9, 20, 200])), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    table = tuple(FrameName("unit", f"m{k}", draw(st.sampled_from(["", "plc"]))) for k in range(names))
    columns = rng.integers(0, names, size).astype(np.uint16), np.arange(size), np.arange(size) / 7
    gateway, boot = draw(st.sampled_from(["gw", "gw-2"])), draw(st.integers(1, 2))
    kind = Kind.DATA if size else draw(st.sampled_from([Kind.DATA, Kind.HEARTBEAT]))
    frame = Frame(
        kind, draw(st.integers(0, 3)), 1, draw(st.integers(0, NOW)), gateway, boot, 2, 3, 4, table, (), *columns
    )
    some = {
        "q": rng.integers(0, 9, size).astype(np.uint8),
        "row_flags": rng.integers(0, 3, size).astype(np.uint8),
        "seq": rng.integers(0, 9, size).astype(np.uint64),
        "text": rng.choice(np.array([0, 1, 0xFFFF], np.uint16), size),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(some)))) if size and draw(st.booleans()) else set()
    texts = ("execute", "held") if "text" in chosen else ()
    return replace(frame, texts=texts, **{name: some[name] for name in chosen})


def configuration(number: int) -> Frame:
    return Frame(Kind.CONFIGURATION, 0, 0, 1, "gw", 1, number, 0, 0, body=CONFIGURATION[number % 2 :])


VALUES = (frames() | rows() | st.builds(configuration, st.integers(0, 1))).map(encode)


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


def of(values: Sequence[bytes], keys: Sequence[bytes] = ()) -> list[Record]:
    """As records of one partition."""
    key = (*keys, *[KEYS[0]] * len(values))
    return [Record(0, 7 + 2 * k, NOW + k, key[k], value) for k, value in enumerate(values)]


def alone(records: Sequence[Record]) -> tuple[list[Entry], list[Refused]]:
    """One by one, as the definition says; a skip says nothing."""
    entries, refused, spelling = [], [], Spelling()
    for place, record in enumerate(records):
        try:
            found = entry(record, spelling)
            entries += [found] if found.frame.kind is not Kind.SKIP else []
        except ValueError as error:
            refused.append(Refused(place, str(error).splitlines()[0]))
    return entries, refused


def assert_as_alone(records: Sequence[Record], senders: Senders) -> None:
    entries, refused = alone(records)
    polled, reasons = read_together(records, senders)
    assert reasons == refused
    assert len(polled) == len(entries)
    assert_same_columns(polled, gathered(entries, senders))
    for k, one in enumerate(entries):
        found = polled.entry(k)
        assert (found.offset, found.append_ms, found.line) == (one.offset, one.append_ms, one.line)
        assert same(found.frame, one.frame)


def assert_same_columns(one: Polled, other: Polled) -> None:
    for name in (*BY_RECORD[1:], *BY_ROW):
        a, b = getattr(one, name), getattr(other, name)
        if a is None or b is None:
            assert a is b, name
        else:
            assert (a.dtype, a.tobytes()) == (b.dtype, b.tobytes()), name


@given(st.data())
def test_a_poll_gives_what_its_records_give_alone(data: st.DataObject) -> None:
    senders = Senders()
    for _ in range(2):  # senders that are known, and that are not
        values = data.draw(st.lists(VALUES | spoiled() | st.binary(max_size=120), max_size=8))
        keys = data.draw(st.lists(st.sampled_from(KEYS), min_size=len(values), max_size=len(values)))
        assert_as_alone(of(values, keys), senders)


@given(st.lists(rows().map(encode), min_size=1, max_size=12), st.sampled_from([0, 1, 1_000]))
def test_columns_are_the_same_whether_places_are_computed_or_slices_joined(values: list[bytes], few: int) -> None:
    before, rows_together.FEW_ROWS = rows_together.FEW_ROWS, few
    try:
        assert_as_alone(of(values), Senders())
    finally:
        rows_together.FEW_ROWS = before


@given(st.lists(rows().filter(len), min_size=1, max_size=4), st.data())
def test_a_row_beyond_its_names_spoils_its_own_frame_alone(some: list[Frame], data: st.DataObject) -> None:
    some = [replace(frame, seq=None) for frame in some]
    values = [encode(frame) for frame in some]
    at = data.draw(st.integers(0, len(some) - 1))
    row = HEADER_SIZE + 8 + 16 * len(some[at]) + 2 * data.draw(st.integers(0, len(some[at]) - 1))
    value = bytearray(values[at])
    value[row : row + 2] = len(some[at].names).to_bytes(2, "little")
    value[20:24] = mended(bytes(value))
    values[at] = bytes(value)
    assert [one.place for one in read_together(of(values), Senders())[1]] == [at]
    assert_as_alone(of(values), Senders())


def test_each_byte_of_the_header_is_looked_at() -> None:
    table = (FrameName("unit", "a", ""),)
    columns = (np.zeros(3, np.uint16), np.arange(3), np.zeros(3))
    value = encode(Frame(Kind.DATA, 0, 0, 1, "gw", 1, 2, 3, 4, table, (), *columns))
    wrong = []
    for at in range(HEADER_SIZE + 8):
        for byte in (0, 1, 2, 5, 127, 255):
            for crc in (False, True):
                one = bytearray(value)
                one[at] = byte
                if crc:
                    one[20:24] = mended(bytes(one))
                wrong.append(bytes(one))
    assert_as_alone(of([value, *wrong]), Senders())


def test_a_boot_that_begins_anew_with_the_same_names_is_another_sender() -> None:
    table = (FrameName("unit", "a", ""),)
    values = [encode(Frame(Kind.HEARTBEAT, 0, 0, 1, "gw", boot, 1, 0, 0, table)) for boot in (1, 2, 1, 3)]
    senders = Senders()
    for _ in range(2):
        polled, _ = read_together(of(values), senders)
        assert [senders.keys[code][2] for code in polled.sender.tolist()] == [1, 2, 1, 3]


def mended(value: bytes) -> bytes:
    return zlib.crc32(value[24:], zlib.crc32(b"\0\0\0\0", zlib.crc32(value[:20]))).to_bytes(4, "little")
