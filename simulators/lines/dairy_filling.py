"""A line that fills milk into cartons, 24 000 packs an hour at best: one unit, the filler.

Rule: what happens (states, packs) is booked first; samples only look at it. Metrics, limits and faults fit
`simulators/config/dairy/lines/filling-1.toml`: nothing but its faults comes near a limit.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from simulators.faults import EPISODE_EVERY_MS, EPISODE_MS, Fault, FaultKind, is_silent, shift
from simulators.payloads import Sample
from simulators.signals import BRISK, CALM, Chain, Packer, Signal, Stay, sojourn, times
from simulators.truth import Booking, Part

SIGNALS = (
    Signal("speed", 100, 7, 0.6, 60.0, 0),  # packs/h
    Signal("motor_i", 100, 19, 0.4, 0.15),  # A
    Signal("power", 100, 31, 0.5, 0.2),  # kW
    Signal("overpressure", 100, 43, 0.7, 0.5),  # mbar
    Signal("sterile_air_temp", 100, 57, 20.0, 0.4),  # °C
    Signal("h2o2_temp", 100, 71, 8.0, 0.12),  # °C
    Signal("h2o2_conc", 200, 83, 4.0, 0.04, 3),  # %
)
AT_REST = {"motor_i": 4.0, "power": 9.0, "overpressure": 30.0, "sterile_air_temp": 280.0, "h2o2_temp": 74.0}
AT_REST |= {"speed": 0.0, "h2o2_conc": 35.5}
EXECUTING = AT_REST | {"speed": 22_800.0, "motor_i": 14.0, "power": 31.0}
REPEAT_MS, REPEAT_PHASE_MS = 9000, 4333  # states and modes are said again at least every 10 s
OK_PHASE_MS, REJECTED_PHASE_MS = 370, 640  # the counters are published each second


@dataclass(frozen=True, slots=True)
class DairyFilling:
    path: str = "becamex/park-01/vinamilk-style/dairy/filling/line-1"
    unit: str = "filler"
    ideal_cycle_ms: float = 150.0

    physical: ClassVar[frozenset[str]] = frozenset({"pack_weight", *(signal.metric for signal in SIGNALS)})
    sturdy: ClassVar[frozenset[str]] = frozenset({"motor_i", "power"})  # no rule and no fault looks at them
    faults: ClassVar[tuple[FaultKind, ...]] = (
        FaultKind("overpressure-loss", "filler", "overpressure", "overpressure-low", "offset", -22.0, 11_000, 9000),
        FaultKind("peroxide-loss", "filler", "h2o2_conc", None, "drift", -0.15, 22_000, 14_000),
        FaultKind("air-probe-dead", "filler", "sterile_air_temp", "air-probe-silent", "silent", 0.0, 28_000, 12_000),
    )

    def begin(self, start_ms: int, rng: np.random.Generator) -> "Filler":
        """The line as it stands at its first instant: executing, its counters fresh from a reset."""
        chain = Chain((sojourn(BRISK, start_ms, rng),))
        packer = Packer(0.0, int(rng.integers(35, 66)), 0, 0)
        return Filler(self, start_ms, chain, packer, dict(EXECUTING))


@dataclass(frozen=True, slots=True)
class Filler:
    """The state of the line between two steps."""

    line: DairyFilling
    start_ms: int
    chain: Chain
    packer: Packer
    levels: dict[str, float]

    def step(
        self, t0_ms: int, t1_ms: int, faults: Sequence[Fault], rng: np.random.Generator
    ) -> tuple["Filler", list[Sample], Booking]:
        """What happens in [t0, t1), then what is sampled of it."""
        chain = self.chain.since(t0_ms).until(t1_ms, self._pace(t0_ms), rng)
        packer, parts = self.packer.pack(chain, t0_ms, t1_ms, self.line.ideal_cycle_ms, rng)
        readings = [list(times(1000, phase, t0_ms, t1_ms)) for phase in (OK_PHASE_MS, REJECTED_PHASE_MS)]
        states = [interval for interval in chain.sojourns if t0_ms <= interval.from_ms < t1_ms]
        booking = Booking(states, parts, *readings)
        after = replace(self, chain=chain, packer=packer, levels=dict(self.levels))
        samples = [
            *after._sample_states(t0_ms, t1_ms),
            *self._sample_counters(booking),
            *self._weigh(parts, rng),
            *after._sample_signals(t0_ms, t1_ms, faults, rng),
        ]
        return after, sorted(samples, key=lambda sample: sample.t_ms), booking

    def _pace(self, t_ms: int) -> Stay:
        """Short runs while an episode of faults is on, long ones between."""
        return BRISK if (t_ms - self.start_ms) % EPISODE_EVERY_MS < EPISODE_MS else CALM

    def _sample_states(self, t0_ms: int, t1_ms: int) -> Iterator[Sample]:
        """State at each transition, mode where it changes, both again every 9 s."""
        repeats = set(times(REPEAT_MS, REPEAT_PHASE_MS, t0_ms, t1_ms))
        mode = ""
        for interval in self.chain.sojourns:
            entered = {interval.from_ms} if t0_ms <= interval.from_ms < t1_ms else set()
            said = {t for t in repeats if interval.from_ms <= t < interval.to_ms}
            yield from (Sample(self.line.unit, "state", t, interval.state) for t in sorted(said | entered))
            changed = entered if interval.mode != mode else set()
            yield from (Sample(self.line.unit, "mode", t, interval.mode) for t in sorted(said | changed))
            mode = interval.mode

    def _sample_counters(self, booking: Booking) -> Iterator[Sample]:
        """Each counter as of the ms of its reading; `self` holds the counts before this step."""
        ok = [part.t_ms for part in booking.parts if part.good]
        rejected = [part.t_ms for part in booking.parts if not part.good]
        for t in booking.good_readings:
            yield Sample(self.line.unit, "packs_ok", t, self.packer.ok + bisect_right(ok, t))
        for t in booking.reject_readings:
            yield Sample(self.line.unit, "packs_rejected", t, self.packer.rejected + bisect_right(rejected, t))

    def _weigh(self, parts: Sequence[Part], rng: np.random.Generator) -> Iterator[Sample]:
        for part, draw in zip(parts, rng.standard_normal(len(parts)), strict=True):
            yield Sample(self.line.unit, "pack_weight", part.t_ms, round(206.0 + 0.6 * float(draw), 1))

    def _sample_signals(
        self, t0_ms: int, t1_ms: int, faults: Sequence[Fault], rng: np.random.Generator
    ) -> Iterator[Sample]:
        """Moves `levels` on, which belong to this step alone."""
        for signal in SIGNALS:
            for t in times(signal.period_ms, signal.phase_ms, t0_ms, t1_ms):
                swing, draw = (float(x) for x in rng.standard_normal(2))
                at = EXECUTING if self.chain.state_at(t).state == "execute" else AT_REST
                target = at[signal.metric] + shift(faults, signal.metric, t)
                level = self.levels[signal.metric] = signal.follow(self.levels[signal.metric], target, swing)
                if not is_silent(faults, signal.metric, t):
                    yield Sample(self.line.unit, signal.metric, t, signal.read(level, draw))
