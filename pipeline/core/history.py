"""Accepted samples of the correction horizon, so that what a late sample reaches can be made again.

Where they are kept: here, in memory, as the columns in which panes were reduced, by the minute of their event time.
What lies here depends on the log alone, so a snapshot may carry it. Rules: a sample goes when its line has left it
further behind than the horizon and all that a late one there may reach; what is read comes in canonical order (series,
event time, seq, place in the log).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.order import NO_IDENTITY, Rows, empty_rows, joined, settled

MINUTE_MS = 60_000
KEPT = -1  # stands for the row of the ledger: these were counted
Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Spans:
    """Parts of the past, by place: series code i32, [low, past) ms i64."""

    series: npt.NDArray[np.int32]
    low: Ints
    past: Ints

    def __len__(self) -> int:
        return len(self.series)

    def take(self, index: Places) -> "Spans":
        return Spans(self.series.take(index), self.low.take(index), self.past.take(index))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one minute in order of series and time; `at` u16: ms within it. The rest as in Rows."""

    series: npt.NDArray[np.int32]
    at: npt.NDArray[np.uint16]
    v: npt.NDArray[np.float64]
    text: Ints | None
    q: npt.NDArray[np.uint8] | None
    seq: npt.NDArray[np.uint64] | None
    flags: npt.NDArray[np.uint8] | None

    def __len__(self) -> int:
        return len(self.series)

    @property
    def size(self) -> int:
        """Bytes."""
        columns = (self.series, self.at, self.v, self.text, self.q, self.seq, self.flags)
        return sum(column.nbytes for column in columns if column is not None)

    def rows(self, minute: int, index: Places, series: npt.NDArray[np.int32]) -> Rows:
        """Some of its rows, under other codes."""
        return Rows(
            series,
            self.at.take(index).astype(np.int64) + minute * MINUTE_MS,
            self.v.take(index),
            np.full(len(index), KEPT, np.int32),
            None if self.text is None else self.text.take(index),
            None if self.q is None else self.q.take(index),
            None if self.seq is None else self.seq.take(index),
            None if self.flags is None else self.flags.take(index),
        )


@dataclass(slots=True)
class History:
    """`minutes`: by minute since the epoch, what was put in. `size`: bytes of all."""

    minutes: dict[int, list[Chunk]] = field(default_factory=dict)
    size: int = 0

    @property
    def oldest_ms(self) -> int:
        """Nothing is older; past all time where nothing is here."""
        return min(self.minutes, default=1 << 44) * MINUTE_MS

    def append(self, rows: Rows) -> None:
        """Accepted rows in canonical order without repeats, none of which is here yet."""
        if not len(rows):
            return
        minute = rows.t // MINUTE_MS
        first, last = int(minute.min()), int(minute.max())
        if first == last:
            self._put(first, rows)
            return
        for one in np.unique(minute).tolist():
            self._put(one, rows.take(np.flatnonzero(minute == one)))

    def _put(self, minute: int, rows: Rows) -> None:
        flags = rows.flags if rows.flags is not None and (rows.flags & NO_IDENTITY).any() else None
        at = (rows.t - minute * MINUTE_MS).astype(np.uint16)
        chunk = Chunk(rows.series, at, rows.v, rows.text, rows.q, rows.seq, flags)
        self.minutes.setdefault(minute, []).append(chunk)
        self.size += chunk.size

    def read(self, spans: Spans) -> Rows:
        """The rows of each span, in canonical order; the place of the span stands for the series."""
        reached = _by_minute(spans, self.minutes)
        found = [part for minute, own in reached for part in self._of_minute(minute, own, spans)]
        return settled(joined(found))[0] if found else empty_rows()

    def _of_minute(self, minute: int, own: Places, spans: Spans) -> Iterator[Rows]:
        series, begin = spans.series.take(own), minute * MINUTE_MS
        low, past = spans.low.take(own) - begin, spans.past.take(own) - begin
        for chunk in self.minutes[minute]:
            first = chunk.series.searchsorted(series)
            size = chunk.series.searchsorted(series, "right") - first
            which = np.repeat(np.arange(len(own)), size)
            if not len(which):
                continue
            index = np.arange(len(which)) + np.repeat(first - (np.cumsum(size) - size), size)
            at = chunk.at.take(index)
            inside = np.flatnonzero((at >= low.take(which)) & (at < past.take(which)))
            if len(inside):
                yield chunk.rows(minute, index.take(inside), own.take(which.take(inside)).astype(np.int32))

    def forget(self, before: Ints) -> None:
        """Drops what is older than this, i64 ms by series code, of minutes that are over for some series."""
        past = int(before.max(initial=0)) // MINUTE_MS
        for minute in [one for one in self.minutes if one < past]:
            for chunk in self.minutes.pop(minute):
                self.size -= chunk.size
                index = np.flatnonzero(chunk.at >= before.take(chunk.series) - minute * MINUTE_MS)
                if len(index):
                    self._put(minute, chunk.rows(minute, index, chunk.series.take(index)))


def _by_minute(spans: Spans, known: dict[int, list[Chunk]]) -> Iterator[tuple[int, Places]]:
    """(minute, places of the spans that reach into it) of the minutes that are known, in order."""
    first, last = spans.low // MINUTE_MS, (spans.past - 1) // MINUTE_MS
    size = np.maximum(last - first + 1, 0)
    which = np.repeat(np.arange(len(spans)), size)
    if not len(which):
        return
    minute = np.repeat(first - (np.cumsum(size) - size), size) + np.arange(len(which))
    order = np.argsort(minute, kind="stable")
    minute, which = minute.take(order), which.take(order)
    starts = np.flatnonzero(np.append(True, minute[1:] != minute[:-1]))
    for start, own in zip(starts.tolist(), np.split(which, starts[1:]), strict=True):
        if int(minute[start]) in known:
            yield int(minute[start]), own
