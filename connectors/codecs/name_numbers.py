"""Names of series by number, kept from call to call: the same series come again and again, and whoever works on their
samples may keep by number what he found out about them.

Rule: a name keeps its number for as long as the list lives; where there are too many, a new list begins.
"""

from collections.abc import Sequence

from pipeline.core.samples import Name

MAX_NAMES = 1 << 17


class NameNumbers:
    """`names` only grows."""

    def __init__(self) -> None:
        self.names: list[Name] = []
        self._numbers: dict[Name, int] = {}

    @property
    def is_full(self) -> bool:
        return len(self.names) >= MAX_NAMES

    def number(self, name: Name) -> int:
        found = self._numbers.setdefault(name, len(self.names))
        if found == len(self.names):
            self.names.append(name)
        return found

    def of(self, names: Sequence[Name]) -> list[int]:
        return list(map(self.number, names))
