"""Columns of many records, gathered from their bytes.

Why it is fast: the values stand one behind the other, each from a whole word on, so that a column of all records is one
`take` with computed places. Of long columns slices are joined instead, which costs less a row and more a record.
Rule: sizes are checked before, and decide where each column begins (docs/frame.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import HEADER_SIZE, NO_TEXT, ROW_FLAGS, SEQ, TEXT, Columns, Q

S = TypeVar("S", bound=np.generic)
Ints = npt.NDArray[np.int64]
WORD = 8
FEW_ROWS = 128  # a record, in the mean: up to here places are computed
_PADS = tuple(b"\0" * (-size % WORD) for size in range(WORD))
_BEGIN = (HEADER_SIZE + 8) // WORD  # word of a frame at which its columns begin


class Shapes(NamedTuple):
    """By record: word at which it begins, its rows, the columns its header tells (i64)."""

    begin: Ints
    rows: Ints
    columns: Ints


@dataclass(frozen=True, slots=True)
class Words:
    """Values joined. By value: word at which it `begin`s, `size` in bytes."""

    joined: bytes
    begin: Ints
    size: Ints

    @classmethod
    def of(cls, values: Sequence[bytes], room: int) -> "Words":
        """With so many bytes behind the last one."""
        sizes = list(map(len, values))
        parts = [b""] * (2 * len(values)) + [b"\0" * room]
        parts[:-1:2] = values
        parts[1::2] = [_PADS[size % WORD] for size in sizes]
        size = np.array(sizes, np.int64)
        words = -(-size // WORD)
        return cls(b"".join(parts), np.cumsum(words) - words, size)

    def heads(self, size: int) -> npt.NDArray[np.uint64]:
        """The first bytes of each, whole words; what is shorter goes on with those behind it."""
        words = np.frombuffer(self.joined, np.uint64)
        return words.take(self.begin[:, None] + np.arange(size // WORD))

    def columns(self, of: Shapes) -> Columns:
        """index, t, v, text, q, row_flags, seq of frames whose sizes hold, as `Polled` has them."""
        has_seq, has_text, has_q, has_flags = ((of.columns & flag) != 0 for flag in (SEQ, TEXT, Q, ROW_FLAGS))
        eights, twos, ones = of.rows, -(-of.rows // 4), -(-of.rows // 8)
        t = of.begin + _BEGIN
        seq = t + 2 * eights
        index = seq + has_seq * eights
        text = index + twos
        q = text + has_text * twos
        flags = q + has_q * ones
        return (
            _runs(np.frombuffer(self.joined, "<u2"), 4 * index, of.rows),
            _runs(np.frombuffer(self.joined, "<i8"), t, of.rows),
            _runs(np.frombuffer(self.joined, "<f8"), t + eights, of.rows),
            _some(np.frombuffer(self.joined, "<u2"), (4 * text, of.rows, has_text), NO_TEXT),
            _some(np.frombuffer(self.joined, "u1"), (8 * q, of.rows, has_q), 0),
            _some(np.frombuffer(self.joined, "u1"), (8 * flags, of.rows, has_flags), 0),
            _some(np.frombuffer(self.joined, "<u8"), (seq, of.rows, has_seq), 0),
        )


def _runs(column: npt.NDArray[S], first: Ints, rows: Ints) -> npt.NDArray[S]:
    """So many rows from each of these places on, joined."""
    ends = np.cumsum(rows)
    total = int(ends[-1]) if len(ends) else 0
    if total <= FEW_ROWS * len(rows):
        return column.take(np.repeat(first + rows - ends, rows) + np.arange(total))
    return np.concatenate([column[a:b] for a, b in zip(first.tolist(), (first + rows).tolist(), strict=True)])


def _some(column: npt.NDArray[S], of: tuple[Ints, Ints, npt.NDArray[np.bool_]], none: int) -> npt.NDArray[S] | None:
    """of: first, rows, and which records have the column at all."""
    first, rows, has = of
    if not has.any():
        return None
    if has.all():
        return _runs(column, first, rows)
    found = np.full(int(rows.sum()), none, column.dtype)
    found[np.repeat(has, rows)] = _runs(column, first[has], rows[has])
    return found
