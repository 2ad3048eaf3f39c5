"""The names blocks of a line's frames: few, and each one object for good, so that readers parse and look up each once.

Rules: a frame that uses a good part of its line's names has them all. One that uses little has the groups that its
names are in: names that came one after the other. So a line has at most some hundred blocks, whatever its frames use,
and what readers remember of them stays small.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.names_block import FrameName, Names

SPARSE = 6  # a frame that uses less than such a part of its line's names uses little
GROUPS = 8
LEAST, MOST = 8, 32  # names of a group
MAX_KNOWN = 20_000  # names of a line; with more it begins anew

EVERY: frozenset[int] = frozenset()
Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class NamesTable:
    """Names in order. `place` of a name, by its number in the line (-1: not in here); `rank`, by place: the first that
    has the same unit and metric."""

    names: Names
    place: Numbers
    rank: Numbers


@dataclass(frozen=True, slots=True)
class LineNames:
    """The names that a line's frames have used, numbered as they came; and tables of them, by their groups."""

    known: Mapping[FrameName, int] = field(default_factory=dict)
    tables: Mapping[frozenset[int], NamesTable] = field(default_factory=dict)

    def knowing(self, names: Iterable[FrameName]) -> "LineNames":
        """With numbers for all of these, and the older ones for as long as there is room for them."""
        wanted = set(names)
        new = sorted(wanted - self.known.keys())
        if not new:
            return self
        kept = self.known if len(self.known) + len(new) <= MAX_KNOWN else {}
        new = new if kept else sorted(wanted)
        return LineNames({**kept, **{name: len(kept) + i for i, name in enumerate(new)}})

    def uses_much(self, used: int) -> bool:
        return used * SPARSE >= len(self.known)

    def holding(self, used: Numbers) -> tuple["LineNames", NamesTable]:
        """A table that holds all of these (distinct) numbers, and the names to go on with."""
        groups = self._groups(used)
        table = self.tables.get(groups)
        if table is not None:
            return self, table
        table = self._table(groups)
        return replace(self, tables={**self.tables, groups: table}), table

    @property
    def group_size(self) -> int:
        size = LEAST
        while size < MOST and size * GROUPS < len(self.known):
            size *= 2
        return size

    def _groups(self, used: Numbers) -> frozenset[int]:
        if self.uses_much(len(used)):
            return EVERY
        size = self.group_size
        groups = frozenset((used // size).tolist())
        return EVERY if len(groups) * size * 2 > len(self.known) else groups

    def _table(self, groups: frozenset[int]) -> NamesTable:
        size = self.group_size
        ordered = sorted((name, n) for name, n in self.known.items() if not groups or n // size in groups)
        names = tuple(name for name, _ in ordered)
        place = np.full(len(self.known), -1, np.int32)
        place[[n for _, n in ordered]] = np.arange(len(names))
        first: dict[tuple[str, str], int] = {}
        rank = [first.setdefault(name[:2], at) for at, name in enumerate(names)]
        return NamesTable(names, place, np.array(rank, np.int32))
