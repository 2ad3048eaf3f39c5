"""The books of one unit: which state and mode held when, and what its counters and meters counted by window of 10 s.

Rules: integers in ms, so that sums are exact; time without a known state is unclassified; a counter's increase belongs
to the base window of its later sample, its first sample counts 0, a fall is a reset and counts the new value (a wrap
only where declared); what no counter can show (negative, 2^53 or its wrap and more) counts nothing. States, modes and
counters may come by different sources, each in its own time: pieces are kept and laid over each other when a window is
asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.packml import element_of
from pipeline.core.states import Piece, Span, StateTrack, overlaid

BASE_MS, MINUTE_MS = 10_000, 60_000
ALWAYS = -(1 << 60)
TOO_MANY = float(1 << 53)
MOST = 1 << 53  # of one thing in one window: resets without end may add up to what is no count any more
TIMES = ("apt", "aust", "adet", "adot")
PARTS = ("good", "reject", "rework")
METERED = ("energy_wh", "water_l")
QUANTITY = {name: i for i, name in enumerate((*PARTS, *METERED))}
COUNTED = {  # role of a counter -> what it counts, and how many of that one step of it is
    "good_count": ("good", 1.0),
    "reject_count": ("reject", 1.0),
    "rework_count": ("rework", 1.0),
    "energy": ("energy_wh", 1000.0),  # kWh
    "water": ("water_l", 1000.0),  # m3
}


def readings(
    role: str, t: npt.NDArray[np.int64], v: npt.NDArray[np.float64], wrap: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """What a counter can show, in whole parts, Wh or litres."""
    _, scale = COUNTED[role]
    fit = (v >= 0) & (v * scale < TOO_MANY)
    if wrap:
        fit &= v < wrap
    return t[fit], np.rint(v[fit] * scale)


def increases(
    role: str, t: npt.NDArray[np.int64], v: npt.NDArray[np.float64], before: float, wrap: float
) -> list[tuple[int, int]]:
    """(start of a base window, how many) where readings in order count something; `before`: the reading before."""
    earlier = np.concatenate(([before], v[:-1]))
    rise = v - earlier
    fallen = rise < 0
    rise[fallen] = v[fallen] + (wrap * COUNTED[role][1] - earlier[fallen] if wrap else 0.0)
    starts, place = np.unique(t // BASE_MS * BASE_MS, return_inverse=True)
    sums = np.minimum(np.rint(np.bincount(place, rise)), TOO_MANY).astype(np.int64)
    return [(start, many) for start, many in zip(starts.tolist(), sums.tolist(), strict=True) if many]


@dataclass(slots=True)
class UnitBook:
    """From `floor` on: `states`, `modes` pieces, and `made`: start of a base window, or of an old minute -> counts by
    QUANTITY, by minutes before `short`. `touched`: the spans whose content may have changed, `remade`: those that late
    rows changed; `counters`: the newest reading by metric."""

    state: StateTrack
    mode: StateTrack
    first: int | None = None
    floor: int = ALWAYS
    short: int = ALWAYS
    states: list[Piece] = field(default_factory=list)
    modes: list[Piece] = field(default_factory=list)
    made: dict[int, list[int]] = field(default_factory=dict)
    touched: list[Span] = field(default_factory=list)
    remade: list[Span] = field(default_factory=list)
    counters: dict[str, float] = field(default_factory=dict)

    def seen(self, t: int) -> None:
        """A row of the unit at `t`: its windows begin with the earliest one's."""
        if self.first is None or t < self.first:
            self.touched.append((t, t + 1 if self.first is None else self.first))
            self.first = t

    def book_states(self, pieces: list[Piece]) -> None:
        self._book(self.states, pieces, self.state)

    def book_modes(self, pieces: list[Piece]) -> None:
        self._book(self.modes, pieces, self.mode)

    def _book(self, kept: list[Piece], pieces: list[Piece], track: StateTrack) -> None:
        if not pieces:
            return
        self.touched.append((pieces[0][0], max(pieces[-1][1], track.reach)))
        if kept and kept[-1][1:] == (pieces[0][0], pieces[0][2]):
            kept[-1] = (kept[-1][0], *pieces[0][1:])
            pieces = pieces[1:]
        kept += pieces

    def count(self, metric: str, role: str, t: npt.NDArray[np.int64], v: npt.NDArray[np.float64], wrap: float) -> None:
        """Samples of one counter in order (t i64, v f64); `wrap` 0 where it has none."""
        t, v = readings(role, t, v, wrap)
        if not len(v):
            return
        for start, counted in increases(role, t, v, self.counters.get(metric, float(v[0])), wrap):
            self._add(role, start, counted)
            self.touched.append((start, start + BASE_MS))
        self.counters[metric] = float(v[-1])

    def _add(self, role: str, start: int, counted: int) -> None:
        self.made.setdefault(start, [0] * len(QUANTITY))[QUANTITY[COUNTED[role][0]]] += counted

    def recount(self, minutes: Span, counted: Iterable[tuple[str, int, int]]) -> None:
        """What was made in whole minutes is this: (role, start of a base window, how many)."""
        for start in range(*minutes, BASE_MS):
            self.made.pop(start, None)
        for role, start, many in counted:
            self._add(role, start, many)

    def times(self, start: int, end: int) -> list[int]:
        """ms of TIMES over [start, end), with what now stands past the pieces."""
        total = dict.fromkeys(TIMES, 0)
        states = [*_cut(self.states, start, end), *self.state.standing(start, end)]
        modes = [*_cut(self.modes, start, end), *self.mode.standing(start, end)]
        for low, high, state, mode in overlaid(states, modes):
            element = "unclassified" if state is None else element_of(state, mode)
            if element in total:
                total[element] += high - low
        return list(total.values())

    def quantities(self, start: int, end: int) -> list[int]:
        """Counts by QUANTITY over the base windows that begin in [start, end)."""
        total = [0] * len(QUANTITY)
        for at in range(-(-start // BASE_MS) * BASE_MS, end, BASE_MS):
            for place, counted in enumerate(self.made.get(at, ())):
                total[place] += counted
        return [min(counted, MOST) for counted in total]

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """Where a state is known or a part was made within [start, end): a long silence has no windows of its own."""
        for low, high, state in (*_cut(self.states, start, end), *self.state.standing(start, end)):
            if state is not None:
                yield low, high
        for at in self.made:
            if start <= at < end:
                yield at, at + BASE_MS

    def forget(self, before: int, short_before: int) -> None:
        """Drops what ends at or before `before`: windows that begin before it are not asked for again, nor short ones
        that begin before `short_before`: counts before that are kept by minutes, on which long ones begin and end."""
        self.floor, self.short = max(self.floor, before), max(self.short, short_before // MINUTE_MS * MINUTE_MS)
        for kept in (self.states, self.modes):
            del kept[: bisect_right(kept, before, key=_end)]
        for start in [s for s in self.made if s + BASE_MS <= before]:
            del self.made[start]
        for start in [s for s in self.made if s % MINUTE_MS and s < self.short]:
            minute = self.made.setdefault(start // MINUTE_MS * MINUTE_MS, [0] * len(QUANTITY))
            for place, counted in enumerate(self.made.pop(start)):
                minute[place] += counted

    def changed(self) -> list[Span]:
        touched, self.touched = self.touched, []
        return touched

    def corrected(self) -> list[Span]:
        remade, self.remade = self.remade, []
        return remade


def replace(kept: list[Piece], low: int, high: int, pieces: list[Piece]) -> None:
    """The pieces over [low, high) are these, all others stay."""
    begin, end = bisect_right(kept, low, key=_end), bisect_left(kept, high, key=_begin)
    begin, end = max(begin - 1, 0), min(end + 1, len(kept))
    around = kept[begin:end]
    parts = [(a, min(b, low), value) for a, b, value in around if a < low] + pieces
    parts += [(max(a, high), b, value) for a, b, value in around if b > high]
    joined: list[Piece] = []
    for a, b, value in parts:
        if joined and joined[-1][1:] == (a, value):
            joined[-1] = (joined[-1][0], b, value)
        else:
            joined.append((a, b, value))
    kept[begin:end] = joined


def _begin(piece: Piece) -> int:
    return piece[0]


def _end(piece: Piece) -> int:
    return piece[1]


def _cut(pieces: list[Piece], start: int, end: int) -> Iterator[Piece]:
    """The pieces over [start, end)."""
    for k in range(bisect_right(pieces, start, key=_end), len(pieces)):
        low, high, value = pieces[k]
        if low >= end:
            return
        yield max(low, start), min(high, end), value
