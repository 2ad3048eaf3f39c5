"""Canonical order of closed rows: series, event time, seq, place in the log; repeats found by comparing neighbours.

Rules: of rows with one identity (series, time, seq) the first in the log counts, another value is a conflict; a row
without device time has no identity, so it is never a repeat.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.samples import FROZEN, UNDATED
from pipeline.core.short_sort import short

S = TypeVar("S", np.int64, np.uint8, np.uint64)
NO_IDENTITY = UNDATED | FROZEN
NO_TEXT = -1


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in time, columns of equal length, in log order until `settled` has put them in order.

    series i32; t i64 ms; v f64 (NaN for text); ledger i32 (row of the ledger). None where no row has it: text i64
    (code, else NO_TEXT), q u8, seq u64, flags u8.
    """

    series: npt.NDArray[np.int32]
    t: npt.NDArray[np.int64]
    v: npt.NDArray[np.float64]
    ledger: npt.NDArray[np.int32]
    text: npt.NDArray[np.int64] | None = None
    q: npt.NDArray[np.uint8] | None = None
    seq: npt.NDArray[np.uint64] | None = None
    flags: npt.NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.t)

    def take(self, index: npt.NDArray[np.intp]) -> "Rows":
        return Rows(
            self.series.take(index),
            self.t.take(index),
            self.v.take(index),
            self.ledger.take(index),
            None if self.text is None else self.text.take(index),
            None if self.q is None else self.q.take(index),
            None if self.seq is None else self.seq.take(index),
            None if self.flags is None else self.flags.take(index),
        )


def empty_rows() -> Rows:
    return Rows(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int32))


def joined(chunks: Sequence[Rows]) -> Rows:
    if len(chunks) == 1:
        return chunks[0]
    if not chunks:
        return empty_rows()
    return Rows(
        np.concatenate([c.series for c in chunks]),
        np.concatenate([c.t for c in chunks]),
        np.concatenate([c.v for c in chunks]),
        np.concatenate([c.ledger for c in chunks]),
        _joined(chunks, lambda c: c.text, np.int64(NO_TEXT)),
        _joined(chunks, lambda c: c.q, np.uint8(0)),
        _joined(chunks, lambda c: c.seq, np.uint64(0)),
        _joined(chunks, lambda c: c.flags, np.uint8(0)),
    )


def _joined(chunks: Sequence[Rows], column: Callable[[Rows], npt.NDArray[S] | None], empty: S) -> npt.NDArray[S] | None:
    parts = [column(chunk) for chunk in chunks]
    if all(part is None for part in parts):
        return None
    filled = [np.full(len(c), empty) if p is None else p for c, p in zip(chunks, parts, strict=True)]
    return np.concatenate(filled)


def settled(rows: Rows) -> tuple[Rows, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The rows by (series, t, seq, place) without repeats, and the ledger rows of duplicates and of conflicts."""
    none = np.zeros(0, np.int32)
    if len(rows) < 2:
        return rows, none, none
    order = _order(rows)
    repeat = np.flatnonzero(_same(rows, order)) + 1
    if not len(repeat):
        return rows.take(order), none, none
    single = np.ones(len(order), np.bool_)
    single[repeat] = False
    kept = np.flatnonzero(single)
    first = kept[np.searchsorted(kept, repeat) - 1]
    one, other = rows.take(order.take(first)), rows.take(order.take(repeat))
    equal = (other.v == one.v) | (np.isnan(other.v) & np.isnan(one.v))
    if other.text is not None and one.text is not None:
        equal &= other.text == one.text
    if other.q is not None and one.q is not None:
        equal &= other.q == one.q
    return rows.take(order.take(kept)), other.ledger[equal], other.ledger[~equal]


def _order(rows: Rows) -> npt.NDArray[np.intp]:
    """Small integers are sorted by radix. Rows without identity stand behind those that have one."""
    offset = rows.t - int(rows.t.min())
    series, times = short(rows.series), short(offset)
    keys = [times, series] if rows.seq is None else [rows.seq, times, series]
    return np.lexsort(keys if rows.flags is None else [(rows.flags & NO_IDENTITY) != 0, *keys])


def _same(rows: Rows, order: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which rows have the identity of the one before."""
    series, t = rows.series.take(order), rows.t.take(order)
    same: npt.NDArray[np.bool_] = (series[1:] == series[:-1]) & (t[1:] == t[:-1])
    if rows.seq is not None:
        seq = rows.seq.take(order)
        same &= seq[1:] == seq[:-1]
    if rows.flags is not None:
        named = (rows.flags.take(order) & NO_IDENTITY) == 0
        same &= named[1:] & named[:-1]
    return same
