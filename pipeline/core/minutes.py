"""When the first record with rows of a minute came, by line: a late row may correct its minute only so long after it.

Rule: it is the append time of the record that counts, so how records are cut into polls decides nothing.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.event_time import NEVER
from pipeline.core.grown import grown
from pipeline.core.history import MINUTE_MS

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Minutes:
    """`begun`: by line code, minute since the epoch -> append ms. `newest` i64 by line code: its newest minute. What
    was appended up to `lost_ms` is no longer known, so that its minutes correct nothing any more."""

    begun: dict[int, dict[int, int]] = field(default_factory=dict)
    newest: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    lost_ms: int = NEVER

    def see(self, line: Ints, append: Ints, rows: Ints, t: Ints) -> None:
        """Runs of rows, in log order: line and append ms by run, how many rows, and the time of each of all rows."""
        if not len(rows):
            return
        starts = np.cumsum(rows) - rows
        low, high = np.minimum.reduceat(t, starts) // MINUTE_MS, np.maximum.reduceat(t, starts) // MINUTE_MS
        self.newest = grown(self.newest, int(line.max()) + 1, NEVER)
        for k in np.flatnonzero((low != self.newest[line]) | (high != low)).tolist():
            own, begin = self.begun.setdefault(int(line[k]), {}), int(starts[k])
            one = low[k : k + 1] if low[k] == high[k] else np.unique(t[begin : begin + int(rows[k])] // MINUTE_MS)
            for minute in one.tolist():
                own.setdefault(minute, int(append[k]))
            self.newest[line[k]] = max(int(self.newest[line[k]]), int(high[k]))

    def since(self, line: Ints, t: Ints) -> Ints:
        """Append ms of the first record of each row's minute, which was seen."""
        pairs, place = np.unique(np.stack((line, t // MINUTE_MS)), axis=1, return_inverse=True)
        found = [self.begun[own][minute] for own, minute in pairs.T.tolist()]
        return np.array(found, np.int64).take(place.reshape(-1))

    def forget(self, line: int, before_ms: int) -> None:
        """Minutes of a line that end at or before this correct nothing any more."""
        own = self.begun.get(line, {})
        for minute in [one for one in own if (one + 1) * MINUTE_MS <= before_ms]:
            del own[minute]
