"""Records of one partition as columns, and what is known of each: its line, its stream, the series it names.

Why it is fast: a poll of many small records is gathered in one pass, so that a record costs a few items of lists and no
call of numpy; what its line, its gateway's boot and its table of names mean is looked up once, by one key, and found
out only where the key is new. Everything behind works on columns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import END, Frame, Kind
from pipeline.core.line_config import LineConfig, validated
from pipeline.core.tables import Key
from pipeline.steps.partition import PartitionState

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_BY_RECORD = (
    "offset", "append", "ingest", "size", "flags", "number", "total_rows", "rejects", "total_rejects", "configures",
    "line", "stream", "named", "names_at",
)  # fmt: skip
_BY_ROW = ("index", "t", "v")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of samples.v1, decoded. `line` is its key."""

    offset: int
    append_ms: int
    line: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Slice:
    """By record what its header says (i64; `configures` bool) and, once met: line and stream code, is its stream
    `named`, where the codes of its names begin. By row, of all records: index u16, t i64 ms, v f64. `plain`: no record
    has a column beyond these."""

    entries: Sequence[Entry]
    keys: Sequence[Key]
    plain: bool
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
    line: Ints
    stream: Ints
    named: Flags
    names_at: Ints
    index: npt.NDArray[np.uint16]
    t: Ints
    v: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def ended(self) -> Flags:
        return np.asarray(self.flags & END, np.bool_)

    def sender(self, record: int) -> tuple[int, str]:
        """Line code and gateway."""
        return int(self.line[record]), self.keys[record][1]

    def parts(self, step_ms: int) -> Iterator["Slice"]:
        """Slices within one step of append time; one ends behind a record that ends a run, and one begins where a
        configuration comes into force."""
        step = self.append // step_ms
        cut = self.configures[1:] | (step[1:] != step[:-1]) | self.ended[:-1]
        bounds = [0, *(np.flatnonzero(cut) + 1).tolist(), len(self)]
        rows = np.append(0, np.cumsum(self.size))
        for begin, end in pairwise(bounds):
            if begin < end:
                yield self._part(slice(begin, end), slice(int(rows[begin]), int(rows[end])))

    def _part(self, own: slice, rows: slice) -> "Slice":
        columns = {name: getattr(self, name)[own] for name in _BY_RECORD}
        columns |= {name: getattr(self, name)[rows] for name in _BY_ROW}
        return replace(self, entries=self.entries[own], keys=self.keys[own], **columns)

    def take(self, index: npt.NDArray[np.intp]) -> "Slice":
        """Some of its records, in their order."""
        chosen = np.zeros(len(self), np.bool_)
        chosen[index] = True
        rows = np.flatnonzero(np.repeat(chosen, self.size))
        columns = {name: getattr(self, name).take(index) for name in _BY_RECORD}
        columns |= {name: getattr(self, name).take(rows) for name in _BY_ROW}
        some = index.tolist()
        return replace(self, entries=[self.entries[k] for k in some], keys=[self.keys[k] for k in some], **columns)

    def met(self, state: PartitionState) -> "Slice":
        """The same, with what the partition knows of each record; what is new is made known in log order: a line that
        nobody declared has the defaults."""
        tables = state.registry.tables
        known = tables.places.get
        place = np.array([known(key, -1) for key in self.keys], np.int64)
        new = np.flatnonzero(place < 0).tolist()
        if new and tables.make_room():
            new = list(range(len(self)))
        for k in new:
            place[k] = _place(state, self.keys[k], self.entries[k].frame)
        return replace(
            self, line=tables.line.take(place), stream=tables.stream.take(place),
            named=tables.named.take(place), names_at=tables.begin.take(place),
        )  # fmt: skip


def gathered(entries: Sequence[Entry]) -> Slice:
    """Of at least one record."""
    frames = [entry.frame for entry in entries]
    more = [f.text is not None or f.q is not None or f.seq is not None or f.row_flags is not None for f in frames]
    none, no = np.zeros(len(frames), np.int64), np.zeros(len(frames), np.bool_)
    return Slice(
        entries,
        [(entry.line, f.gateway, f.boot, id(f.names)) for entry, f in zip(entries, frames, strict=True)],
        not any(more),
        np.array([entry.offset for entry in entries], np.int64),
        np.array([entry.append_ms for entry in entries], np.int64),
        np.array([f.ingest_ms for f in frames], np.int64),
        np.array([len(f.t) for f in frames], np.int64),
        np.array([f.flags for f in frames], np.int64),
        np.array([f.number for f in frames], np.int64),
        np.array([f.total_rows for f in frames], np.int64),
        np.array([f.rejects for f in frames], np.int64),
        np.array([f.total_rejects for f in frames], np.int64),
        np.array([f.kind is Kind.CONFIGURATION for f in frames], np.bool_),
        none, none, no, none,
        np.concatenate([f.index for f in frames]),
        np.concatenate([f.t for f in frames]),
        np.concatenate([f.v for f in frames]),
    )  # fmt: skip


def _place(state: PartitionState, key: Key, frame: Frame) -> int:
    tables, registry = state.registry.tables, state.registry
    place = tables.places.get(key)
    if place is not None:
        return place
    path, gateway, boot, _ = key
    line = registry.lines.get(path)
    if line is None:
        line = registry.line(path)
        state.configure(line, LineConfig(path=path))
    stream = state.ledger.streams.code(line, gateway, boot)
    return tables.put(key, frame.names, (line, stream, bool(gateway)), registry.codes(line, frame.names))


def configure(state: PartitionState, first: Entry) -> None:
    """A configuration record comes into force."""
    state.configure(state.registry.line(first.line), validated(first.line, first.frame.body))
