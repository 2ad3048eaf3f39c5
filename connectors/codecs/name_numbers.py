"""Names of series by number, kept from call to call: the same series come again and again, and whoever works on their
samples may keep by number what he found out about them.

Rule: a name keeps its number for as long as the list lives; where there are too many, a new list begins.
"""

from collections.abc import Hashable, Sequence

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


class Layouts:
    """The numbers of the names that the keys of an object have in a topic; none where one of them has no name."""

    def __init__(self, names: NameNumbers) -> None:
        self._names, self._size = names, 0
        self._numbers: dict[Hashable, Sequence[int]] = {}
        self.get = self._numbers.get

    def learn(self, key: Hashable, names: Sequence[Name | None]) -> Sequence[int]:
        known = [name for name in names if name is not None]
        found = tuple(self._names.of(known)) if len(known) == len(names) else ()
        self._size += len(found) + 1
        if self._size > MAX_NAMES:
            self._numbers.clear()
            self._size = len(found) + 1
        self._numbers[key] = found
        return found
