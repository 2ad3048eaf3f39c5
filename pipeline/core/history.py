"""Accepted samples of the correction horizon, so that what a late sample reaches can be made again.

Where they are kept: at first in memory, as the columns in which panes were reduced, by the minute of their event time;
with each checkpoint, and when they are many, on a shelf (a folder of the local disk), in blocks of which the snapshot
knows the places. Without a shelf they stay in memory, and in the snapshot. What lies here depends on the log alone;
when it was put away changes nothing. Rules: a sample goes when its line has left it further behind than the horizon and
all that a late one there may reach; what is read comes in canonical order (series, event time, seq, place in the log).
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.blocks import Chunk, decode, encode
from pipeline.core.order import NO_IDENTITY, Rows, empty_rows, joined, settled
from pipeline.core.ports import Place, Shelf

MINUTE_MS = 60_000
MAX_READ_BACK = 64 << 20  # bytes
MOST = 8  # blocks of one minute, before they are made one
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


@dataclass(slots=True)
class History:
    """`minutes`: by minute since the epoch, what was put in; `size`: bytes of it. `shelved`: by minute, what was put
    away since, earlier than that, and `kept_by` the shelf of this name. `shelf` and `read_back`, the newest blocks that
    were read, are in no snapshot."""

    minutes: dict[int, list[Chunk]] = field(default_factory=dict)
    size: int = 0
    shelved: dict[int, list[Place]] = field(default_factory=dict)
    kept_by: str = ""
    shelf: Shelf | None = None
    read_back: dict[Place, list[Chunk]] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, object]:
        return {"minutes": self.minutes, "size": self.size, "shelved": self.shelved, "kept_by": self.kept_by}

    @property
    def shelved_size(self) -> int:
        """Bytes on the shelf."""
        return sum(place.length for places in self.shelved.values() for place in places)

    def is_whole(self) -> bool:
        """Is all there that was put away?"""
        places = [place for places in self.shelved.values() for place in places]
        if not places:
            return True
        return self.shelf is not None and self.kept_by in (self.shelf.name, self.shelf.was) and self.shelf.holds(places)

    def lose(self) -> None:
        """Goes on without what was put away."""
        self.shelved.clear()

    @property
    def oldest_ms(self) -> int:
        """Nothing is older; past all time where nothing is here."""
        return min([*self.minutes, *self.shelved], default=1 << 44) * MINUTE_MS

    def append(self, rows: Rows) -> None:
        """Accepted rows in canonical order without repeats, none of which is here yet."""
        if not len(rows):
            return
        first, last = int(rows.t.min()) // MINUTE_MS, int(rows.t.max()) // MINUTE_MS
        if first == last:
            self._put(first, rows)
            return
        minute = rows.t // MINUTE_MS
        for one in np.unique(minute).tolist():
            self._put(one, rows.take(np.flatnonzero(minute == one)))

    def _put(self, minute: int, rows: Rows) -> None:
        chunk = _chunk(minute, rows)
        self.minutes.setdefault(minute, []).append(chunk)
        self.size += chunk.size

    def read(self, spans: Spans) -> Rows:
        """The rows of each span, in canonical order; the place of the span stands for the series."""
        reached = _by_minute(spans, self.minutes.keys() | self.shelved.keys())
        found = [part for minute, own in reached for part in self._of_minute(minute, own, spans)]
        return settled(joined(found))[0] if found else empty_rows()

    def _of_minute(self, minute: int, own: Places, spans: Spans) -> Iterator[Rows]:
        series, begin = spans.series.take(own), minute * MINUTE_MS
        low, past = spans.low.take(own) - begin, spans.past.take(own) - begin
        for chunk in self._chunks(minute):
            first = chunk.series.searchsorted(series)
            size = chunk.series.searchsorted(series, "right") - first
            which = np.repeat(np.arange(len(own)), size)
            if not len(which):
                continue
            index = np.arange(len(which)) + np.repeat(first - (np.cumsum(size) - size), size)
            at = chunk.at.take(index)
            inside = np.flatnonzero((at >= low.take(which)) & (at < past.take(which)))
            if len(inside):
                yield _rows(chunk, minute, index.take(inside), own.take(which.take(inside)).astype(np.int32))

    def _chunks(self, minute: int) -> Iterator[Chunk]:
        for place in self.shelved.get(minute, ()):
            yield from self._got(place)
        yield from self.minutes.get(minute, ())

    def _got(self, place: Place) -> list[Chunk]:
        """Nothing where the shelf no longer has it whole."""
        chunks = self.read_back.pop(place, None)
        if chunks is None:
            block = b"" if self.shelf is None else self.shelf.get(place)
            chunks = decode(block) if block else []
        self.read_back[place] = chunks
        while len(self.read_back) > 1 and sum(map(_size, self.read_back.values())) > MAX_READ_BACK:
            del self.read_back[next(iter(self.read_back))]
        return chunks

    def put_away(self) -> None:
        """Everything goes to the shelf, if there is one. What it cannot take (Unavailable) stays."""
        if self.shelf is None:
            return
        for minute in sorted(self.minutes):
            before = self.shelved.get(minute, [])
            again = len(before) >= MOST
            place = self.shelf.put(encode(list(self._chunks(minute)) if again else self.minutes[minute]))
            self.shelved[minute] = [place] if again else [*before, place]
            self.size -= _size(self.minutes.pop(minute))
        self.shelf.flush()
        self.kept_by = self.shelf.name

    def sweep(self) -> None:
        """Once a snapshot is safe: the shelf need not keep what this state does not know."""
        if self.shelf is not None:
            self.shelf.keep({place for places in self.shelved.values() for place in places})

    def forget(self, before: Ints) -> None:
        """Drops what is older than this, i64 ms by series code: rows of minutes that are over for some series, and what
        was put away of minutes that are over for all."""
        past = int(before.max(initial=0)) // MINUTE_MS
        for minute in [one for one in self.minutes if one < past]:
            for chunk in self.minutes.pop(minute):
                self.size -= chunk.size
                index = np.flatnonzero(chunk.at >= before.take(chunk.series) - minute * MINUTE_MS)
                if len(index):
                    self._put(minute, _rows(chunk, minute, index, chunk.series.take(index)))
        over = int(before.min(initial=1 << 62)) // MINUTE_MS
        for minute in [one for one in self.shelved if one < over]:
            for place in self.shelved.pop(minute):
                self.read_back.pop(place, None)


def _size(chunks: Sequence[Chunk]) -> int:
    return sum(chunk.size for chunk in chunks)


def _chunk(minute: int, rows: Rows) -> Chunk:
    flags = rows.flags if rows.flags is not None and (rows.flags & NO_IDENTITY).any() else None
    at = (rows.t - minute * MINUTE_MS).astype(np.uint16)
    return Chunk(rows.series, at, rows.v, rows.text, rows.q, rows.seq, flags)


def _rows(chunk: Chunk, minute: int, index: Places, series: npt.NDArray[np.int32]) -> Rows:
    """Some of its rows, under other codes."""
    return Rows(
        series,
        chunk.at.take(index).astype(np.int64) + minute * MINUTE_MS,
        chunk.v.take(index),
        np.full(len(index), KEPT, np.int32),
        None if chunk.text is None else chunk.text.take(index),
        None if chunk.q is None else chunk.q.take(index),
        None if chunk.seq is None else chunk.seq.take(index),
        None if chunk.flags is None else chunk.flags.take(index),
    )


def _by_minute(spans: Spans, known: Set[int]) -> Iterator[tuple[int, Places]]:
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
