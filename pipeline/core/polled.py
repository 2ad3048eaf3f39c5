"""Records of one partition as columns: what a poll brought, or a part of it.

Rule: a record costs no object. A frame is made of one only where somebody asks for it: a configuration, rows to be put
aside, texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import END, NO_TEXT, Frame, Kind, decode
from pipeline.core.senders import Senders

S = TypeVar("S", np.uint8, np.uint16, np.uint64)
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
BY_RECORD = (
    "place", "offset", "append", "ingest", "size", "flags", "number", "total_rows", "rejects", "total_rejects",
    "configures", "sender",
)  # fmt: skip
BY_ROW = ("index", "t", "v", "text", "q", "row_flags", "seq")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of samples.v1, decoded. `line` is its key."""

    offset: int
    append_ms: int
    line: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Polled:
    """`values` of all records of the poll; `frames` of those that were decoded already, by place. By record: its
    `place` among them, what its header says (i64; `configures` bool), and the code of its sender. By row, of all
    records: index u16, t i64 ms, v f64, and as a frame has them text (NO_TEXT where a record has none), q, flags and
    seq (0 where it has none); None where no record has one."""

    values: Sequence[bytes]
    frames: Mapping[int, Frame]
    senders: Senders
    place: Ints
    offset: Ints
    append: Ints
    ingest: Ints
    size: Ints
    flags: Ints
    number: Ints
    total_rows: Ints
    rejects: Ints
    total_rejects: Ints
    configures: Flags
    sender: Ints
    index: npt.NDArray[np.uint16]
    t: Ints
    v: npt.NDArray[np.float64]
    text: npt.NDArray[np.uint16] | None
    q: npt.NDArray[np.uint8] | None
    row_flags: npt.NDArray[np.uint8] | None
    seq: npt.NDArray[np.uint64] | None

    def __len__(self) -> int:
        return len(self.offset)

    @property
    def ended(self) -> Flags:
        return np.asarray(self.flags & END, np.bool_)

    def frame(self, record: int) -> Frame:
        place = int(self.place[record])
        known = self.frames.get(place)
        return decode(self.values[place]) if known is None else known

    def entry(self, record: int) -> Entry:
        line = self.senders.keys[int(self.sender[record])][0]
        return Entry(int(self.offset[record]), int(self.append[record]), line, self.frame(record))

    def parts(self, step_ms: int) -> Iterator["Polled"]:
        """Parts within one step of append time; one ends behind a record that ends a run, and one begins where a
        configuration comes into force."""
        step = self.append // step_ms
        cut = self.configures[1:] | (step[1:] != step[:-1]) | self.ended[:-1]
        bounds = [0, *(np.flatnonzero(cut) + 1).tolist(), len(self)] if len(self) else []
        if len(bounds) == 2:
            yield self
            return
        rows = np.append(0, np.cumsum(self.size))
        for begin, end in pairwise(bounds):
            yield self._part(slice(begin, end), slice(int(rows[begin]), int(rows[end])))

    def _part(self, own: slice, rows: slice) -> "Polled":
        columns = {name: getattr(self, name)[own] for name in BY_RECORD}
        by_row = {name: getattr(self, name) for name in BY_ROW}
        columns |= {name: None if column is None else column[rows] for name, column in by_row.items()}
        return replace(self, **columns)


def gathered(entries: Sequence[Entry], senders: Senders) -> Polled:
    """Of records that were decoded one by one."""
    frames = [entry.frame for entry in entries]
    codes = [senders.code(e.line, f.gateway, f.boot, f.names) for e, f in zip(entries, frames, strict=True)]
    size = np.array([len(f.t) for f in frames], np.int64)
    return Polled(
        (), dict(enumerate(frames)), senders,
        np.arange(len(frames)),
        np.array([entry.offset for entry in entries], np.int64),
        np.array([entry.append_ms for entry in entries], np.int64),
        np.array([f.ingest_ms for f in frames], np.int64),
        size,
        np.array([f.flags for f in frames], np.int64),
        np.array([f.number for f in frames], np.int64),
        np.array([f.total_rows for f in frames], np.int64),
        np.array([f.rejects for f in frames], np.int64),
        np.array([f.total_rejects for f in frames], np.int64),
        np.array([f.kind is Kind.CONFIGURATION for f in frames], np.bool_),
        np.array(codes, np.int64),
        np.concatenate([np.zeros(0, np.uint16), *(f.index for f in frames)]),
        np.concatenate([np.zeros(0, np.int64), *(f.t for f in frames)]),
        np.concatenate([np.zeros(0, np.float64), *(f.v for f in frames)]),
        _joined([f.text for f in frames], size, NO_TEXT),
        _joined([f.q for f in frames], size, 0),
        _joined([f.row_flags for f in frames], size, 0),
        _joined([f.seq for f in frames], size, 0),
    )  # fmt: skip


def _joined(parts: Sequence[npt.NDArray[S] | None], size: Ints, none: int) -> npt.NDArray[S] | None:
    """A column that frames may leave out; None where all do."""
    some = [part for part in parts if part is not None]
    if not some:
        return None
    return np.concatenate(
        [np.full(rows, none, some[0].dtype) if part is None else part for part, rows in zip(parts, size, strict=True)]
    )
