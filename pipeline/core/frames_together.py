"""Frames of one poll, decoded together: what their headers say is read and checked as columns.

Why it is fast: sizes of all frames are checked in a few calls, rows that point beyond their names are looked for in all
frames at once, and a frame without optional columns costs a CRC, three views and a lookup of its names. Rule: what is
not of this frequent form goes through `frames.decode`, which is the definition; both give the same frame, or the same
sentence.
"""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import HEADER_SIZE, MAGIC, MAX_FRAME_ROWS, NAMES, VERSION, Frame, FrameError, Kind, decode

_HEADER = np.dtype([
    ("magic", "S4"), ("version", "u1"), ("kind", "u1"), ("flags", "u1"), ("columns", "u1"), ("rows", "<u4"),
    ("rejects", "<u4"), ("size", "<u4"), ("crc", "<u4"), ("ingest_ms", "<i8"), ("boot", "<u8"), ("number", "<u8"),
    ("total_rows", "<u8"), ("total_rejects", "<u8"), ("names", "<u4"), ("texts", "<u4"),
])  # fmt: skip
_SAID = [
    "rows", "names", "crc", "flags", "rejects", "ingest_ms", "boot", "number", "total_rows", "total_rejects",
]  # fmt: skip
_BEGIN, _NO_CRC = _HEADER.itemsize, b"\0\0\0\0"
_U16, _I64, _F64 = np.dtype("<u2"), np.dtype("<i8"), np.dtype("<f8")
Decoded = list[Frame | FrameError]


def decode_all(values: Sequence[bytes]) -> Decoded:
    """Of each its frame, or why it is none."""
    header = np.frombuffer(b"".join([value[:_BEGIN].ljust(_BEGIN, b"\0") for value in values]), _HEADER)
    frequent = _frequent(header, np.array([len(value) for value in values], np.int64)).tolist()
    said: list[tuple[int, ...]] = header[_SAID].tolist()
    found: Decoded = [
        _frame(value, numbers) if form else _decoded(value)
        for value, form, numbers in zip(values, frequent, said, strict=True)
    ]
    for k in _pointing_beyond(found):
        found[k] = _decoded(values[k])
    return found


def _frequent(header: npt.NDArray[np.void], size: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Data without optional columns, whose sizes hold."""
    rows = header["rows"].astype(np.int64)
    body = _BEGIN - HEADER_SIZE + 16 * rows + (2 * rows + 7) // 8 * 8 + header["names"]
    fits = (header["magic"] == MAGIC) & (header["version"] == VERSION) & (header["kind"] == Kind.DATA)
    fits &= (rows > 0) & (rows <= MAX_FRAME_ROWS) & (header["columns"] == 0) & (header["texts"] == 0)
    fits &= (header["size"] == body) & (size == HEADER_SIZE + body)
    return np.asarray(fits, np.bool_)


def _frame(value: bytes, said: tuple[int, ...]) -> Frame | FrameError:
    rows, names_size, crc, flags, rejects, ingest_ms, boot, number, total_rows, total_rejects = said
    if zlib.crc32(value[24:], zlib.crc32(_NO_CRC, zlib.crc32(value[:20]))) != crc:
        return _decoded(value)
    try:
        gateway, names = NAMES.decode(value[-names_size:])
    except FrameError as error:
        return error
    return Frame(
        Kind.DATA, flags, rejects, ingest_ms, gateway, boot, number, total_rows, total_rejects, names, (),
        np.frombuffer(value, _U16, rows, _BEGIN + 16 * rows), np.frombuffer(value, _I64, rows, _BEGIN),
        np.frombuffer(value, _F64, rows, _BEGIN + 8 * rows),
    )  # fmt: skip


def _pointing_beyond(found: Decoded) -> list[int]:
    """Places of frames with a row that points beyond their names."""
    frames = [(k, frame) for k, frame in enumerate(found) if isinstance(frame, Frame) and len(frame.t)]
    if not frames:
        return []
    most = np.repeat([len(frame.names) for _, frame in frames], [len(frame.t) for _, frame in frames])
    beyond = np.flatnonzero(np.concatenate([frame.index for _, frame in frames]) >= most)
    ends = np.cumsum([len(frame.t) for _, frame in frames])
    return [frames[at][0] for at in np.unique(np.searchsorted(ends, beyond, "right")).tolist()]


def _decoded(value: bytes) -> Frame | FrameError:
    try:
        return decode(value)
    except FrameError as error:
        return error
