"""Stops of a machine as PackML tells them: the states it goes through until it executes again.

Rule: every stay ends off whole seconds, so that a change of state is never at the edge of a window.
"""

from typing import NamedTuple

import numpy as np


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
WAIT = (  # for a neighbour; the one in the middle lasts at least so long, and until there is something to do
    Stay("suspending", "production", 100, 300),
    Stay("suspended", "production", 200, 400),
    Stay("unsuspending", "production", 100, 300),
)


def time_off(lasts_ms: int) -> tuple[Stay, ...]:
    """An ordinary stop whose standstill lasts so long."""
    stopping, _, *again = STOPS["stop"]
    return (stopping, Stay("stopped", "production", lasts_ms, lasts_ms), *again)


def off_second(t_ms: int) -> int:
    return t_ms + (t_ms % 1000 == 0)


def drawn(least_ms: int, most_ms: int, rng: np.random.Generator) -> int:
    return int(rng.integers(least_ms, most_ms + 1))
