"""Every sample accounted for: one row for each gateway, line and hour of ingest.

Law: received = stored + duplicate + conflict + expired + rejected + waiting, always. Record numbers and running
totals show a hole (`gap`) and a repeated record; a number that fills a hole takes its share of `gap` back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER
from pipeline.core.grown import grown
from pipeline.core.streams import Flags, Headers, Ints, Streams

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
SETTLED = [COLUMN[name] for name in ("stored", "duplicate", "conflict", "expired", "rejected")]


def _no_rows() -> Ints:
    return np.zeros((0, len(FIELDS)), np.int64)


class Changed(NamedTuple):
    """Rows of the ledger, in the order of the lines asked for: `at` = place of their line among these; counts i64[row,
    field] with `waiting`."""

    row: npt.NDArray[np.intp]
    at: npt.NDArray[np.intp]
    counts: Ints


@dataclass(slots=True)
class Ledger:
    """counts i64[row, field]; `named` the key of a row; `published` the same as it was last said, and `said_ms` when by
    append time, NEVER before; `free` rows to reuse."""

    keys: dict[tuple[int, str, int], int] = field(default_factory=dict)
    named: dict[int, tuple[int, str, int]] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    counts: Ints = field(default_factory=_no_rows)
    published: Ints = field(default_factory=_no_rows)
    said_ms: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    streams: Streams = field(default_factory=Streams)
    open: dict[int, list[int]] = field(default_factory=dict)  # line -> rows of the ledger that may still change

    def receive(
        self, found: Headers, ingest: Ints, append: Ints, sender: Callable[[int], tuple[int, str]]
    ) -> tuple[npt.NDArray[np.int32], Flags]:
        """Counts records (in log order, with their times) as received; `sender`: line and gateway of a record. By
        record: its row of the ledger; is it a repeat (then its rejects count nothing)."""
        row = self._rows(found.stream, ingest // HOUR_MS, sender)
        self.streams.heard[found.stream] = append  # of several records of one stream the last one stays
        repeat = np.zeros(len(row), np.bool_)
        regular = self.streams.regular(found)
        if regular.all():
            self._book(found, row)
            return row, repeat
        self._book(found.take(np.flatnonzero(regular)), row[regular])
        for k in np.flatnonzero(~regular).tolist():
            repeat[k] = self._note(found.take(np.array([k])), int(row[k]))
        return row, repeat

    def _rows(self, stream: Ints, hour: Ints, sender: Callable[[int], tuple[int, str]]) -> npt.NDArray[np.int32]:
        """Rows of the ledger for records, made where they are new, in log order."""
        row = self.streams.row[stream].astype(np.int32)
        other = np.flatnonzero(self.streams.hour[stream] != hour)
        if len(other):
            streams, hours = stream[other], hour[other]
            _, first, same = np.unique(_paired(streams, hours), return_index=True, return_inverse=True)
            found = np.zeros(len(first), np.int32)
            for k in np.argsort(first).tolist():
                record = int(other[first[k]])
                found[k] = self._row((*sender(record), int(hour[record])))
            row[other] = found[same]
            self.streams.hour[streams], self.streams.row[streams] = hours, row[other]  # of several the last one stays
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
                self.published = np.concatenate((self.published, room))
            self.said_ms = grown(self.said_ms, len(self.counts), NEVER)
            self.said_ms[row] = NEVER
        return row

    def _book(self, found: Headers, row: npt.NDArray[np.int32]) -> None:
        np.add.at(self.counts[:, COLUMN["received"]], row, found.size + found.rejects)
        np.add.at(self.counts[:, COLUMN["rejected"]], row, found.rejects)
        self.streams.follow(found)

    def _note(self, found: Headers, row: int) -> bool:
        """One record that is not simply the next one; True if it is a repeat."""
        code, size, number, rejects = (int(c[0]) for c in (found.stream, found.size, found.number, found.rejects))
        counts = self.counts
        if found.named[0] and number > self.streams.number[code]:
            counts[row, COLUMN["gap"]] += self.streams.leap(found, row)
            self._book(found, np.array([row]))
            return False
        hole = self.streams.fill(code, number) if found.named[0] else None
        if hole is None:
            counts[row, COLUMN["received"]] += size
            return bool(found.named[0])
        counts[hole, COLUMN["gap"]] -= size + rejects
        counts[row, COLUMN["received"]] += size + rejects
        counts[row, COLUMN["rejected"]] += rejects
        return False

    def add(self, field_name: str, rows: npt.NDArray[np.int32]) -> None:
        """One for each ledger row given (i32, repeats allowed)."""
        if len(rows):
            self.counts[:, COLUMN[field_name]] += np.bincount(rows, minlength=len(self.counts))

    def changed(self, lines: Sequence[int]) -> Changed:
        """The rows of lines that differ from what was last said of them."""
        own = [self.open.get(line, []) for line in lines]
        rows = np.fromiter(chain.from_iterable(own), np.intp)
        at = np.repeat(np.arange(len(own)), list(map(len, own)))
        now = self._now(rows)
        new = np.flatnonzero((self.said_ms[rows] == NEVER) | (now != self.published[rows]).any(axis=1))
        return Changed(rows[new], at[new], now[new])

    def say(self, found: Changed, append_ms: Ints) -> Flags:
        """What is said of rows from here on, with its time by row; was anything said of each before?"""
        again = self.said_ms[found.row] != NEVER
        self.published[found.row], self.said_ms[found.row] = found.counts, append_ms
        return np.asarray(again, np.bool_)

    def retire(self, line: int, before_ms: int) -> bool:
        """Gives up a line's rows of which nothing waits, and whose hour and last change, as it was said, are older than
        this; and what is known of boots not heard since: was there any?"""
        rows = np.array(self.open.get(line, []), np.intp)
        ended = np.array([(self.named[row][2] + 1) * HOUR_MS <= before_ms for row in rows.tolist()], np.bool_)
        over = ended & (self.said_ms[rows] < before_ms) & (self._now(rows)[:, COLUMN["waiting"]] == 0)
        gone = rows[over].tolist()
        for row in gone:
            del self.keys[self.named.pop(row)]
        self.counts[gone] = 0
        self.free += gone
        self.open[line] = rows[~over].tolist()
        return self.streams.retire(line, before_ms, set(gone))

    def _now(self, rows: npt.NDArray[np.intp]) -> Ints:
        """Counts of rows, `waiting` among them."""
        counts = self.counts[rows]
        counts[:, COLUMN["waiting"]] = counts[:, COLUMN["received"]] - counts[:, SETTLED].sum(axis=1)
        return counts


def _paired(stream: Ints, hour: Ints) -> Ints:
    """One number for each stream and hour."""
    first = int(hour.min())
    span: int = int(hour.max()) - first + 1
    return np.add(hour - first, stream * span)
