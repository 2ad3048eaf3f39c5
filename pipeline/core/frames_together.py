"""Records of one poll read together: what their headers say is checked as columns, and their rows are gathered as such.

Why it is fast: a record of the frequent form costs Python its CRC and one look at its names, and numpy all the rest.
Rule: `entry` is the definition. What is not of the frequent form, or where anything is wrong, goes through it record by
record, so that both give the same rows, or the same sentence; nothing of a value is used before its sizes and its CRC
hold.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import (
    HEADER_SIZE,
    MAGIC,
    MAX_FRAME_ROWS,
    ROW_FLAGS,
    SEQ,
    VERSION,
    Frame,
    FrameError,
    Kind,
    Q,
    decode,
)
from pipeline.core.line_config import validated
from pipeline.core.plausible import AHEAD_MS, COUNTABLE, Spelling, implausible
from pipeline.core.polled import Entry, Polled
from pipeline.core.ports import Record
from pipeline.core.rows_together import Shapes, Words
from pipeline.core.senders import NOBODY, Senders

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_HEADER = np.dtype([
    ("magic", "S4"), ("version", "u1"), ("kind", "u1"), ("flags", "u1"), ("columns", "u1"), ("rows", "<u4"),
    ("rejects", "<u4"), ("size", "<u4"), ("crc", "<u4"), ("ingest_ms", "<i8"), ("boot", "<u8"), ("number", "<u8"),
    ("total_rows", "<u8"), ("total_rejects", "<u8"), ("names", "<u4"), ("texts", "<u4"),
])  # fmt: skip
_SIZES, _NO_CRC = _HEADER.itemsize - HEADER_SIZE, b"\0\0\0\0"
_SAID = ("ingest_ms", "flags", "number", "total_rows", "rejects", "total_rejects")
_COUNTED = ("boot", "number", "total_rows", "total_rejects")


class Refused(NamedTuple):
    """A record that cannot be read, by its place in the poll, and why."""

    place: int
    sentence: str


def entry(record: Record, spelling: Spelling) -> Entry:
    """What one record says; ValueError where it cannot be read, or nobody can have written it."""
    frame = decode(record.value)
    line = record.key.decode()
    if slip := implausible(frame, record.append_ms) or spelling.slip(line, frame.names):
        raise FrameError(slip)
    if frame.kind == Kind.CONFIGURATION:
        validated(line, frame.body)
    return Entry(record.offset, record.append_ms, line, frame)


def read_together(records: Sequence[Record], senders: Senders) -> tuple[Polled, list[Refused]]:
    """Records of one partition in log order. A skip is left out: it says nothing of its line."""
    reading = _Reading(records, senders)
    found = reading.read()
    return found, sorted(reading.refused)


class _Reading:
    """One poll. By record: append time, header, the code of its sender (NOBODY: refused, or not yet read)."""

    def __init__(self, records: Sequence[Record], senders: Senders) -> None:
        self.records, self.senders = records, senders
        self.values = [record.value for record in records]
        self.append = np.array([record.append_ms for record in records], np.int64)
        self.words = Words.of(self.values, _HEADER.itemsize)
        self.header = self.words.heads(_HEADER.itemsize).view(_HEADER).reshape(-1)
        self.sender = np.full(len(records), NOBODY)
        self.frames: dict[int, Frame] = {}
        self.refused: list[Refused] = []

    def read(self) -> Polled:
        sound = _frequent(self.header, self.words.size) & _plausible(self.header, self.append)
        self._meet(sound & self._whole())
        for place in np.flatnonzero(self.sender == NOBODY).tolist():
            self._read_alone(place)
        return self._gathered()

    def _whole(self) -> Flags:
        crc = zlib.crc32
        found = [crc(value[24:], crc(_NO_CRC, crc(value[:20]))) for value in self.values]
        return np.asarray(np.array(found, np.uint32) == self.header["crc"], np.bool_)

    def _meet(self, sound: Flags) -> None:
        """Finds the senders of sound records."""
        keys = [record.key for record in self.records]
        boot = self.header["boot"].astype(np.int64)
        block = np.where(sound, self.header["names"], 1).astype(np.int64)
        code = self.senders.known(keys, self.values, boot, block)
        for place in np.flatnonzero(sound & (code == NOBODY)).tolist():
            names = self.values[place][-int(block[place]) :]
            code[place] = self.senders.look(keys[place], names, int(boot[place]))
        self.sender = np.where(sound, code, NOBODY)

    def _read_alone(self, place: int) -> None:
        try:
            found = entry(self.records[place], self.senders.spelling)
        except ValueError as error:
            self.refused.append(Refused(place, str(error).splitlines()[0]))
            return
        frame = found.frame
        if frame.kind is Kind.SKIP:
            return
        self.frames[place] = frame
        self.sender[place] = self.senders.code(found.line, frame.gateway, frame.boot, frame.names)

    def _gathered(self) -> Polled:
        """A row that points beyond its names spoils its record."""
        kept = np.flatnonzero(self.sender != NOBODY)
        header, size = self.header[kept], self.header["rows"][kept].astype(np.int64)
        sender = self.sender[kept]
        rows = self.words.columns(Shapes(self.words.begin[kept], size, header["columns"].astype(np.int64)))
        beyond = rows[0] >= np.repeat(self.senders.count[sender], size)
        if beyond.any():
            for place in np.unique(np.repeat(kept, size)[beyond]).tolist():
                self.sender[place] = NOBODY
                self._read_alone(place)
            return self._gathered()
        offset = np.array([record.offset for record in self.records], np.int64)
        said = {name: header[name].astype(np.int64) for name in _SAID}
        return Polled(
            self.values, self.frames, self.senders, kept, offset[kept], self.append[kept], said["ingest_ms"], size,
            said["flags"], said["number"], said["total_rows"], said["rejects"], said["total_rejects"],
            header["kind"] == Kind.CONFIGURATION, sender, *rows,
        )  # fmt: skip


def _frequent(header: npt.NDArray[np.void], size: Ints) -> Flags:
    """Data without texts, or a heartbeat, whose sizes hold."""
    rows, columns = header["rows"].astype(np.int64), header["columns"].astype(np.int64)
    eights, twos, ones = 8 * rows, -(-rows // 4) * 8, -(-rows // 8) * 8
    body = _SIZES + 2 * eights + twos + header["names"]
    body += (columns & SEQ != 0) * eights + ((columns & Q != 0) * ones + (columns & ROW_FLAGS != 0) * ones)
    fits = (header["magic"] == MAGIC) & (header["version"] == VERSION) & (header["texts"] == 0) & (header["names"] > 0)
    fits &= (header["kind"] == Kind.DATA) | ((header["kind"] == Kind.HEARTBEAT) & (rows == 0))
    fits &= (columns & ~(Q | ROW_FLAGS | SEQ) == 0) & ((columns == 0) | (rows > 0)) & (rows <= MAX_FRAME_ROWS)
    fits &= (header["size"] == body) & (size == HEADER_SIZE + body)
    return np.asarray(fits, np.bool_)


def _plausible(header: npt.NDArray[np.void], append: Ints) -> Flags:
    fits = (header["ingest_ms"] >= 0) & (header["ingest_ms"] <= append + AHEAD_MS)
    for name in _COUNTED:
        fits &= header[name] <= COUNTABLE
    return np.asarray(fits, np.bool_)
