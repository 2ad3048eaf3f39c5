"""What is sent wrong on purpose: repeats, disorder, samples too late; and when a payload is that nobody can read.

Rule: drawn from the seed, told apart by fate so that it can be counted, and never done to a state, mode or counter.
"""

from collections.abc import Sequence

import numpy as np

from simulators.payloads import Sample, Sending

CELL_MS = 100  # a sender collects for so long, then sends
REPEATED, DELAYED = 0.025, 0.03  # shares of the physical samples


def cell_end(t_ms: int, start_ms: int) -> int:
    """When something ready at t is sent: in the last ms of its cell."""
    return t_ms + CELL_MS - 1 - (t_ms - start_ms) % CELL_MS


def send_late_in(second: int) -> bool:
    """Whether one sample of this second of an episode is held back (16 in an episode, all out before its end)."""
    return 3 <= second <= 48 and second % 3 == 0


def spoil_in(second: int) -> bool:
    """Whether an unreadable payload goes out in this second of an episode (15 in an episode)."""
    return 1 <= second <= 57 and second % 4 == 1


def send(samples: Sequence[Sample], physical: frozenset[str], start_ms: int, rng: np.random.Generator) -> list[Sending]:
    """Every sample once, some a little late and out of order, some again within a second of their time."""
    sendings = []
    lots, waits = rng.random(len(samples)), rng.integers(CELL_MS, 850, len(samples))
    for sample, lot, wait in zip(samples, lots, waits, strict=True):
        waited = cell_end(sample.t_ms + int(wait), start_ms)
        disturbed = sample.metric in physical
        delayed = disturbed and REPEATED <= lot < REPEATED + DELAYED
        sendings.append(Sending(waited if delayed else cell_end(sample.t_ms, start_ms), sample))
        if disturbed and lot < REPEATED:
            sendings.append(Sending(waited, sample, "duplicate"))
    return sendings


def hold_one_back(
    sendings: Sequence[Sending], metrics: frozenset[str], start_ms: int, rng: np.random.Generator
) -> list[Sending]:
    """One sample of these metrics is sent only 6.2 to 8.5 s after its time, and its repeat not at all."""
    held = rng.choice(np.array([i for i, s in enumerate(sendings) if s.sample.metric in metrics]))
    sample = sendings[int(held)].sample
    late_ms = cell_end(sample.t_ms + int(rng.integers(6200, 8500)), start_ms)
    kept = [sending for sending in sendings if sending.sample != sample]
    return [*kept, Sending(late_ms, sample, "corrected")]
