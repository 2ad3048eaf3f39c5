"""The record of the log: a 64-byte header and raw little-endian columns (docs/frame.md is the specification).

Rule: nothing of a value is used before its sizes and its CRC hold; `decode` raises `FrameError` and nothing else, and
its arrays are read-only views into the bytes. One content has one encoding: a column that says nothing is left out.
"""

import struct
import zlib
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.names_block import MAX_NAMES, FrameError, FrameName, NamesBlocks

__all__ = ["MAX_NAMES", "FrameError", "FrameName"]

MAGIC, VERSION, HEADER_SIZE = b"PPF1", 1, 64
MAX_ROWS = 20_000  # a payload holds at most so many rows, and a frame ends with the payload that reaches it
MAX_FRAME_ROWS = 2 * MAX_ROWS
MAX_TEXTS = NO_TEXT = 0xFFFF
SPOOLED, END = 1, 2  # header flags
TEXT, Q, ROW_FLAGS, SEQ = 1, 2, 4, 8  # header columns

_HEADER = struct.Struct("<4sBBBBIIIIqQQQQ")
_SIZES = struct.Struct("<II")
_U16, _U8 = np.dtype("<u2"), np.dtype("u1")
_I64, _U64, _F64 = np.dtype("<i8"), np.dtype("<u8"), np.dtype("<f8")
_PADS = tuple(b"\0" * (-size % 8) for size in range(8))
_SCALAR = TypeVar("_SCALAR", bound=np.generic)


class Kind(IntEnum):
    DATA = 0
    HEARTBEAT = 1
    COMMAND = 2
    CONFIGURATION = 3
    SKIP = 4


@lru_cache(maxsize=32)
def _empty(dtype: np.dtype[_SCALAR]) -> npt.NDArray[_SCALAR]:
    return np.frombuffer(b"", dtype)


_KINDS = tuple(Kind)
NAMES = NamesBlocks()
_NO_U16, _NO_I64, _NO_F64 = _empty(_U16), _empty(_I64), _empty(_F64)


@dataclass(slots=True, eq=False)
class Frame:
    """Rows of one line from one gateway, in order (unit, metric, t); `body` is the JSON of the kinds without rows.
    Never changed once made (not frozen: making one would cost three times as much).

    `rejects` = rejected samples that came with these rows; `number` counts the frames of (gateway, boot, line);
    `total_rows`, `total_rejects` are running sums over them, this frame included. Optional columns are None.
    """

    kind: Kind
    flags: int
    rejects: int
    ingest_ms: int
    gateway: str
    boot: int
    number: int
    total_rows: int
    total_rejects: int
    names: tuple[FrameName, ...] = ()
    texts: tuple[str, ...] = ()
    index: npt.NDArray[np.uint16] = field(default_factory=lambda: _NO_U16)
    t: npt.NDArray[np.int64] = field(default_factory=lambda: _NO_I64)
    v: npt.NDArray[np.float64] = field(default_factory=lambda: _NO_F64)
    text: npt.NDArray[np.uint16] | None = None
    q: npt.NDArray[np.uint8] | None = None
    row_flags: npt.NDArray[np.uint8] | None = None
    seq: npt.NDArray[np.uint64] | None = None
    body: bytes = b""

    def __len__(self) -> int:
        return len(self.t)


def encode(frame: Frame) -> bytes:
    """The bytes of a frame; ValueError for what `decode` would refuse, so that nothing unreadable is ever written."""
    rows, kind = len(frame.t), int(frame.kind)
    if rows > MAX_FRAME_ROWS or (rows and kind != Kind.DATA):
        raise FrameError(f"frame: {rows} rows in a frame of kind {kind}; expected at most {MAX_FRAME_ROWS}, and DATA")
    names = NAMES.encode(frame.gateway, frame.names)
    texts = _texts_block(frame)
    columns, parts = _raw_columns(frame, rows)
    body = b"".join((_SIZES.pack(len(names), len(texts)), *parts, names, texts))
    totals = (frame.ingest_ms, frame.boot, frame.number, frame.total_rows, frame.total_rejects)
    try:
        header = _HEADER.pack(
            MAGIC, VERSION, kind, frame.flags, columns, rows, frame.rejects, len(body), 0, *totals
        )  # fmt: skip
    except struct.error as error:
        raise FrameError(f"frame: a number of the header is out of its range; {error}") from None
    crc = zlib.crc32(body, zlib.crc32(header))
    return b"".join((header[:20], crc.to_bytes(4, "little"), header[24:], body))


