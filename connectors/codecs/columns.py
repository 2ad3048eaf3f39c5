"""What the short cuts share: payloads of one form, the columns they become, and the tables of names and texts.

Rule: a text enters the table of `Rows` only with a row that is taken, a name at the latest with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, pairwise

import numpy as np
import numpy.typing as npt

from connectors.codecs.json_cursor import Bools, Cursor, Ints
from connectors.codecs.json_samples import Rows
from connectors.codecs.topics import Known
from pipeline.core.samples import Name


@dataclass(frozen=True)
class Bodies:
    """Payloads: their bytes, how many these are, their topics by number, and where they stand in the call."""

    texts: Sequence[bytes]
    size: Ints
    known: Known
    topic: Ints
    payload: Ints

    def blocks(self, most: int) -> Iterator["Bodies"]:
        """In order, in parts of about so many bytes."""
        if self.size.sum() <= most:
            yield self
            return
        part = self.ends // most
        for begin, end in pairwise([0, *(np.flatnonzero(part[1:] != part[:-1]) + 1).tolist(), len(part)]):
            own = slice(begin, end)
            yield Bodies(self.texts[own], self.size[own], self.known, self.topic[own], self.payload[own])

    def only(self, some: Bools) -> "Bodies":
        texts = list(compress(self.texts, some.tolist()))
        return Bodies(texts, self.size[some], self.known, self.topic[some], self.payload[some])

    @cached_property
    def cursor(self) -> Cursor:
        """Over all of them one after the other."""
        return Cursor(b"".join(self.texts))

    @cached_property
    def ends(self) -> Ints:
        return np.cumsum(self.size)


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of `Samples` (none is flagged), with name and text as indices into the tables of `Rows`."""

    name: Ints
    t: Ints
    v: npt.NDArray[np.float64]
    text: Ints
    q: npt.NDArray[np.uint64]
    seq: npt.NDArray[np.uint64]
    payload: Ints


@dataclass(frozen=True, slots=True)
class Values:
    """Numbers, and the texts among them as an index (-1: none) into the distinct ones."""

    v: npt.NDArray[np.float64]
    text: Ints
    texts: list[str]


def name_indices(rows: Rows, names: Sequence[Name | None], name: Ints, good: Bools) -> Ints:
    """The name column of the good records, as indices into the table of `rows`; `name` tells which of `names` it is."""
    taken = name[good]
    index = np.full(len(names), -1, np.int64)
    used = np.flatnonzero(np.bincount(taken, minlength=len(names)))
    index[used] = rows.known.of([known for at in used.tolist() if (known := names[at])])
    return index[taken]


def text_indices(rows: Rows, values: Values, good: Bools) -> Ints:
    """The text column of the good records, as indices into the table of `rows` (-1: no text)."""
    text = values.text[good]
    index = np.full(len(values.texts) + 1, -1, np.int64)  # the last one is for -1
    for at in np.unique(text[text >= 0]).tolist():
        index[at] = rows.text_index(values.texts[at])
    return index[text]
