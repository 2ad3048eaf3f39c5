"""Canonical order of closed rows: series, event time, seq, place in the log; repeats found by comparing neighbours.

Rule: of rows with one identity (series, time, seq) the first in the log counts; another value is a conflict.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in time, columns of equal length, in log order until `canonical` has put them in order.

    series i32; t i64 ms; v f64 (NaN for text); text i32 (code or -1); q u8; seq u64; ledger i32 (row of the ledger).
    """

    series: npt.NDArray[np.int32]
    t: npt.NDArray[np.int64]
    v: npt.NDArray[np.float64]
    text: npt.NDArray[np.int32]
    q: npt.NDArray[np.uint8]
    seq: npt.NDArray[np.uint64]
    ledger: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.t)

    def take(self, index: npt.NDArray[np.intp]) -> "Rows":
        return Rows(
            self.series.take(index),
            self.t.take(index),
            self.v.take(index),
            self.text.take(index),
            self.q.take(index),
            self.seq.take(index),
            self.ledger.take(index),
        )


def empty_rows() -> Rows:
    return Rows(
        np.zeros(0, np.int32),
        np.zeros(0, np.int64),
        np.zeros(0, np.float64),
        np.zeros(0, np.int32),
        np.zeros(0, np.uint8),
        np.zeros(0, np.uint64),
        np.zeros(0, np.int32),
    )


def joined(chunks: list[Rows]) -> Rows:
    if len(chunks) == 1:
        return chunks[0]
    if not chunks:
        return empty_rows()
    return Rows(
        np.concatenate([c.series for c in chunks]),
        np.concatenate([c.t for c in chunks]),
        np.concatenate([c.v for c in chunks]),
        np.concatenate([c.text for c in chunks]),
        np.concatenate([c.q for c in chunks]),
        np.concatenate([c.seq for c in chunks]),
        np.concatenate([c.ledger for c in chunks]),
    )


def canonical(rows: Rows) -> Rows:
    """The same rows by (series, t, seq, place)."""
    if len(rows) < 2:
        return rows
    series = rows.series.astype(np.uint16) if int(rows.series.max()) < 1 << 16 else rows.series
    offset = rows.t - int(rows.t.min())
    times = offset.astype(np.uint16) if int(offset.max()) < 1 << 16 else offset
    if rows.seq.any():
        return rows.take(np.lexsort((rows.seq, times, series)))
    return rows.take(np.lexsort((times, series)))


def drop_repeats(rows: Rows) -> tuple[Rows, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Ordered rows without repeats, and the ledger rows of duplicates and of conflicts."""
    same = (rows.series[1:] == rows.series[:-1]) & (rows.t[1:] == rows.t[:-1]) & (rows.seq[1:] == rows.seq[:-1])
    if not same.any():
        none = np.zeros(0, np.int32)
        return rows, none, none
    repeat = np.concatenate(([False], same))
    kept, again = np.flatnonzero(~repeat), np.flatnonzero(repeat)
    one, other = rows.take(kept[np.searchsorted(kept, again) - 1]), rows.take(again)
    equal = ((other.v == one.v) | (np.isnan(other.v) & np.isnan(one.v))) & (other.text == one.text) & (other.q == one.q)
    return rows.take(kept), other.ledger[equal], other.ledger[~equal]