def flagged(value: bytes, flags: int) -> bytes:
    """These bytes of a frame with header flags added, else as they are; FrameError where their CRC does not hold."""
    _checked_sizes(value)
    header = value[:6] + bytes([value[6] | flags]) + value[7:20]
    crc = zlib.crc32(memoryview(value)[24:], zlib.crc32(b"\0\0\0\0", zlib.crc32(header)))
    return b"".join((header, crc.to_bytes(4, "little"), memoryview(value)[24:]))


def rows_in(header: bytes) -> int:
    """How many rows a frame has, by its first bytes alone."""
    return int.from_bytes(header[8:12], "little")


def _texts_block(frame: Frame) -> bytes:
    texts, holds_body = frame.texts, frame.kind >= Kind.COMMAND
    if (texts and (holds_body or frame.text is None or not len(frame.t))) or (frame.body and not holds_body):
        raise FrameError("frame: texts go with a text column, a JSON body with a command, configuration or skip")
    joined = "\x1e".join(texts)
    if len(texts) > MAX_TEXTS or joined.count("\x1e") != max(len(texts) - 1, 0) or "\x1f" in joined:
        raise FrameError(f"frame: more than {MAX_TEXTS} texts, or a text that holds a control character 1E or 1F")
    return frame.body if holds_body else joined.encode()


def _raw_columns(frame: Frame, rows: int) -> tuple[int, list[bytes]]:
    _check_indexes(frame.index, len(frame.names), frame.text, len(frame.texts))
    columns, parts = 0, [_raw(frame.t, _I64, rows), _raw(frame.v, _F64, rows)]
    if frame.seq is not None and rows:
        columns |= SEQ
        parts.append(_raw(frame.seq, _U64, rows))
    parts.append(_raw(frame.index, _U16, rows))
    if frame.text is not None and frame.texts:
        columns |= TEXT
        parts.append(_raw(frame.text, _U16, rows))
    if frame.q is not None and rows:
        columns |= Q
        parts.append(_raw(frame.q, _U8, rows))
    if frame.row_flags is not None and rows:
        columns |= ROW_FLAGS
        parts.append(_raw(frame.row_flags, _U8, rows))
    return columns, parts


def _raw(array: npt.NDArray[_SCALAR], dtype: np.dtype[_SCALAR], rows: int) -> bytes:
    if array.dtype != dtype or array.shape != (rows,):
        raise FrameError(f"frame: a column of {array.dtype} {array.shape}; expected {dtype} of {rows} rows")
    raw = array.tobytes()
    return raw + _PADS[len(raw) & 7]


def _check_indexes(index: npt.NDArray[np.uint16], names: int, text: npt.NDArray[np.uint16] | None, texts: int) -> None:
    if len(index) and int(np.maximum.reduce(index)) >= names:
        raise FrameError(f"frame: a row points beyond the {names} names")
    if text is not None and bool(((text >= texts) & (text != NO_TEXT)).any()):
        raise FrameError(f"frame: a row points beyond the {texts} texts")


def decode(value: bytes) -> Frame:
    """The frame in these bytes, its arrays read-only views of them; FrameError for anything else."""
    columns, rows, names_size, texts_size = _checked_sizes(value)
    _, _, kind, flags, _, _, rejects, _, _, ingest_ms, boot, number, total_rows, total_rejects = _HEADER.unpack_from(
        value
    )
    end = len(value) - texts_size
    gateway, names = NAMES.decode(value[end - names_size : end])
    texts: tuple[str, ...] = ()
    body = value[end:]
    if kind < Kind.COMMAND:
        texts, body = _parse_texts(body, bool(columns & TEXT)), b""
    frame = Frame(
        _KINDS[kind], flags, rejects, ingest_ms, gateway, boot, number, total_rows, total_rejects, names, texts,
        *_views(value, columns, rows), body
    )  # fmt: skip
    _check_indexes(frame.index, len(names), frame.text, len(texts))
    return frame


