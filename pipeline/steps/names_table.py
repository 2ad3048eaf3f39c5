"""The names block of a line's frames: kept from frame to frame while most of it is in use.

Frames whose names are the same bytes cost their readers nothing: the block is parsed and looked up once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.core.names_block import MAX_NAMES, FrameName, Names

SPARSE = 6


@dataclass(frozen=True, slots=True)
class NamesTable:
    """Names in order, and the place of each."""

    names: Names = ()
    place: dict[FrameName, int] = field(default_factory=dict)

    def holding(self, used: Iterable[FrameName]) -> "NamesTable":
        """A table that holds all of `used`: this one, or one with new names, or a fresh one where less than a sixth of
        it would be used."""
        wanted = set(used)
        new = wanted - self.place.keys()
        size = len(self.names) + len(new)
        if len(wanted) * SPARSE < size or size > MAX_NAMES:
            return _table(wanted)
        return _table([*self.names, *new]) if new else self


def _table(names: Iterable[FrameName]) -> NamesTable:
    ordered = tuple(sorted(names))
    return NamesTable(ordered, {name: place for place, name in enumerate(ordered)})
