"""What a gateway has found out about the names in a list that calls share, by number: a look into a column in the place
of one into a dict for each name of each call.

Rule: a memory and no state: whatever stands here follows from the list and from the names of the lines that are asked
about, so whoever asks gets the same answer whatever was asked before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.names_block import FrameName
from pipeline.core.samples import Name
from pipeline.steps.names_table import EVERY, LineNames, NamesTable, Numbers

MAX_NAMES = 1 << 18  # in all lists together: each broker has one, and begins a new one now and then


@dataclass(slots=True)
class LineColumns:
    """Of a line: the numbers of its names in the list, the line's own numbers of them that stand in `own`, and the
    table whose places stand in `place` for every one of them, if there is one."""

    path: str
    names: list[int] = field(default_factory=list)
    known: Mapping[FrameName, int] | None = None
    table: NamesTable | None = None


@dataclass(slots=True)
class KnownNames:
    """By number in `names`: the line as a place in `lines`; the number in its line (-1: none yet); place and rank in a
    table of its line; and its number in the `numbering` that was last asked for."""

    names: Sequence[Name]
    lines: list[LineColumns] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    line: Numbers = field(default_factory=lambda: np.empty(0, np.int32))
    own: Numbers = field(default_factory=lambda: np.empty(0, np.int32))
    place: Numbers = field(default_factory=lambda: np.empty(0, np.int32))
    rank: Numbers = field(default_factory=lambda: np.empty(0, np.int32))
    numbered: Numbers = field(default_factory=lambda: np.empty(0, np.int32))
    numbering: Mapping[Name, int] | None = None

    def learn(self) -> None:
        """What has been added to the list."""
        first, count = len(self.line), len(self.names)
        if first == count:
            return
        found = [self._code(self.names[number].line, number) for number in range(first, count)]
        self.line = np.append(self.line, np.array(found, np.int32))
        none = np.full(count - first, -1, np.int32)
        columns = (self.own, self.place, self.rank, self.numbered)
        self.own, self.place, self.rank, self.numbered = (np.append(column, none) for column in columns)

    def _code(self, path: str, number: int) -> int:
        code = self.codes.setdefault(path, len(self.lines))
        if code == len(self.lines):
            self.lines.append(LineColumns(path))
        line = self.lines[code]
        line.names.append(number)
        line.table = None
        return code

    def paths(self, name: npt.NDArray[np.int32]) -> list[str]:
        """Of the lines that these names are of."""
        return [self.lines[code].path for code in np.flatnonzero(np.bincount(self.line[name])).tolist()]

    def numbers(self, name: npt.NDArray[np.int32], numbering: dict[Name, int]) -> Numbers:
        """Of these names in a numbering that only grows; new ones are added to it."""
        if self.numbering is not numbering:
            self.numbered[:], self.numbering = -1, numbering
        found = self.numbered[name]
        if (found < 0).any():
            for number in np.unique(name[found < 0]).tolist():
                self.numbered[number] = numbering.setdefault(self.names[number], len(numbering))
            found = self.numbered[name]
        return found

    def tabled(self, code: int, used: Numbers, names: LineNames) -> tuple[LineNames, NamesTable]:
        """A table that holds these (distinct) names of a line, whose places and ranks then stand in the columns."""
        line = self.lines[code]
        if line.known is not names.known:
            self._look_up(line, names)
        own = self.own[used]
        if (own < 0).any():
            names = names.knowing([FrameName(*self.names[number][1:]) for number in used.tolist()])
            self._look_up(line, names)
            own = self.own[used]
        names, table = names.holding(own)
        if table is not line.table:
            whole = table is names.tables.get(EVERY) and not (self.own[line.names] < 0).any()
            some = np.array(line.names, np.int32) if whole else used
            self.place[some] = table.place[self.own[some]]
            self.rank[some] = table.rank[self.place[some]]
            line.table = table if whole else None
        return names, table

    def _look_up(self, line: LineColumns, names: LineNames) -> None:
        keys = [FrameName(*self.names[number][1:]) for number in line.names]
        self.own[line.names] = [names.known.get(key, -1) for key in keys]
        line.known, line.table = names.known, None

    def usual(self, code: int, used: int, names: LineNames) -> NamesTable | None:
        """The table of so many names where nothing has to be found out: the line's names are those of the last time,
        and its table holds them all."""
        line = self.lines[code]
        return line.table if line.known is names.known and names.uses_much(used) else None


@dataclass(slots=True)
class KnownLists:
    """By list; a list is known by its identity."""

    lists: dict[int, KnownNames] = field(default_factory=dict)

    def of(self, names: Sequence[Name]) -> KnownNames:
        found = self.lists.get(id(names))
        if found is None:
            if sum(len(known.line) for known in self.lists.values()) > MAX_NAMES:
                self.lists.clear()
            found = self.lists[id(names)] = KnownNames(names)
        found.learn()
        return found
