"""The park's own meters of three 0.4 kV feeders, one for each factory: load, power factor, voltages, energy. Telegraf.

No state and no parts. Energy is a cumulative counter, kWh to three digits. Metrics, limits and faults fit
`simulators/config/lines/power-meters.toml`: nothing but its faults comes near a limit.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from simulators.faults import Fault, FaultKind, of_unit
from simulators.forms.telegraf import Telegraf
from simulators.hours import Hours
from simulators.payloads import Form, Sample
from simulators.signals import Panel, Signal, times
from simulators.truth import Booking, Energy, StateInterval

CELL_MS = 100  # energy is booked so often
PHASES = ("l1", "l2", "l3")
DERIVED = ("power.kvar", *(f"current.{phase}" for phase in PHASES))


@dataclass(frozen=True, slots=True)
class Feeder:
    """One feeder: kW without and with its large load, which runs `on_ms` of every `period_ms`; Wh metered so far."""

    name: str
    base_kw: float
    peak_kw: float
    period_ms: int
    on_ms: int
    metered_wh: int
    phase_ms: int

    def panel(self) -> Panel:
        signals = (
            Signal("power.kw", 1000, self.phase_ms, 4.0, 1.2, 1),
            Signal("power.pf", 1000, self.phase_ms, 0.8, 0.002, 3),
            *(Signal(f"voltage.{phase}", 1000, self.phase_ms, 3.0, 0.25, 1) for phase in PHASES),
            Signal("frequency", 1000, self.phase_ms, 5.0, 0.006, 3),
            Signal("thd.voltage", 1000, self.phase_ms, 4.0, 0.03, 2),
        )
        at_rest = {"power.kw": self.base_kw, "power.pf": 0.962, "frequency": 50.0, "thd.voltage": 1.9}
        at_rest |= {"voltage.l1": 231.0, "voltage.l2": 230.2, "voltage.l3": 229.6}
        return Panel(signals, at_rest, {"power.kw": self.peak_kw, "power.pf": 0.968, "thd.voltage": 2.2})

    def load(self, t0_ms: int, t1_ms: int) -> list[StateInterval]:
        """Whether the large load runs, as states that cover [t0, t1)."""
        edges = {
            t0_ms,
            t1_ms,
            *times(self.period_ms, 0, t0_ms, t1_ms),
            *times(self.period_ms, self.on_ms, t0_ms, t1_ms),
        }
        cuts = sorted(edges)
        on = ["execute" if begin % self.period_ms < self.on_ms else "idle" for begin in cuts]
        return [StateInterval(begin, end, state, "") for begin, end, state in zip(cuts, cuts[1:], on, strict=False)]


FEEDERS = (
    Feeder("feeder-1", 240.0, 310.0, 47_000, 29_000, 1_284_311_402, 411),
    Feeder("feeder-2", 410.0, 520.0, 61_000, 33_000, 2_077_950_118, 447),
    Feeder("feeder-3", 150.0, 235.0, 23_000, 12_000, 640_228_871, 483),
)


@dataclass(frozen=True, slots=True)
class PowerMeters:
    path: str = "becamex/park-01/park-utilities/substation-1/electricity/feeders"
    pace_unit: ClassVar[str] = ""
    count_unit: ClassVar[str] = ""
    form: ClassVar[Form] = Telegraf()
    units: ClassVar[Mapping[str, float | None]] = dict.fromkeys((feeder.name for feeder in FEEDERS), None)
    physical: ClassVar[frozenset[str]] = frozenset({*(s.metric for s in FEEDERS[0].panel().signals), *DERIVED})
    sturdy: ClassVar[frozenset[str]] = frozenset({"frequency", "voltage.l1"})  # no rule and no fault looks at them
    faults: ClassVar[tuple[FaultKind, ...]] = (
        FaultKind("capacitor-out", "feeder-1", "power.pf", "pf-low-1", "offset", -0.14, 10_000, 10_000),
        FaultKind("load-creep", "feeder-3", "power.kw", None, "drift", 4.0, 18_000, 12_000),
        FaultKind("analyser-dead", "feeder-2", "thd.voltage", "analyser-silent-2", "silent", 0.0, 32_000, 11_000),
    )

    def begin(self, start_ms: int, rng: np.random.Generator, hours: Hours | None) -> "RunningMeters":
        """Meters never rest."""
        return RunningMeters(tuple(RunningMeter(f, f.panel().levels(), f.metered_wh, 0.0) for f in FEEDERS))


@dataclass(frozen=True, slots=True)
class RunningMeter:
    """A meter between two steps: its register in Wh, and what is below one."""

    feeder: Feeder
    levels: Mapping[str, float]
    register_wh: int
    below_wh: float

    def step(
        self, span: tuple[int, int], faults: Sequence[Fault], rng: np.random.Generator
    ) -> tuple["RunningMeter", list[Sample], Booking]:
        feeder, levels = self.feeder, dict(self.levels)
        energy, below_wh = self._use(span)
        readings = list(times(1000, feeder.phase_ms, *span))
        read = list(feeder.panel().read(feeder.name, levels, feeder.load(*span), faults, rng))
        samples = [*read, *self._derive(read), *self._meter(readings, energy)]
        register_wh = self.register_wh + sum(used.wh for used in energy)
        after = replace(self, levels=levels, register_wh=register_wh, below_wh=below_wh)
        return after, samples, Booking(energy=energy, energy_readings=readings)

    def _use(self, span: tuple[int, int]) -> tuple[list[Energy], float]:
        energy, below_wh = [], self.below_wh
        for t in times(CELL_MS, 0, *span):
            below_wh += self.levels["power.kw"] * CELL_MS / 3600.0
            energy.append(Energy(t, int(below_wh)))
            below_wh -= int(below_wh)
        return energy, below_wh

    def _derive(self, read: Sequence[Sample]) -> Iterator[Sample]:
        """What follows from load, power factor and voltages of the same instant."""
        for t in sorted({sample.t_ms for sample in read}):
            value = {sample.metric: float(sample.value) for sample in read if sample.t_ms == t}
            kva = value["power.kw"] / value["power.pf"]
            kvar = math.sqrt(max(0.0, kva**2 - value["power.kw"] ** 2))
            yield Sample(self.feeder.name, "power.kvar", t, round(kvar, 1))
            for phase in PHASES:
                amps = kva * 1000.0 / 3.0 / value[f"voltage.{phase}"]
                yield Sample(self.feeder.name, f"current.{phase}", t, round(amps, 1))

    def _meter(self, readings: Sequence[int], energy: Sequence[Energy]) -> Iterator[Sample]:
        for t in readings:
            wh = self.register_wh + sum(used.wh for used in energy if used.t_ms <= t)
            yield Sample(self.feeder.name, "energy.kwh", t, wh / 1000)


@dataclass(frozen=True, slots=True)
class RunningMeters:
    meters: tuple[RunningMeter, ...]

    def step(
        self, t0_ms: int, t1_ms: int, faults: Sequence[Fault], rng: np.random.Generator
    ) -> tuple["RunningMeters", list[Sample], dict[str, Booking]]:
        meters, samples, bookings = [], [], {}
        for meter in self.meters:
            name = meter.feeder.name
            after, said, bookings[name] = meter.step((t0_ms, t1_ms), of_unit(faults, name), rng)
            meters.append(after)
            samples += said
        return RunningMeters(tuple(meters)), sorted(samples, key=lambda sample: sample.t_ms), bookings


LINE = PowerMeters()
