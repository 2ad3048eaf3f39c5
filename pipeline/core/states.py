"""A state over event time: which value held when, as pieces, from the samples of one metric.

Rules (architecture, "State and coverage"): a value holds until the metric's next sample, but at most `valid_for` past
the newest row of any metric of its source; then it is unknown until a state sample comes (a metric that reports by
exception resumes with the source's next row).
"""

from collections.abc import Sequence
from dataclasses import dataclass

Piece = tuple[int, int, str | None]  # from, to (ms), value; None = unknown
Span = tuple[int, int]
NEVER = -(1 << 60)


@dataclass(slots=True)
class StateTrack:
    """`value` the newest sample's, `known` whether it still holds at `until`, `newest` row of the source accepted."""

    valid_for_ms: int
    by_exception: bool = False
    value: str | None = None
    known: bool = False
    until: int | None = None
    newest: int | None = None

    def advance(self, times: Sequence[int], values: Sequence[str], runs: Sequence[Span], upto: int) -> list[Piece]:
        """Pieces from `until` to `upto`. `times`, `values`: samples before `upto` in order; `runs`: (first, last) rows
        of the source before `upto`, in order, cut at least wherever it was silent for longer than values hold."""
        if self.until is None:
            if not times:
                self._see(runs)
                return []
            self.until = times[0]
        changes = [(t, 2, value) for t, value in zip(times, values, strict=True)]
        for lapse, resume in self._holes(runs, upto):
            changes.append((lapse, 0, ""))
            if resume is not None and self.by_exception:
                changes.append((resume, 1, ""))
        changes.sort(key=lambda change: change[:2])
        pieces: list[Piece] = []
        for t, what, value in changes:
            self._extend(pieces, min(max(t, self.until), upto))
            if what == 2:
                self.value = value
            self.known = what > 0 and self.value is not None
        self._extend(pieces, upto)
        return pieces

    def _see(self, runs: Sequence[Span]) -> None:
        if runs:
            self.newest = runs[-1][1] if self.newest is None else max(self.newest, runs[-1][1])

    def _holes(self, runs: Sequence[Span], upto: int) -> list[tuple[int, int | None]]:
        """(time at which values lapse, time of the row that ends the hole or None)."""
        holes: list[tuple[int, int | None]] = []
        for run in runs:
            if self.newest is not None and run[0] > self.reach:
                holes.append((self.reach, run[0]))
            self._see((run,))
        if self.newest is not None and self.reach < upto:
            holes.append((self.reach, None))
        return holes

    def _extend(self, pieces: list[Piece], to: int) -> None:
        if self.until is not None and to > self.until:
            value = self.value if self.known else None
            if pieces and pieces[-1][2] == value and pieces[-1][1] == self.until:
                pieces[-1] = (pieces[-1][0], to, value)
            else:
                pieces.append((self.until, to, value))
            self.until = to

    @property
    def reach(self) -> int:
        """How far the newest row of the source lets a value hold."""
        return NEVER if self.newest is None else self.newest + self.valid_for_ms

    def standing(self, start: int, end: int) -> list[Piece]:
        """What is known now about [start, end) past `until`: the value, as far as the source's newest row lets it."""
        if self.until is None or self.newest is None or not self.known:
            return []
        low, high = max(start, self.until), min(end, self.reach)
        return [(low, high, self.value)] if high > low else []


def overlaid(states: Sequence[Piece], modes: Sequence[Piece]) -> list[tuple[int, int, str | None, str]]:
    """States cut where the mode changes: (from, to, state, mode); an unknown mode reads as ""."""
    out: list[tuple[int, int, str | None, str]] = []
    k = 0
    for low, high, state in states:
        at = low
        while k < len(modes) and modes[k][1] <= at:
            k += 1
        j = k
        while at < high:
            if j >= len(modes) or modes[j][0] >= high:
                out.append((at, high, state, ""))
                break
            begin, end, mode = modes[j]
            if begin > at:
                out.append((at, begin, state, ""))
                at = begin
            upto = min(end, high)
            out.append((at, upto, state, mode or ""))
            at = upto
            j += 1
    return out
