"""Lines that are configured and have no source yet: their clock, which starts at their configuration record.

Rule: this clock judges no row and closes no window; it goes on with the line's running time and drives the line's
progress alone. The first source gives the line a clock of its own, which may be earlier: old data are replayed into a
line that waited. What the line then says again of a step that it said while it waited is a correction.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER
from pipeline.core.grown import grown

Ints = npt.NDArray[np.int64]


def _column() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class Waiting:
    """Columns by line code: `since`, the line's running time at its configuration, `start`, its append time (NEVER: not
    configured); `first` and `last` step of progress that it said while it waited (NEVER: none)."""

    since: Ints = field(default_factory=_column)
    start: Ints = field(default_factory=_column)
    first: Ints = field(default_factory=_column)
    last: Ints = field(default_factory=_column)

    def cover(self, lines: int) -> None:
        for name in ("since", "start", "first", "last"):
            setattr(self, name, grown(getattr(self, name), lines, NEVER))

    def begin(self, line: int, append_ms: int, running_ms: int) -> None:
        """A configuration record; the first one counts."""
        if self.start[line] == NEVER:
            self.since[line], self.start[line] = running_ms, append_ms

    def clock(self, line: Ints, running: Ints) -> Ints:
        """How far lines have come at these running times; NEVER where they are not configured."""
        known = self.start[line] != NEVER
        return np.where(known, self.start[line] + running - self.since[line], NEVER)

    def say(self, line: int, step: int) -> None:
        if self.first[line] == NEVER:
            self.first[line] = step
        self.last[line] = step

    def said(self, line: Ints, step: Ints) -> npt.NDArray[np.bool_]:
        """Whether the line said these steps while it waited: all between, for a record adds less than a step."""
        return np.asarray((step >= self.first[line]) & (step <= self.last[line]), np.bool_)
