"""Rule `score`: a sample that is as unusual as `threshold` for its series; over once none was for `off_delay`.

Rules: |z| is that of detector `ewma`, of each sample against those before it; raised at the first such sample, cleared
in event time on the clock of the series' source alone; each further one begins the delay again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.line_config import AlarmConfig
from pipeline.core.rule import Begun, Change, Memory, SeriesFeed, SeriesRows


@dataclass(frozen=True, slots=True)
class Score:
    threshold: float
    off_delay_ms: int

    @classmethod
    def of(cls, alarm: AlarmConfig) -> "Score":
        return cls(alarm.threshold, alarm.off_delay_ms)

    def clock(self, feed: SeriesFeed) -> int | None:
        return feed.clock_ms

    def step(self, memory: Memory, feed: SeriesFeed) -> tuple[Memory, list[Change]]:
        closed_to = feed.closed_to
        if closed_to is None:
            return memory, []
        active, newest, changes = memory.active, memory.begun, list[Change]()
        for first, last, score in self._bouts(feed):
            if newest is not None and first.t >= newest.t + self.off_delay_ms:
                changes.append(self._over(newest))
                active = False
            if not active:
                changes.append(Change(True, first.t, first.seq, score, self.threshold))
            active, newest = True, last
        if newest is not None and closed_to >= newest.t + self.off_delay_ms:
            changes.append(self._over(newest))
            active, newest = False, None
        return replace(memory, active=active, begun=newest), changes

    def _bouts(self, feed: SeriesFeed) -> list[tuple[Begun, Begun, float]]:
        """(first, last, score of the first) of unusual samples that are nearer to each other than the delay."""
        if feed.rows is None:
            return []
        rows = feed.rows
        found = np.flatnonzero(rows.usable & (rows.score >= self.threshold))
        far = np.diff(rows.t[found]) >= self.off_delay_ms
        firsts, lasts = (found[mask[: len(found)]] for mask in (np.append(True, far), np.append(far, True)))
        return list(zip(_begun(rows, firsts), _begun(rows, lasts), rows.score[firsts].tolist(), strict=True))

    def _over(self, newest: Begun) -> Change:
        return Change(False, newest.t + self.off_delay_ms, newest.seq, None, None)

    def say(self, metric: str, uom: str, change: Change) -> tuple[str, str]:
        if not change.active:
            return f"{metric} is as usual again", f"{metric} đã trở lại như thường lệ"
        score = f"{change.value or 0.0:.1f}"
        return (
            f"{metric} is unusual: {score} standard deviations off",
            f"{metric} bất thường: lệch {score.replace('.', ',')} độ lệch chuẩn",
        )


def _begun(rows: SeriesRows, places: npt.NDArray[np.intp]) -> Iterator[Begun]:
    return map(Begun, rows.t[places].tolist(), rows.seq[places].tolist())
