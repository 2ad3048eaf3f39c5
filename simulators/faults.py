"""Labelled faults: what goes wrong, where and when.

Rule: in the first minute of a run, and every ten minutes after, each declared fault begins and ends once.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

EPISODE_EVERY_MS = 600_000
EPISODE_MS = 60_000

Effect = Literal["offset", "drift", "silent"]


class FaultKind(NamedTuple):
    """A fault that a line can have. `size`: of an offset in the metric's uom, of a drift in uom a second."""

    name: str
    unit: str
    metric: str
    rule: str | None
    effect: Effect
    size: float
    after_ms: int
    lasts_ms: int


class Fault(NamedTuple):
    """One fault that happened: the label. `rule` is the alarm that has to see it, None where none is declared."""

    fault_id: str
    equipment: str
    metric: str
    t_on_ms: int
    t_off_ms: int
    rule: str | None
    effect: Effect
    size: float


def plan_episode(
    kinds: Sequence[FaultKind], path: str, number: int, begin_ms: int, rng: np.random.Generator
) -> list[Fault]:
    """The faults of one episode, each begun up to 3 s later than its kind says."""
    faults = []
    for kind in kinds:
        on_ms = begin_ms + kind.after_ms + int(rng.integers(0, 3000))
        off_ms = on_ms + kind.lasts_ms
        equipment = f"{path}/{kind.unit}"
        fault_id = f"{equipment}:{kind.name}-{number + 1}"
        faults.append(Fault(fault_id, equipment, kind.metric, on_ms, off_ms, kind.rule, kind.effect, kind.size))
    return faults


def of_unit(faults: Sequence[Fault], unit: str) -> list[Fault]:
    return [fault for fault in faults if fault.equipment.rpartition("/")[2] == unit]


def is_silent(faults: Sequence[Fault], metric: str, t_ms: int) -> bool:
    return any(f.effect == "silent" and f.metric == metric and f.t_on_ms <= t_ms < f.t_off_ms for f in faults)


def shift(faults: Sequence[Fault], metric: str, t_ms: int) -> float:
    """By how much the faults move the metric's target at t."""
    total = 0.0
    for fault in faults:
        if fault.metric == metric and fault.t_on_ms <= t_ms < fault.t_off_ms:
            if fault.effect == "offset":
                total += fault.size
            elif fault.effect == "drift":
                total += fault.size * (t_ms - fault.t_on_ms) / 1000.0
    return total