def _checked_sizes(value: bytes) -> tuple[int, int, int, int]:
    """(columns, rows, names_size, texts_size) of bytes whose sizes and CRC hold."""
    size = len(value)
    if size < HEADER_SIZE + _SIZES.size:
        raise FrameError(f"frame: {size} bytes; expected at least {HEADER_SIZE + _SIZES.size}")
    magic, version, kind, _, columns, rows, _, raw_size, crc, *_ = _HEADER.unpack_from(value)
    if magic != MAGIC or version != VERSION:
        raise FrameError(f"frame: begins with {value[:5].hex()}; expected {MAGIC.hex()} and version {VERSION}")
    if kind >= len(_KINDS) or columns > (TEXT | Q | ROW_FLAGS | SEQ) or (columns and not rows):
        raise FrameError(f"frame: kind {kind} with columns {columns} and {rows} rows is not of version {VERSION}")
    if rows > MAX_FRAME_ROWS or (rows and kind != Kind.DATA):
        raise FrameError(f"frame: {rows} rows in a frame of kind {kind}; expected at most {MAX_FRAME_ROWS}, and DATA")
    names_size, texts_size = _SIZES.unpack_from(value, HEADER_SIZE)
    expected = _SIZES.size + _columns_size(columns, rows) + names_size + texts_size
    if not raw_size == expected == size - HEADER_SIZE:
        raise FrameError(
            f"frame: a body of {size - HEADER_SIZE} bytes; its header says {raw_size}, its parts {expected}"
        )
    if crc != zlib.crc32(memoryview(value)[24:], zlib.crc32(b"\0\0\0\0", zlib.crc32(value[:20]))):
        raise FrameError("frame: the CRC does not hold")
    return columns, rows, names_size, texts_size


def _columns_size(columns: int, rows: int) -> int:
    eights, twos, ones = 8 * rows, -(-2 * rows // 8) * 8, -(-rows // 8) * 8
    bytewise = bool(columns & Q) + bool(columns & ROW_FLAGS)
    return (2 + bool(columns & SEQ)) * eights + (1 + bool(columns & TEXT)) * twos + bytewise * ones


Columns = tuple[
    npt.NDArray[np.uint16],
    npt.NDArray[np.int64],
    npt.NDArray[np.float64],
    npt.NDArray[np.uint16] | None,
    npt.NDArray[np.uint8] | None,
    npt.NDArray[np.uint8] | None,
    npt.NDArray[np.uint64] | None,
]


def _views(value: bytes, columns: int, rows: int) -> Columns:
    """index, t, v, text, q, row_flags, seq in the order of `Frame`."""
    if not rows:
        return _NO_U16, _NO_I64, _NO_F64, None, None, None, None
    eights, twos, ones = 8 * rows, -(-2 * rows // 8) * 8, -(-rows // 8) * 8
    at = HEADER_SIZE + _SIZES.size
    text, q, row_flags, seq = None, None, None, None
    t, v = np.frombuffer(value, _I64, rows, at), np.frombuffer(value, _F64, rows, at + eights)
    at += 2 * eights
    if columns & SEQ:
        seq = np.frombuffer(value, _U64, rows, at)
        at += eights
    index = np.frombuffer(value, _U16, rows, at)
    at += twos
    if columns & TEXT:
        text = np.frombuffer(value, _U16, rows, at)
        at += twos
    if columns & Q:
        q = np.frombuffer(value, _U8, rows, at)
        at += ones
    if columns & ROW_FLAGS:
        row_flags = np.frombuffer(value, _U8, rows, at)
    return index, t, v, text, q, row_flags, seq


def _parse_texts(block: bytes, present: bool) -> tuple[str, ...]:
    if not present and block:
        raise FrameError("frame: texts without a column of them")
    texts = tuple(_utf8(block).split("\x1e")) if present else ()
    if len(texts) > MAX_TEXTS or b"\x1f" in block:
        raise FrameError(f"frame: more than {MAX_TEXTS} texts, or a text that holds a control character 1F")
    return texts


def _utf8(block: bytes) -> str:
    try:
        return block.decode()
    except UnicodeDecodeError as error:
        raise FrameError(f"frame: a block is not UTF-8; {error}") from None
