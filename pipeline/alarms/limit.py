"""Rule `limit`: a value at or beyond a high or low limit for `on_delay`; within both by `deadband` for `off_delay`.

Rules: times are event times, timers run on the clock of the series' source alone; unusable samples and gaps neither
raise nor clear and reset no timer. Samples before the end of a delay decide on it, samples from its end on do not.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.line_config import AlarmConfig
from pipeline.core.rule import Begun, Change, Memory, SeriesFeed, SeriesRows

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


class _Look(NamedTuple):
    """A condition over rows, where it turns, and where it begins and is not broken before its delay ends."""

    mask: Mask
    turns: npt.NDArray[np.intp]
    lasting: npt.NDArray[np.intp]

    def next(self, start: int, wanted: bool) -> int:
        """The first row from `start` on where the condition is as wanted; their number if there is none."""
        if start == len(self.mask) or bool(self.mask[start]) == wanted:
            return start
        i = int(np.searchsorted(self.turns, start, side="right"))
        return int(self.turns[i]) if i < len(self.turns) else len(self.mask)

    def next_lasting(self, start: int) -> int:
        """The first row from `start` on, where the condition does not hold, at which it begins to last."""
        i = int(np.searchsorted(self.lasting, start))
        return int(self.lasting[i]) if i < len(self.lasting) else len(self.mask)


@dataclass(frozen=True, slots=True)
class Limit:
    """With both limits set, out of range on either side is one condition."""

    low: float | None = None
    high: float | None = None
    deadband: float = 0.0
    on_delay_ms: int = 0
    off_delay_ms: int = 0

    @classmethod
    def of(cls, alarm: AlarmConfig) -> "Limit":
        return cls(alarm.low, alarm.high, alarm.deadband, alarm.on_delay_ms, alarm.off_delay_ms)

    def clock(self, feed: SeriesFeed) -> int | None:
        return feed.clock_ms

    def step(self, memory: Memory, feed: SeriesFeed) -> tuple[Memory, list[Change]]:
        closed_to = feed.closed_to
        if closed_to is None or (feed.rows is None and memory.begun is None):
            return memory, []
        t, v, seq = _usable(feed.rows)
        if memory.begun is None and not self._turned(memory.active, v).any():
            return memory, []
        delays = (self.on_delay_ms, self.off_delay_ms)
        looks = [_look(self._turned(turned, v), t, delays[turned]) for turned in (False, True)]
        reached = max(closed_to, int(t[-1])) if len(t) else closed_to
        active, begun, value = memory.active, memory.begun, memory.value
        changes: list[Change] = []
        i = 0
        while True:
            if begun is None:
                i = looks[active].next(i, True)
                if i == len(t):
                    break
                begun, value = Begun(int(t[i]), int(seq[i])), float(v[i])
                i += 1
            due = begun.t + delays[active]
            stop = max(i, int(np.searchsorted(t, due)))  # rows i to stop come before the delay ends
            broken = looks[active].next(i, False)
            if broken < stop:
                begun, value, i = None, None, looks[active].next_lasting(broken)
                continue
            if stop > i:
                value, i = float(v[stop - 1]), stop
            if reached < due:
                break
            changes.append(Change(not active, due, begun.seq, value, None if active else self._broken(value)))
            active, begun, value = not active, None, None
        return replace(memory, active=active, begun=begun, value=value), changes

    def say(self, metric: str, uom: str, change: Change) -> tuple[str, str]:
        if change.value is None:
            return metric, metric
        what = f"{metric} {_number(change.value)} {uom}".rstrip()
        if not change.active:
            en, vi = "is back to normal", "đã trở lại bình thường"
        elif change.threshold is None:
            en, vi = "is out of range", "ngoài giới hạn"
        else:
            limit = _number(change.threshold)
            high = change.threshold == self.high
            en = f"is {'above' if high else 'below'} {limit}"
            vi = f"{'cao' if high else 'thấp'} hơn {limit.replace('.', ',')}"
            if change.value == change.threshold:
                en, vi = f"has reached {limit}", f"đã chạm {limit.replace('.', ',')}"
        shown = f"{metric} {_number(change.value).replace('.', ',')} {uom}".rstrip()
        return f"{what} {en}", f"{shown} {vi}"

    def _broken(self, value: float | None) -> float | None:
        """The limit that is broken."""
        return self.high if self.high is not None and value is not None and value >= self.high else self.low

    def _turned(self, active: bool, v: Values) -> Mask:
        """Where a value is back within both limits (while active), or breaks one of them (while not)."""
        mask = np.full(len(v), active)
        if self.high is not None:
            mask = mask & (v < self.high - self.deadband) if active else mask | (v >= self.high)
        if self.low is not None:
            mask = mask & (v > self.low + self.deadband) if active else mask | (v <= self.low)
        return mask


def _look(mask: Mask, t: npt.NDArray[np.int64], delay_ms: int) -> _Look:
    turns = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    edges = np.append(0, turns) if len(mask) and mask[0] else turns
    begins, ends = edges[::2], edges[1::2]  # what holds at the last row has no end yet
    lasts = np.append(t[ends] >= t[begins[: len(ends)]] + delay_ms, True)[: len(begins)]
    return _Look(mask, turns, begins[lasts])


def _usable(rows: SeriesRows | None) -> tuple[npt.NDArray[np.int64], Values, npt.NDArray[np.uint64]]:
    if rows is None:
        return np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint64)
    good = rows.usable & np.isfinite(rows.v)
    return rows.t[good], rows.v[good], rows.seq[good]


def _number(value: float) -> str:
    """Six digits are enough for a sentence; no exponent where people would not write one."""
    return f"{value:.0f}" if 99_999.5 <= abs(value) < 1e15 else f"{value:.6g}"
