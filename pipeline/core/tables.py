"""What is known of a frame by its line, its gateway's boot and its table of names: codes, found out once for all
frames that have the same.

Rule: a table of names is known by being the same object, which lives as long as it is kept. What is kept is bounded by
the names that it holds; between two slices all may be forgotten, and is found out again. No snapshot keeps it.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.by_table import MAX_KEPT
from pipeline.core.grown import grown
from pipeline.core.names_block import Names
from pipeline.core.senders import Key, Senders

UNKNOWN = -1


@dataclass(slots=True)
class Tables:
    """`places`: by key, of the columns line, stream (codes, i64), named (bool) and begin, where the codes of its names
    lie in `codes` (i32). `asked`: the memory of senders by whose codes was asked last, and `place` by such a code,
    UNKNOWN where it was not found out yet."""

    asked: Senders | None = None
    place: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    places: dict[Key, int] = field(default_factory=dict)
    kept: list[Names] = field(default_factory=list)
    line: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    stream: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    named: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    begin: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    codes: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    size: int = 0

    def of(self, senders: Senders, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Places by record, UNKNOWN where it has to be found out."""
        if self.asked is not senders:
            self.asked, self.place = senders, np.zeros(0, np.int64)
        self.place = grown(self.place, len(senders.keys), UNKNOWN)
        return self.place.take(codes)

    def put(self, key: Key, names: Names, found: tuple[int, int, bool], codes: npt.NDArray[np.int32]) -> int:
        """found: line, stream, named."""
        place, end = len(self.kept), self.size + len(codes)
        self.line, self.stream = grown(self.line, place + 1, 0), grown(self.stream, place + 1, 0)
        self.named, self.begin = grown(self.named, place + 1, False), grown(self.begin, place + 1, 0)
        self.codes = grown(self.codes, end, 0)
        self.line[place], self.stream[place], self.named[place] = found
        self.begin[place] = self.size
        self.codes[self.size : end] = codes
        self.size = end
        self.kept.append(names)
        self.places[key] = place
        return place

    def make_room(self) -> bool:
        """Forgets all where too much is kept."""
        full = self.size + len(self.kept) > MAX_KEPT
        if full:
            self.forget()
        return full

    def forget(self) -> None:
        self.places, self.kept, self.size = {}, [], 0
        self.place[:] = UNKNOWN
