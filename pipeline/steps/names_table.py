"""The names blocks of a line's frames: few, and each one object for good, so that readers parse and look up each once.

Rules: a frame that uses a good part of its line's names has them all. One that uses little has the groups that its
names are in: names that came one after the other. So a line has at most some hundred blocks, whatever its frames use,
and what readers remember of them stays small.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pipeline.core.names_block import FrameName, Names

SPARSE = 6  # a frame that uses less than such a part of its line's names uses little
GROUPS = 8
LEAST, MOST = 8, 32  # names of a group
MAX_KNOWN = 20_000  # names of a line; with more it begins anew

EVERY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class NamesTable:
    """Names in order, and the place of each."""

    names: Names
    place: Mapping[FrameName, int]


@dataclass(frozen=True, slots=True)
class LineNames:
    """The names that a line's frames have used, by when they came; and tables of them, by their groups."""

    known: Mapping[FrameName, int] = field(default_factory=dict)
    tables: Mapping[frozenset[int], NamesTable] = field(default_factory=dict)

    def holding(self, used: Iterable[FrameName]) -> tuple["LineNames", NamesTable]:
        """A table that holds all of `used`, and the names to go on with."""
        wanted = set(used)
        names = self._with(wanted) if wanted - self.known.keys() else self
        groups = names._groups(wanted)
        table = names.tables.get(groups)
        if table is None:
            table = names._table(groups)
            names = replace(names, tables={**names.tables, groups: table})
        return names, table

    @property
    def group_size(self) -> int:
        size = LEAST
        while size < MOST and size * GROUPS < len(self.known):
            size *= 2
        return size

    def _with(self, wanted: set[FrameName]) -> "LineNames":
        new = sorted(wanted - self.known.keys())
        kept = self.known if len(self.known) + len(new) <= MAX_KNOWN else {}
        new = new if kept else sorted(wanted)
        return LineNames({**kept, **{name: len(kept) + i for i, name in enumerate(new)}})

    def _groups(self, wanted: set[FrameName]) -> frozenset[int]:
        if len(wanted) * SPARSE >= len(self.known):
            return EVERY
        size = self.group_size
        groups = frozenset(self.known[name] // size for name in wanted)
        return EVERY if len(groups) * size * 2 > len(self.known) else groups

    def _table(self, groups: frozenset[int]) -> NamesTable:
        size = self.group_size
        ordered = tuple(sorted(name for name, n in self.known.items() if not groups or n // size in groups))
        return NamesTable(ordered, {name: place for place, name in enumerate(ordered)})
