"""What the short cuts share: payloads of one form, the columns they become, and the tables of names and texts.

Rule: a name or text enters the tables of `Rows` only with a row that is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.codecs.json_cursor import Bools, Ints
from connectors.codecs.json_samples import Rows
from connectors.codecs.topics import Route
from pipeline.core.samples import Name


@dataclass(frozen=True, slots=True)
class Bodies:
    """Payloads of one form: their bytes and, by index, where their topics lead, how a single value is named there, and
    where they stand in the call."""

    texts: list[bytes]
    routes: list[Route]
    names: list[Name]
    route: Ints
    payload: Ints

    def ends(self) -> Ints:
        return np.cumsum(np.fromiter(map(len, self.texts), np.int64, len(self.texts)))


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
    index[used] = rows.name_indices([known for at in used.tolist() if (known := names[at])])
    return index[taken]


def text_indices(rows: Rows, values: Values, good: Bools) -> Ints:
    """The text column of the good records, as indices into the table of `rows` (-1: no text)."""
    text = values.text[good]
    index = np.full(len(values.texts) + 1, -1, np.int64)  # the last one is for -1
    for at in np.unique(text[text >= 0]).tolist():
        index[at] = rows.text_index(values.texts[at])
    return index[text]
