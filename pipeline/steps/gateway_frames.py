"""Cuts rows into frames and builds their columns, all lines together: no totals, no numbers, no state.

Rules: a frame never splits the rows of one payload, holds at most so many rows, and has them in order (unit, metric,
t), stable in order of receipt. Frames stand in order of their lines' first rows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import NO_TEXT, FrameName
from pipeline.core.samples import Reject, Samples
from pipeline.core.short_sort import stably_sorted
from pipeline.steps.known_names import KnownNames
from pipeline.steps.names_table import LineNames, NamesTable, Numbers

Rows = npt.NDArray[np.int64]  # indexes into samples
Ints = npt.NDArray[np.int64]

_SEPARATORS = {0x1E: "\ufffd", 0x1F: "\ufffd"}  # frames part texts with them
_NO_NAMES = LineNames()
_Scalar = TypeVar("_Scalar", bound=np.generic)
_NO_U16, _NO_I64, _NO_F64 = np.empty(0, np.uint16), np.empty(0, np.int64), np.empty(0)


class Content(NamedTuple):
    """The columns of a frame, in its order."""

    names: tuple[FrameName, ...] = ()
    texts: tuple[str, ...] = ()
    place: npt.NDArray[np.uint16] = _NO_U16
    t: Ints = _NO_I64
    v: npt.NDArray[np.float64] = _NO_F64
    text: npt.NDArray[np.uint16] | None = None
    q: npt.NDArray[np.uint8] | None = None
    row_flags: npt.NDArray[np.uint8] | None = None
    seq: npt.NDArray[np.uint64] | None = None


NOTHING = Content()


class Cut(NamedTuple):
    """By row its frame (-1: refused), by frame its line as a place in `KnownNames.lines`."""

    frame: Ints
    lines: Ints


def cut_frames(
    samples: Samples, known: KnownNames, weights: Ints, max_rows: int, max_bytes: int
) -> tuple[Cut, list[Reject]]:
    """`weights`: bytes by payload. Refuses the rows of payloads that hold more rows of one line than a frame may."""
    line = known.line[samples.name]
    first = np.full(len(known.lines), len(line))
    first[line[::-1]] = np.arange(len(line))[::-1]
    lines = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(line))]
    order = np.empty(len(known.lines), np.int64)
    order[lines] = np.arange(len(lines))
    frame = order[line]
    if len(line) <= max_rows and weights.sum() <= max_bytes:
        return Cut(frame, lines), []
    begins = np.append(True, (frame[1:] != frame[:-1]) | (samples.payload[1:] != samples.payload[:-1]))[: len(frame)]
    size = np.bincount(
        frame[begins], weights=weights[samples.payload[begins]]
    )  # at most: lines may take turns in a payload
    large = np.flatnonzero((np.bincount(frame) > max_rows) | (size > max_bytes))
    if not len(large):
        return Cut(frame, lines), []
    return _cut_large(samples, known, weights, Cut(frame, lines), large=large, most=(max_rows, max_bytes))


def _cut_large(
    samples: Samples, known: KnownNames, weights: Ints, cut: Cut, *, large: Ints, most: tuple[int, int]
) -> tuple[Cut, list[Reject]]:
    """The frames of these lines are cut up, and all are numbered anew."""
    order, ends = stably_sorted(cut.frame), np.cumsum(np.bincount(cut.frame))
    parts, part, refused = np.ones(len(cut.lines), np.int64), np.zeros(len(cut.frame), np.int64), list[Reject]()
    for which in large.tolist():
        rows = order[ends[which - 1] if which else 0 : ends[which]]
        own, rejects = _fitting(rows, samples, known.lines[cut.lines[which]].path, most[0])
        refused += rejects
        part[rows] = -1
        cuts = _cut_line(own, samples, weights, *most)
        parts[which] = len(cuts)
        for number, some in enumerate(cuts):
            part[some] = number
    before = np.cumsum(parts) - parts
    return Cut(np.where(part < 0, -1, before[cut.frame] + part), np.repeat(cut.lines, parts)), refused


def _fitting(rows: Rows, samples: Samples, line: str, max_rows: int) -> tuple[Rows, list[Reject]]:
    ends = _payload_ends(samples.payload[rows])
    counts, refused = np.diff(ends, prepend=0), []
    for which in np.flatnonzero(counts > max_rows):
        payload, count = int(samples.payload[rows[ends[which] - 1]]), int(counts[which])
        sentence = f"{line}: too many samples in one payload; got {count}; expected at most {max_rows}"
        refused.append(Reject(payload, line, "too_large", sentence, count))
    return rows[np.repeat(counts <= max_rows, counts)], refused


def _cut_line(rows: Rows, samples: Samples, weights: Ints, max_rows: int, max_bytes: int) -> list[Rows]:
    """Rows of one line as frames of whole payloads: each as many as fit in, but at least one."""
    ends = _payload_ends(samples.payload[rows])
    total = np.cumsum(weights[samples.payload[rows[ends - 1]]])
    frames, first, start = [], 0, 0
    while first < len(ends):
        before = int(total[first - 1]) if first else 0
        fit_rows = int(np.searchsorted(ends, start + max_rows, side="right"))
        fit_bytes = int(np.searchsorted(total, before + max_bytes, side="right"))
        first = max(first + 1, min(fit_rows, fit_bytes))
        frames.append(rows[start : ends[first - 1]])
        start = int(ends[first - 1])
    return frames


def _payload_ends(payload: npt.NDArray[np.int32]) -> Ints:
    """Ends (exclusive) of the runs of rows of one payload each."""
    return np.flatnonzero(np.append(payload[1:] != payload[:-1], True)[: len(payload)]) + 1


class Placed(NamedTuple):
    """The rows in order of their frames, and in each in its order; by row its place in the table of names; by frame
    that table, where its rows end, and the last one that was received."""

    rows: Rows
    place: npt.NDArray[np.uint16]
    tables: list[NamesTable]
    ends: list[int]
    last: Rows


def place_rows(samples: Samples, known: KnownNames, cut: Cut, names: dict[str, LineNames]) -> Placed:
    """Writes on `names`, those of the lines, to go on with."""
    rows = stably_sorted(cut.frame)
    rows = rows[np.count_nonzero(cut.frame < 0) :]
    frame, name = cut.frame[rows], samples.name[rows]
    ends = np.cumsum(np.bincount(frame, minlength=len(cut.lines)))
    used = np.flatnonzero(np.bincount(name, minlength=len(known.names)))
    line_of_used = known.line[used]
    count = np.bincount(line_of_used, minlength=len(known.lines)).tolist()
    is_one_of_many = (np.bincount(cut.lines, minlength=len(known.lines)) > 1)[cut.lines].tolist()
    tables, several = [], list[tuple[slice, Numbers, Numbers]]()
    for code, begin, end, is_many in zip(
        cut.lines.tolist(), [0, *ends.tolist()], ends.tolist(), is_one_of_many, strict=False
    ):
        path = known.lines[code].path
        own = names.get(path, _NO_NAMES)
        table = None if is_many else known.usual(code, count[code], own)
        if table is None:
            some = np.unique(name[begin:end]) if is_many else used[line_of_used == code]
            names[path], table = known.tabled(code, some, own)
        tables.append(table)
        if is_many:
            several.append((slice(begin, end), known.place[name[begin:end]], known.rank[name[begin:end]]))
    place, rank = known.place[name].astype(np.uint16), known.rank[name].astype(np.uint16)
    for part, places, ranks in several:
        place[part], rank[part] = places, ranks
    order = _in_frames(frame, rank, samples.t[rows])
    return Placed(rows[order], place[order], tables, ends.tolist(), rows[ends - 1])


def _in_frames(frame: Ints, rank: npt.NDArray[np.uint16], t: Ints) -> Rows:
    """Mostly the rows of one series came in order of time: then two sorts of short numbers do."""
    order = np.argsort(rank, kind="stable")
    order = order[stably_sorted(frame[order])]
    own_frame, own_rank, own_t = frame[order], rank[order], t[order]
    falls = (own_t[1:] < own_t[:-1]) & (own_rank[1:] == own_rank[:-1]) & (own_frame[1:] == own_frame[:-1])
    return np.lexsort((t, rank, frame)) if falls.any() else order


def contents(samples: Samples, placed: Placed) -> Iterator[Content]:
    """Frame by frame."""
    rows, place = placed.rows, placed.place
    t, v, q, flags, seq = samples.t[rows], samples.v[rows], samples.q[rows], samples.flags[rows], samples.seq[rows]
    text = samples.text[rows] if samples.texts and len(rows) else np.full(0, -1, np.int32)
    has_text, has_q, has_flags, has_seq = (bool((text >= 0).any()), bool(q.any()), bool(flags.any()), bool(seq.any()))
    for table, begin, end in zip(placed.tables, [0, *placed.ends], placed.ends, strict=False):
        texts, codes = _texts(samples.texts, text[begin:end]) if has_text else ((), None)
        yield Content(
            table.names, texts, place[begin:end], t[begin:end], v[begin:end], codes,
            _said(q[begin:end]) if has_q else None,
            _said(flags[begin:end]) if has_flags else None,
            _said(seq[begin:end]) if has_seq else None,
        )  # fmt: skip


def _said(column: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar] | None:
    return column if column.any() else None


def _texts(texts: Sequence[str], text: npt.NDArray[np.int32]) -> tuple[tuple[str, ...], npt.NDArray[np.uint16] | None]:
    if text.max() < 0:
        return (), None
    used, index_of = np.unique(text, return_inverse=True)
    without = int(used[0] < 0)
    found = tuple(texts[i].translate(_SEPARATORS).encode(errors="replace").decode() for i in used[without:])
    return found, np.where(text < 0, NO_TEXT, index_of - without).astype(np.uint16)
