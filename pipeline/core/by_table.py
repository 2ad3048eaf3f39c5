"""What was found out about tables of names, kept for the frames that bring the same table again.

Rule: a table is known by being the same object, which lives as long as it is kept. What is kept is bounded by the names
that it holds, and not by the tables; one too many, and all is forgotten and found out again.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pipeline.core.names_block import Names

MAX_KEPT = 1 << 20  # names, and one for each table
T = TypeVar("T")


@dataclass(slots=True)
class ByTable(Generic[T]):
    """`asker`: whatever else the finding depends on."""

    kept: dict[tuple[Hashable, int], tuple[Names, T]] = field(default_factory=dict)
    size: int = 0

    def get(self, asker: Hashable, names: Names) -> T | None:
        known = self.kept.get((asker, id(names)))
        return None if known is None else known[1]

    def put(self, asker: Hashable, names: Names, found: T) -> T:
        """Once for each table that `get` does not know; hands back what was found."""
        self.size += len(names) + 1
        if self.size > MAX_KEPT:
            self.kept, self.size = {}, len(names) + 1
        self.kept[asker, id(names)] = names, found
        return found
