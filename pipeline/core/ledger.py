"""Every sample accounted for: one row for each gateway, line and hour of ingest.

Law: received = stored + duplicate + conflict + expired + rejected + waiting, always. Record numbers and running
totals show a hole (`gap`) and a repeated record; a number that fills a hole takes its share of `gap` back.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import Frame

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


@dataclass(slots=True)
class Sequence:
    """Newest record of one boot of a gateway for one line, and the numbers still missing -> row of the ledger."""

    number: int = 0
    rows: int = 0
    rejects: int = 0
    holes: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """counts i64[row, field]; `named` the key of a row; `published` what was last said of it; `free` rows to reuse."""

    keys: dict[tuple[int, str, int], int] = field(default_factory=dict)
    named: dict[int, tuple[int, str, int]] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, len(FIELDS)), np.int64))
    sequences: dict[tuple[int, str, int], Sequence] = field(default_factory=dict)
    published: dict[int, tuple[int, ...]] = field(default_factory=dict)
    open: dict[int, list[int]] = field(default_factory=dict)  # line -> rows of the ledger that may still change

    def row(self, line: int, frame: Frame) -> int:
        """Row of the ledger for this frame, made where it is new."""
        key = (line, frame.gateway, frame.ingest_ms // HOUR_MS)
        row = self.keys.get(key)
        if row is None:
            row = self.keys[key] = self.free.pop() if self.free else len(self.keys)
            self.named[row] = key
            self.open.setdefault(line, []).append(row)
            if row >= len(self.counts):
                room = np.zeros((max(16, len(self.counts)), len(FIELDS)), np.int64)
                self.counts = np.concatenate((self.counts, room))
        return row

    def note(self, line: int, frame: Frame, row: int) -> bool:
        """Counts a record's rows and rejects as received; True if it is a repeat (its rejects then count nothing)."""
        counts = self.counts[row]
        counts[COLUMN["received"]] += len(frame)
        if not frame.gateway:
            return False
        seen = self.sequences.setdefault((line, frame.gateway, frame.boot), Sequence())
        if frame.number <= seen.number:
            hole = seen.holes.pop(frame.number, None)
            if hole is None:
                return True
            self.counts[hole, COLUMN["gap"]] -= len(frame) + frame.rejects
        else:
            missing = (frame.total_rows - len(frame) - seen.rows) + (frame.total_rejects - frame.rejects - seen.rejects)
            if frame.number > seen.number + 1:
                counts[COLUMN["gap"]] += missing
                for number in range(max(seen.number + 1, frame.number - 10_000), frame.number):
                    seen.holes[number] = row
            seen.number, seen.rows, seen.rejects = frame.number, frame.total_rows, frame.total_rejects
        counts[COLUMN["received"]] += frame.rejects
        counts[COLUMN["rejected"]] += frame.rejects
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
        own = sorted(key for key in self.sequences if key[0] == line)
        for key, following in pairwise(own):
            if key[:2] == following[:2] and key[2] < before_ms:
                del self.sequences[key]
        for key, seen in self.sequences.items():
            if key[0] == line:
                seen.holes = {number: row for number, row in seen.holes.items() if row not in gone}

    def changed(self, line: int) -> list[tuple[int, tuple[int, ...]]]:
        """(row, counts with `waiting`) of a line's rows that differ from what was last published."""
        said = [(row, self._said(row)) for row in self.open.get(line, [])]
        return [(row, counts) for row, counts in said if self.published.get(row) != counts]

    def _said(self, row: int) -> tuple[int, ...]:
        counts = self.counts[row].copy()
        gone = sum(counts[COLUMN[name]] for name in ("stored", "duplicate", "conflict", "expired", "rejected"))
        counts[COLUMN["waiting"]] = counts[COLUMN["received"]] - gone
        return tuple(counts.tolist())
