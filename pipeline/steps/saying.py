"""What the ticking lines of one round say beside their windows, gathered by line."""

from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.core.results import LineResults, Result
from pipeline.steps.walk import Ticks


class Saying:
    """`offset` i64 by line code: of the record at which the line ticks."""

    def __init__(self, paths: Sequence[str], ticks: Ticks) -> None:
        self.paths = paths
        self.offset = np.zeros(len(paths), np.int64)
        self.offset[ticks.line] = ticks.offset
        self._said: dict[int, LineResults] = {}

    def of(self, line: int) -> LineResults:
        found = self._said.get(line)
        if found is None:
            found = self._said[line] = LineResults(self.paths[line], int(self.offset[line]), [], [])
        return found

    def add(self, results: Iterable[tuple[int, Result]]) -> None:
        """(line code, result)."""
        for line, result in results:
            self.of(line).results.append(result)

    def all(self) -> list[LineResults]:
        return [found for found in self._said.values() if found.results or found.alerts]
