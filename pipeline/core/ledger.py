"""Every sample accounted for: one row for each gateway, line and hour of ingest.

Law: received = stored + duplicate + conflict + expired + rejected + waiting, always. Record numbers and running
totals show a hole (`gap`) and a repeated record; a number that fills a hole takes its share of `gap` back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import Frame
from pipeline.core.registry import grown

MAX_HOLES = 10_000
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
HOUR_MS = 3_600_000
FIELDS = (
    "received",
    "stored",
    "corrected",
    "duplicate",
    "conflict",
    "expired",
    "rejected",
    "waiting",
    "gap",
    "undated",
)
COLUMN = {name: i for i, name in enumerate(FIELDS)}


def _column() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class Streams:
    """Records of one boot of a gateway for one line, by code: newest number, totals of rows and rejects, and the row of
    the ledger for the hour its newest record came in; `holes`: code -> number still missing -> its row."""

    codes: dict[tuple[int, str, int], int] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    number: Ints = field(default_factory=_column)
    rows: Ints = field(default_factory=_column)
    rejects: Ints = field(default_factory=_column)
    hour: Ints = field(default_factory=_column)
    row: Ints = field(default_factory=_column)
    holes: dict[int, dict[int, int]] = field(default_factory=dict)

    def code(self, key: tuple[int, str, int]) -> int:
        code = self.codes.get(key)
        if code is None:
            code = self.codes[key] = self.free.pop() if self.free else len(self.codes)
            for name in ("number", "rows", "rejects", "hour", "row"):
                column = grown(getattr(self, name), code + 1, 0)
                column[code] = -1 if name == "hour" else 0
                setattr(self, name, column)
        return code

    def drop(self, key: tuple[int, str, int]) -> None:
        code = self.codes.pop(key)
        self.holes.pop(code, None)
        self.free.append(code)


@dataclass(frozen=True, slots=True)
class Headers:
    """What the headers of some records say, as columns (i64 by record)."""

    stream: Ints
    size: Ints
    number: Ints
    rows: Ints
    rejects: Ints
    total_rejects: Ints
    named: Flags

    def take(self, index: npt.NDArray[np.intp]) -> "Headers":
        return Headers(
            self.stream[index], self.size[index], self.number[index], self.rows[index],
            self.rejects[index], self.total_rejects[index], self.named[index],
        )  # fmt: skip


@dataclass(slots=True)
class Ledger:
    """counts i64[row, field]; `named` the key of a row; `published` what was last said of it; `free` rows to reuse."""

    keys: dict[tuple[int, str, int], int] = field(default_factory=dict)
    named: dict[int, tuple[int, str, int]] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, len(FIELDS)), np.int64))
    streams: Streams = field(default_factory=Streams)
    published: dict[int, tuple[int, ...]] = field(default_factory=dict)
    open: dict[int, list[int]] = field(default_factory=dict)  # line -> rows of the ledger that may still change

    def receive(self, lines: Sequence[int], frames: Sequence[Frame]) -> tuple[npt.NDArray[np.int32], Flags]:
        """Counts records (in log order) as received. By record: its row of the ledger; is it a repeat (then its
        rejects count nothing)."""
        code = self.streams.code
        stream = [code((line, frame.gateway, frame.boot)) for line, frame in zip(lines, frames, strict=True)]
        found = Headers(
            np.array(stream, np.int64),
            np.array([len(frame.t) for frame in frames], np.int64),
            np.array([frame.number for frame in frames], np.int64),
            np.array([frame.total_rows for frame in frames], np.int64),
            np.array([frame.rejects for frame in frames], np.int64),
            np.array([frame.total_rejects for frame in frames], np.int64),
            np.array([bool(frame.gateway) for frame in frames], np.bool_),
        )
        row = self._rows(found.stream, lines, frames)
        repeat = np.zeros(len(frames), np.bool_)
        regular = self._regular(found)
        self._book(found.take(np.flatnonzero(regular)), row[regular])
        for k in np.flatnonzero(~regular).tolist():
            repeat[k] = self._note(found.take(np.array([k])), int(row[k]))
        return row, repeat

    def _rows(self, stream: Ints, lines: Sequence[int], frames: Sequence[Frame]) -> npt.NDArray[np.int32]:
        """Rows of the ledger for records, made where they are new."""
        hour = np.array([frame.ingest_ms for frame in frames], np.int64) // HOUR_MS
        row = self.streams.row[stream].astype(np.int32)
        for k in np.flatnonzero(self.streams.hour[stream] != hour).tolist():
            row[k] = self._row((lines[k], frames[k].gateway, int(hour[k])))
            self.streams.hour[stream[k]], self.streams.row[stream[k]] = hour[k], row[k]
        return row

    def _row(self, key: tuple[int, str, int]) -> int:
        row = self.keys.get(key)
        if row is None:
            row = self.keys[key] = self.free.pop() if self.free else len(self.keys)
            self.named[row] = key
            self.open.setdefault(key[0], []).append(row)
            if row >= len(self.counts):
                room = np.zeros((max(16, len(self.counts)), len(FIELDS)), np.int64)
                self.counts = np.concatenate((self.counts, room))
        return row

    def _regular(self, found: Headers) -> Flags:
        """Records of streams that all go on by one number, with totals that fit, and so need no look one by one."""
        order = np.argsort(found.stream, kind="stable")
        own = found.take(order)
        first = np.append(True, own.stream[1:] != own.stream[:-1])
        fits = np.ones(len(order), np.bool_)
        for now, step, known in (
            (own.number, 1, self.streams.number),
            (own.rows, own.size, self.streams.rows),
            (own.total_rejects, own.rejects, self.streams.rejects),
        ):
            fits &= now - step == np.where(first, known[own.stream], np.append(0, now[:-1]))
        fits &= own.named
        broken = np.unique(own.stream[~fits])
        return np.asarray(~np.isin(found.stream, broken), np.bool_) if len(broken) else np.ones(len(order), np.bool_)

    def _book(self, found: Headers, row: npt.NDArray[np.int32]) -> None:
        np.add.at(self.counts[:, COLUMN["received"]], row, found.size + found.rejects)
        np.add.at(self.counts[:, COLUMN["rejected"]], row, found.rejects)
        self.streams.number[found.stream] = found.number  # of several records of one stream the last one stays
        self.streams.rows[found.stream] = found.rows
        self.streams.rejects[found.stream] = found.total_rejects

    def _note(self, found: Headers, row: int) -> bool:
        """One record that is not simply the next one; True if it is a repeat."""
        code, size, number, rejects = (int(c[0]) for c in (found.stream, found.size, found.number, found.rejects))
        seen, counts = self.streams, self.counts
        if not found.named[0] or number <= seen.number[code]:
            hole = seen.holes.get(code, {}).pop(number, None) if found.named[0] else None
            if hole is None:
                counts[row, COLUMN["received"]] += size
                return bool(found.named[0])
            counts[hole, COLUMN["gap"]] -= size + rejects
            counts[row, COLUMN["received"]] += size + rejects
            counts[row, COLUMN["rejected"]] += rejects
            return False
        newest = int(seen.number[code])
        if number > newest + 1:
            missing = (found.rows - size - seen.rows[code]) + (found.total_rejects - rejects - seen.rejects[code])
            counts[row, COLUMN["gap"]] += int(missing[0])
            holes = seen.holes.setdefault(code, {})
            holes.update(dict.fromkeys(range(max(newest + 1, number - MAX_HOLES), number), row))
        self._book(found, np.array([row]))
        return False

    def add(self, field_name: str, rows: npt.NDArray[np.int32]) -> None:
        """One for each ledger row given (i32, repeats allowed)."""
        if len(rows):
            self.counts[:, COLUMN[field_name]] += np.bincount(rows, minlength=len(self.counts))

    def retire(self, line: int, before_ms: int) -> None:
        """Gives up a line's rows of hours before this, and what is known of boots older than the newest one."""
        kept: list[int] = []
        for row in self.open.get(line, []):
            if (self.named[row][2] + 1) * HOUR_MS > before_ms or self._said(row)[COLUMN["waiting"]]:
                kept.append(row)
                continue
            del self.keys[self.named.pop(row)]
            self.published.pop(row, None)
            self.counts[row] = 0
            self.free.append(row)
        gone = set(self.open.get(line, [])) - set(kept)
        self.open[line] = kept
        own = sorted(key for key in self.streams.codes if key[0] == line)
        for key, following in pairwise(own):
            if key[:2] == following[:2] and key[2] < before_ms:
                self.streams.drop(key)
        for key in own:
            code = self.streams.codes.get(key)
            if code is not None and int(self.streams.row[code]) in gone:
                self.streams.hour[code] = -1
            if code in self.streams.holes:
                holes = self.streams.holes[code]
                self.streams.holes[code] = {number: row for number, row in holes.items() if row not in gone}

    def changed(self, line: int) -> list[tuple[int, tuple[int, ...]]]:
        """(row, counts with `waiting`) of a line's rows that differ from what was last published."""
        said = [(row, self._said(row)) for row in self.open.get(line, [])]
        return [(row, counts) for row, counts in said if self.published.get(row) != counts]

    def _said(self, row: int) -> tuple[int, ...]:
        counts = self.counts[row].copy()
        gone = sum(counts[COLUMN[name]] for name in ("stored", "duplicate", "conflict", "expired", "rejected"))
        counts[COLUMN["waiting"]] = counts[COLUMN["received"]] - gone
        return tuple(counts.tolist())
