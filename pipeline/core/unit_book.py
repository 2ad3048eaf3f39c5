"""The books of one unit: time in each element and parts, by base window of 10 s.

Rules: integers in ms, so that sums are exact; whatever is not booked in a window is unclassified; a counter's
increase belongs to the base window of its later sample, its first sample counts 0, a fall is a reset and counts the
new value (a wrap only where declared).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.packml import element_of
from pipeline.core.states import Piece, StateTrack, overlaid

BASE_MS = 10_000
TIMES = ("apt", "aust", "adet", "adot")
PARTS = ("good", "reject", "rework")
SLOT = {name: i for i, name in enumerate((*TIMES, *PARTS))}


@dataclass(slots=True)
class UnitBook:
    """`windows`: start of a base window -> [ms of TIMES, parts of PARTS]; `touched`: starts changed since asked."""

    state: StateTrack
    mode: StateTrack
    first: int | None = None
    windows: dict[int, list[int]] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    counters: dict[str, float] = field(default_factory=dict)

    def seen(self, t: int) -> None:
        """A row of the unit at `t`: its windows begin with the earliest one's."""
        self.first = t if self.first is None else min(self.first, t)

    def book_times(self, states: list[Piece], modes: list[Piece]) -> None:
        for low, high, state, mode in overlaid(states, modes):
            self._book(low, high, "unclassified" if state is None else element_of(state, mode))

    def _book(self, low: int, high: int, element: str) -> None:
        at = low
        while at < high:
            start = at // BASE_MS * BASE_MS
            upto = min(high, start + BASE_MS)
            self.touched.add(start)
            if element in SLOT:
                self._window(start)[SLOT[element]] += upto - at
            at = upto

    def count(self, metric: str, part: str, t: npt.NDArray[np.int64], v: npt.NDArray[np.float64], wrap: float) -> None:
        """Samples of one counter in order (t i64, v f64); `wrap` 0 where it has none."""
        before = np.concatenate(([self.counters.get(metric, float(v[0]))], v[:-1]))
        rise = v - before
        fallen = rise < 0
        rise[fallen] = v[fallen] + (wrap - before[fallen] if wrap else 0.0)
        self.counters[metric] = float(v[-1])
        starts, place = np.unique(t // BASE_MS * BASE_MS, return_inverse=True)
        sums = np.rint(np.bincount(place, rise)).astype(np.int64)
        for start, parts in zip(starts.tolist(), sums.tolist(), strict=True):
            if parts:
                self._window(start)[SLOT[part]] += parts
                self.touched.add(start)

    def _window(self, start: int) -> list[int]:
        return self.windows.setdefault(start, [0] * len(SLOT))

    def content(self, start: int, end: int) -> list[int]:
        """Sums over [start, end), whole base windows, with what now stands past the last booked moment."""
        total = [0] * len(SLOT)
        for at in range(start, end, BASE_MS):
            booked = self.windows.get(at)
            if booked is not None:
                total = [x + y for x, y in zip(total, booked, strict=True)]
        standing = self.state.standing(start, end)
        if standing:
            for low, high, state, mode in overlaid(standing, self.mode.standing(*standing[0][:2])):
                element = "unclassified" if state is None else element_of(state, mode)
                if element in SLOT:
                    total[SLOT[element]] += high - low
        return total

    def forget(self, before: int) -> None:
        """Base windows that end at or before `before` can change no more and are not asked for again."""
        for start in [s for s in self.windows if s + BASE_MS <= before]:
            del self.windows[start]

    def changed(self) -> Iterable[int]:
        touched, self.touched = self.touched, set()
        return touched
