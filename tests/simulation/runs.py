"""One seed from begin to end, and what is said of one that fails."""

import traceback
from collections import Counter
from dataclasses import dataclass

from pipeline.runtime.garbage import search_seldom
from tests.simulation.checks import Broken, check
from tests.simulation.world import Unrest, World

search_seldom()  # as a process with roles in it does
LEAST_SAMPLES, LEAST_FAULTS = 2_000, 5


@dataclass(frozen=True)
class Outcome:
    """`happened`: faults by kind; `wrong`: what did not hold, "" where all did."""

    seed: int
    samples: int
    happened: Counter
    schedule: tuple
    wrong: str

    def story(self):
        """What it takes to see it again."""
        lines = [f"seed {self.seed}: {self.wrong}", *(f"    {fault}" for fault in self.schedule)]
        return "\n".join([*lines, f"    again: .venv/bin/python -m tests.simulation --seeds 1 --from {self.seed}"])


def run(seed, parts=None):
    world = World(seed, parts)
    wrong = ""
    try:
        world.run()
        check(world)
    except (Broken, Unrest) as error:
        wrong = str(error)
    except Exception:
        wrong = traceback.format_exc()
    samples = sum(len(some) for some in world.sent.values() if some)
    happened = world.counts
    if not wrong and (samples < LEAST_SAMPLES or happened.total() < LEAST_FAULTS):
        wrong = f"too little happened: {samples} samples, {happened.total()} faults"
    return Outcome(seed, samples, happened, tuple(world.schedule), wrong)
