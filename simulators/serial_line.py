"""A line of coupled machines, made of declarations: what a file of `simulators/lines` says of its trade, comes to life.

Rule: what happens (states, parts) is booked first; samples only look at it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulators.controller import say_counter, say_states
from simulators.coupling import Machine, Series
from simulators.faults import Fault, FaultKind, of_unit
from simulators.hours import Hours
from simulators.payloads import Form, Sample
from simulators.signals import Panel, times
from simulators.truth import Booking, Part, StateInterval

GOOD_PHASE_MS, REJECT_PHASE_MS = 370, 640  # the counters are published each second


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured at every part."""

    metric: str
    mean: float
    sigma: float
    digits: int


@dataclass(frozen=True, slots=True)
class SerialUnit:
    """One machine of a line. `good`, `reject`: metrics of its counters, "" where it has none; of the unit that sorts
    out, the parts from one reject to the next are between `rejects`."""

    name: str
    machine: Machine
    panel: Panel
    good: str
    reject: str = ""
    rejects: tuple[int, int] = (0, 0)
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A plugin of `simulators/lines`: machines in the direction of flow; the last one counts the line's parts."""

    path: str
    machines: tuple[SerialUnit, ...]
    pace_unit: str
    form: Form
    sturdy: frozenset[str]
    faults: tuple[FaultKind, ...]

    @property
    def units(self) -> Mapping[str, float | None]:
        return {unit.name: float(unit.machine.cycle_ms) for unit in self.machines}

    @property
    def count_unit(self) -> str:
        return self.machines[-1].name

    @property
    def physical(self) -> frozenset[str]:
        signals = {signal.metric for unit in self.machines for signal in unit.panel.signals}
        return frozenset(signals | {measure.metric for unit in self.machines for measure in unit.measures})

    def begin(self, start_ms: int, rng: np.random.Generator, hours: Hours | None) -> "RunningLine":
        """The line as it stands at its first instant: executing, its counters fresh from a reset."""
        series = Series.begin([unit.machine for unit in self.machines], start_ms, rng, hours)
        units = tuple(RunningUnit.begin(unit, rng) for unit in self.machines)
        return RunningLine(series, units)


@dataclass(frozen=True, slots=True)
class RunningUnit:
    """What a unit remembers between two steps beside its place in the series."""

    unit: SerialUnit
    levels: Mapping[str, float]
    to_reject: int
    good: int = 0
    reject: int = 0
    state: StateInterval | None = None

    @classmethod
    def begin(cls, unit: SerialUnit, rng: np.random.Generator) -> "RunningUnit":
        return cls(unit, unit.panel.levels(), _next_reject(unit, rng))

    def step(
        self,
        states: Sequence[StateInterval],
        done: Sequence[int],
        span: tuple[int, int],
        faults: Sequence[Fault],
        rng: np.random.Generator,
    ) -> tuple["RunningUnit", list[Sample], Booking]:
        parts, to_reject = self._sort_out(done, rng)
        good_at, reject_at = ([part.t_ms for part in parts if part.good == good] for good in (True, False))
        unit, levels = self.unit, dict(self.levels)
        booking = Booking(
            states,
            parts,
            list(times(1000, GOOD_PHASE_MS, *span)),
            list(times(1000, REJECT_PHASE_MS, *span)) if unit.reject else (),
        )
        samples = [
            *say_states(unit.name, states, self.state, span),
            *say_counter(unit.name, unit.good, booking.good_readings, self.good, good_at),
            *say_counter(unit.name, unit.reject, booking.reject_readings, self.reject, reject_at),
            *self._measure(parts, rng),
            *unit.panel.read(unit.name, levels, states, faults, rng),
        ]
        good, reject = self.good + len(good_at), self.reject + len(reject_at)
        return (
            replace(self, levels=levels, to_reject=to_reject, good=good, reject=reject, state=states[-1]),
            samples,
            booking,
        )

    def _sort_out(self, done: Sequence[int], rng: np.random.Generator) -> tuple[list[Part], int]:
        parts, to_reject = [], self.to_reject
        for t in done:
            to_reject -= 1
            parts.append(Part(t, to_reject != 0))
            to_reject = to_reject or _next_reject(self.unit, rng)
        return parts, to_reject

    def _measure(self, parts: Sequence[Part], rng: np.random.Generator) -> Iterator[Sample]:
        for measure in self.unit.measures:
            for part, draw in zip(parts, rng.standard_normal(len(parts)), strict=True):
                value = round(measure.mean + measure.sigma * float(draw), measure.digits)
                yield Sample(self.unit.name, measure.metric, part.t_ms, value)


def _next_reject(unit: SerialUnit, rng: np.random.Generator) -> int:
    """After how many parts; -1, which no countdown reaches, where none is sorted out."""
    return int(rng.integers(unit.rejects[0], unit.rejects[1] + 1)) if unit.reject else -1


@dataclass(frozen=True, slots=True)
class RunningLine:
    """The state of a line between two steps."""

    series: Series
    units: tuple[RunningUnit, ...]

    def step(
        self, t0_ms: int, t1_ms: int, faults: Sequence[Fault], rng: np.random.Generator
    ) -> tuple["RunningLine", list[Sample], dict[str, Booking]]:
        """What happens in [t0, t1), then what is sampled of it."""
        series = self.series.step(t0_ms, t1_ms, rng)
        units, samples, bookings = [], [], {}
        for running, station in zip(self.units, series.stations, strict=True):
            name = running.unit.name
            after, said, booking = running.step(
                station.pieces, station.done, (t0_ms, t1_ms), of_unit(faults, name), rng
            )
            units.append(after)
            samples += said
            bookings[name] = booking
        return RunningLine(series, tuple(units)), sorted(samples, key=lambda sample: sample.t_ms), bookings
