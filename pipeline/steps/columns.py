"""Frames as one table of rows: their columns joined, names as series codes, texts as codes.

Rule: a text is known by a digest of itself; only what states and modes are called is remembered as text, by line.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import Frame
from pipeline.core.order import NO_TEXT, Rows
from pipeline.core.samples import UNDATED
from pipeline.steps.partition import PartitionState
from pipeline.steps.slice import Slice

S = TypeVar("S", np.uint8, np.uint64)
TEXT_BITS = 48


def read_rows(state: PartitionState, part: Slice, ledger: npt.NDArray[np.int32]) -> Rows:
    """Rows in log order. ledger i32 by row."""
    series = state.registry.tables.codes.take(part.index + np.repeat(part.names_at, part.size))
    if part.plain:
        return Rows(series, part.t, part.v, ledger)
    frames = [entry.frame for entry in part.entries]
    flags = _column([f.row_flags for f in frames], frames)
    if flags is not None:
        state.ledger.add("undated", ledger[(flags & UNDATED) != 0])
    return Rows(
        series,
        part.t,
        part.v,
        ledger,
        _texts(state, frames, part.line.tolist(), series),
        _column([f.q for f in frames], frames),
        _column([f.seq for f in frames], frames),
        flags,
    )


def _column(parts: Sequence[npt.NDArray[S] | None], frames: Sequence[Frame]) -> npt.NDArray[S] | None:
    """A column that frames may leave out, joined; None where all do, or where it says nothing."""
    some = [part for part in parts if part is not None]
    if not any(part.any() for part in some):
        return None
    kind = some[0].dtype
    return np.concatenate(
        [np.zeros(len(f), kind) if part is None else part for part, f in zip(parts, frames, strict=True)]
    )


@lru_cache(maxsize=65_536)
def _code(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=TEXT_BITS // 8).digest(), "little")


def _texts(
    state: PartitionState, frames: Sequence[Frame], lines: Sequence[int], series: npt.NDArray[np.int32]
) -> npt.NDArray[np.int64] | None:
    """Codes of texts by row, NO_TEXT for numbers; what states and modes are called is learned by their line."""
    if all(frame.text is None for frame in frames):
        return None
    state.cover()
    parts: list[npt.NDArray[np.int64]] = []
    begin = 0
    for frame, line in zip(frames, lines, strict=True):
        rows = series[begin : begin + len(frame)]
        begin += len(frame)
        if frame.text is None:
            parts.append(np.full(len(frame), NO_TEXT, np.int64))
            continue
        place = np.minimum(frame.text, len(frame.texts))
        codes = [_code(text) for text in frame.texts]
        parts.append(np.array([*codes, NO_TEXT], np.int64)[place])
        for k in np.unique(place[state.traits.named[rows]]).tolist():
            if k < len(codes):
                state.lines[line].learn(codes[k], frame.texts[k])
    return np.concatenate(parts)
