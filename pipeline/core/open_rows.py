"""Rows in time that wait for their pane to close, in log order.

Rule: a row leaves when its source's clock has passed the end of its pane; what stays keeps its place.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.order import Rows, joined


@dataclass(slots=True)
class OpenRows:
    chunks: list[Rows] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(c) for c in self.chunks)

    def add(self, rows: Rows) -> None:
        if len(rows):
            self.chunks.append(rows)

    def take_due(self, before: npt.NDArray[np.int64]) -> Rows:
        """Removes and returns the rows with t < before[series] (i64 by series code)."""
        rows = joined(self.chunks)
        due = rows.t < before.take(rows.series)
        self.chunks = []
        self.add(rows.take(np.flatnonzero(~due)))
        return rows.take(np.flatnonzero(due))
