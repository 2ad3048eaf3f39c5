"""Frames as one table of rows: their columns joined, names as series codes, texts as codes.

Rule: a text is known by a digest of itself; only what states and modes are called is remembered as text, by line.
"""

import hashlib
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core import frames
from pipeline.core.order import NO_TEXT, Rows
from pipeline.core.samples import UNDATED
from pipeline.steps.partition import PartitionState
from pipeline.steps.slice import Slice

S = TypeVar("S", np.uint8, np.uint64)
TEXT_BITS = 48


def read_rows(state: PartitionState, part: Slice, ledger: npt.NDArray[np.int32]) -> Rows:
    """Rows in log order. ledger i32 by row."""
    series = state.registry.tables.codes.take(part.index + np.repeat(part.names_at, part.size))
    flags = _telling(part.row_flags)
    if flags is not None:
        state.ledger.add("undated", ledger[(flags & UNDATED) != 0])
    texts = None if part.text is None else _texts(state, part, part.text, series)
    return Rows(series, part.t, part.v, ledger, texts, _telling(part.q), _telling(part.seq), flags)


def _telling(column: npt.NDArray[S] | None) -> npt.NDArray[S] | None:
    """None where it says nothing."""
    return None if column is None or not column.any() else column


@lru_cache(maxsize=65_536)
def _code(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=TEXT_BITS // 8).digest(), "little")


def _texts(
    state: PartitionState, part: Slice, text: npt.NDArray[np.uint16], series: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64] | None:
    """Codes of texts by row, NO_TEXT for numbers; what states and modes are called is learned by their line."""
    worded = np.flatnonzero(text != frames.NO_TEXT)
    if not len(worded):
        return None
    state.cover()
    found = np.full(len(text), NO_TEXT, np.int64)
    record = np.repeat(np.arange(len(part)), part.size)[worded]
    starts = np.flatnonzero(np.append(True, record[1:] != record[:-1]))
    for k, own in zip(record[starts].tolist(), np.split(worded, starts[1:]), strict=True):
        texts, place = part.frame(k).texts, text[own]
        codes = [_code(word) for word in texts]
        found[own] = np.array(codes, np.int64)[place]
        for at in np.unique(place[state.traits.named[series[own]]]).tolist():
            state.lines[int(part.line[k])].learn(codes[at], texts[at])
    return found
