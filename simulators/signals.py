"""What a machine shows over time: levels with inertia, PackML sojourns, packs.

Rule: pure functions of a state, an interval and a generator. Times are ms since the epoch; what happens is laid ahead
on a continuous time line, so that nothing depends on where an interval is cut by the caller.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulators.truth import Part, StateInterval


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


class Stay(NamedTuple):
    """One state of a stop: how long it lasts at least and at most."""

    state: str
    mode: str
    least_ms: int
    most_ms: int


STOPS: dict[str, tuple[Stay, ...]] = {
    "hold": (
        Stay("holding", "production", 150, 500),
        Stay("held", "production", 400, 2500),
        Stay("unholding", "production", 150, 500),
    ),
    "suspend": (
        Stay("suspending", "production", 150, 500),
        Stay("suspended", "production", 400, 2500),
        Stay("unsuspending", "production", 150, 500),
    ),
    "changeover": (
        Stay("completing", "production", 200, 600),
        Stay("complete", "production", 200, 500),
        Stay("resetting", "changeover", 300, 900),
        Stay("idle", "changeover", 900, 2500),
        Stay("starting", "production", 200, 600),
    ),
    "stop": (
        Stay("stopping", "production", 200, 500),
        Stay("stopped", "production", 500, 2000),
        Stay("resetting", "production", 200, 600),
        Stay("idle", "production", 200, 800),
        Stay("starting", "production", 200, 600),
    ),
}
BRISK = Stay("execute", "production", 2500, 6000)  # many short runs: what a demonstration shows first
CALM = Stay("execute", "production", 15_000, 36_000)


@dataclass(frozen=True, slots=True)
class Chain:
    """A semi-Markov chain: sojourns laid so far (the oldest may be dropped), and the stops still in the deck.

    Every deck of four holds each kind of stop once, so no minute is without a changeover by chance.
    """

    sojourns: tuple[StateInterval, ...] = ()
    deck: tuple[str, ...] = ()

    def until(self, t1_ms: int, run: Stay, rng: np.random.Generator) -> "Chain":
        """The chain laid on until it covers t1."""
        sojourns, deck = list(self.sojourns), list(self.deck)
        while sojourns[-1].to_ms < t1_ms:
            if not deck:
                deck = [str(kind) for kind in rng.permutation(list(STOPS))]
            for stay in (*STOPS[deck.pop()], run):
                sojourns.append(sojourn(stay, sojourns[-1].to_ms, rng))
        return Chain(tuple(sojourns), tuple(deck))

    def since(self, t0_ms: int) -> "Chain":
        """The chain without what ended before t0; what ended at t0 stays, so that a change at t0 shows."""
        return Chain(tuple(s for s in self.sojourns if s.to_ms >= t0_ms), self.deck)

    def state_at(self, t_ms: int) -> StateInterval:
        return next(s for s in self.sojourns if s.from_ms <= t_ms < s.to_ms)


def sojourn(stay: Stay, from_ms: int, rng: np.random.Generator) -> StateInterval:
    """A stay of drawn length that ends off whole seconds."""
    to_ms = from_ms + int(rng.integers(stay.least_ms, stay.most_ms + 1))
    return StateInterval(from_ms, to_ms + (to_ms % 1000 == 0), stay.state, stay.mode)


@dataclass(frozen=True, slots=True)
class Packer:
    """When the next pack falls, and after how many packs the next reject; both counters never fall."""

    next_ms: float
    to_reject: int
    ok: int
    rejected: int

    def pack(
        self, chain: Chain, t0_ms: int, t1_ms: int, ideal_ms: float, rng: np.random.Generator
    ) -> tuple["Packer", list[Part]]:
        """The packs of [t0, t1): one a cycle while the machine executes, 1.5-3 % of them rejected."""
        parts: list[Part] = []
        next_ms, to_reject = self.next_ms, self.to_reject
        for run in chain.sojourns:
            if run.state != "execute" or run.to_ms <= t0_ms or run.from_ms >= t1_ms:
                continue
            if next_ms < run.from_ms:
                next_ms = run.from_ms + cycle(run.from_ms, ideal_ms, rng)
            while next_ms < min(run.to_ms, t1_ms):
                to_reject -= 1
                parts.append(Part(int(next_ms), to_reject > 0))
                to_reject = to_reject or int(rng.integers(35, 66))
                next_ms += cycle(next_ms, ideal_ms, rng)
        rejected = sum(not part.good for part in parts)
        return Packer(next_ms, to_reject, self.ok + len(parts) - rejected, self.rejected + rejected), parts


def cycle(t_ms: float, ideal_ms: float, rng: np.random.Generator) -> float:
    """One cycle: a little slower than ideal, never faster, with a slow swing of 90 s."""
    swing = 0.03 * math.sin(2.0 * math.pi * (t_ms % 90_000.0) / 90_000.0)
    return ideal_ms * max(1.0, 1.05 + swing + 0.008 * float(rng.standard_normal()))
