"""Names of series by number, kept from call to call: the same series come again and again, and whoever works on their
samples may keep by number what he found out about them.

Rule: a name keeps its number for as long as the list lives; where there are too many, a new list begins.
"""

from collections.abc import Callable, Hashable, Sequence

from pipeline.core.samples import Name

MAX_NAMES = 1 << 17
Layout = tuple[Name | None, ...]  # what keys of an object name; None: nothing that may be


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
    """The names that the keys of an object have in a topic: the same come again and again."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Layout] = {}
        self._size = 0

    def of(self, key: Hashable, make: Callable[[], Layout]) -> Layout:
        found = self._found.get(key)
        if found is None:
            found = make()
            if self._size + len(found) > MAX_NAMES:
                self._found, self._size = {}, 0
            self._found[key] = found
            self._size += len(found) + 1
        return found
