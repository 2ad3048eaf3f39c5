"""What a machine shows over time: physical levels with inertia, read with noise.

Rule: pure functions of a state, an interval and a generator. Times are ms since the epoch.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulators.faults import Fault, is_silent, shift
from simulators.payloads import Sample
from simulators.truth import StateInterval


def times(period_ms: int, phase_ms: int, t0_ms: int, t1_ms: int) -> range:
    """All t of [t0, t1) with t mod period = phase."""
    return range(t0_ms + (phase_ms - t0_ms) % period_ms, t1_ms, period_ms)


@dataclass(frozen=True, slots=True)
class Signal:
    """A physical metric: a level that follows its target with a first-order lag, read with white noise."""

    metric: str
    period_ms: int
    phase_ms: int
    tau_s: float
    noise: float
    digits: int = 2

    def follow(self, level: float, target: float, swing: float) -> float:
        """The level one period later; `swing` is a standard normal draw that makes it wander a little."""
        share = 1.0 - math.exp(-self.period_ms / 1000.0 / self.tau_s)
        return level + (target - level) * share + 0.1 * self.noise * swing

    def read(self, level: float, draw: float) -> float:
        return round(max(0.0, level + self.noise * draw), self.digits)


@dataclass(frozen=True, slots=True)
class Panel:
    """The signals of one unit and where their levels go: at rest, and while it executes where that differs."""

    signals: tuple[Signal, ...]
    at_rest: Mapping[str, float]
    executing: Mapping[str, float]

    def levels(self) -> dict[str, float]:
        """Those of a unit that has executed for long."""
        return {**self.at_rest, **self.executing}

    def read(
        self,
        unit: str,
        levels: dict[str, float],
        states: Sequence[StateInterval],
        faults: Sequence[Fault],
        rng: np.random.Generator,
    ) -> Iterator[Sample]:
        """The samples of the time that `states` cover; moves `levels` on. `faults`: those of the unit."""
        span = (states[0].from_ms, states[-1].to_ms)
        for signal in self.signals:
            for t in times(signal.period_ms, signal.phase_ms, *span):
                swing, draw = (float(x) for x in rng.standard_normal(2))
                state = next(s.state for s in states if s.from_ms <= t < s.to_ms)
                rest = self.at_rest[signal.metric]
                at = self.executing.get(signal.metric, rest) if state == "execute" else rest
                target = at + shift(faults, signal.metric, t)
                level = levels[signal.metric] = signal.follow(levels[signal.metric], target, swing)
                if not is_silent(faults, signal.metric, t):
                    yield Sample(unit, signal.metric, t, signal.read(level, draw))
