"""Cuts a line's rows into frames and builds their columns: no totals, no numbers, no state.

Rules: a frame never splits the rows of one payload, holds at most so many rows, and has them in order (unit, metric,
t), stable in order of receipt.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import NO_TEXT, Frame, FrameName
from pipeline.core.samples import Reject, Samples
from pipeline.steps.names_table import LineNames

Rows = npt.NDArray[np.int64]  # indexes into samples

_SEPARATORS = {0x1E: "\ufffd", 0x1F: "\ufffd"}  # frames part texts with them


def split_by_line(samples: Samples) -> dict[str, Rows]:
    """Rows of each line in order of receipt; lines in order of their first row."""
    names = dict.fromkeys(name.line for name in samples.names)
    code = {line: i for i, line in enumerate(names)}
    line_of = np.array([code[name.line] for name in samples.names], np.int32)[samples.name]
    order = np.argsort(line_of, kind="stable").astype(np.int64)
    starts = np.flatnonzero(np.diff(line_of[order], prepend=-1))
    groups = sorted(np.split(order, starts[1:]), key=_first) if len(order) else []
    return {samples.names[samples.name[rows[0]]].line: rows for rows in groups}


def refuse_too_many(lines: Mapping[str, Rows], samples: Samples, max_rows: int) -> tuple[dict[str, Rows], list[Reject]]:
    """Takes out the rows of payloads that hold more rows of one line than a frame may."""
    kept, refused = dict(lines), []
    for line, rows in lines.items():
        if len(rows) <= max_rows:
            continue
        ends = _payload_ends(samples.payload[rows])
        counts = np.diff(ends, prepend=0)
        for which in np.flatnonzero(counts > max_rows):
            payload, count = int(samples.payload[rows[ends[which] - 1]]), int(counts[which])
            sentence = f"{line}: too many samples in one payload; got {count}; expected at most {max_rows}"
            refused.append(Reject(payload, line, "too_large", sentence, count))
        kept[line] = rows[np.repeat(counts <= max_rows, counts)]
        if not len(kept[line]):
            del kept[line]
    return kept, refused


def cut(rows: Rows, samples: Samples, weights: npt.NDArray[np.int64], max_rows: int, max_bytes: int) -> list[Rows]:
    """Rows of one line as frames of whole payloads: each as many as fit in, but at least one. `weights`: bytes."""
    if len(rows) <= max_rows and weights[samples.payload[rows]].sum() <= max_bytes:
        return [rows]
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


def _first(rows: Rows) -> int:
    return int(rows[0])


def _payload_ends(payload: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Ends (exclusive) of the runs of rows of one payload each."""
    return np.flatnonzero(np.append(payload[1:] != payload[:-1], True)) + 1


def with_rows(draft: Frame, samples: Samples, rows: Rows, names: LineNames) -> tuple[Frame, LineNames]:
    """The frame with these rows (given in order of receipt), sorted; and the line's names, for the next one."""
    used, index_of = np.unique(samples.name[rows], return_inverse=True)
    own = [FrameName(*samples.names[i][1:]) for i in used]
    names, table = names.holding(own)
    pairs = {pair: i for i, pair in enumerate(dict.fromkeys(name[:2] for name in sorted(own)))}
    rank = np.array([pairs[name[:2]] for name in own], np.int64)[index_of]
    index = np.array([table.place[name] for name in own], np.uint16)[index_of]
    order = np.lexsort((samples.t[rows], rank))
    rows, index = rows[order], index[order]
    texts, text = _texts(samples, rows)
    q, flags, seq = samples.q[rows], samples.flags[rows], samples.seq[rows]
    frame = replace(
        draft, names=table.names, texts=texts, index=index, t=samples.t[rows], v=samples.v[rows], text=text,
        q=q if q.any() else None, row_flags=flags if flags.any() else None, seq=seq if seq.any() else None,
    )  # fmt: skip
    return frame, names


def _texts(samples: Samples, rows: Rows) -> tuple[tuple[str, ...], npt.NDArray[np.uint16] | None]:
    text = samples.text[rows]
    if not samples.texts or text.max() < 0:
        return (), None
    used, index_of = np.unique(text, return_inverse=True)
    without = int(used[0] < 0)
    texts = tuple(samples.texts[i].translate(_SEPARATORS).encode(errors="replace").decode() for i in used[without:])
    return texts, np.where(text < 0, NO_TEXT, index_of - without).astype(np.uint16)
