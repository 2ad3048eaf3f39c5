"""Runs as many seeds as one likes: `python -m tests.simulation --seeds 10000 --from 0`.

A seed that fails is told with its faults and the command that repeats it; exit 1 then.
"""

import argparse
import logging
import os
import sys
import time
from collections import Counter

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # tables of a few rows: more threads only wait for each other

from tests.simulation.mutants import MUTANTS
from tests.simulation.runs import run

EVERY = 50  # seeds between two lines where nobody looks at a terminal


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=300, metavar="N")
    parser.add_argument("--from", type=int, default=0, metavar="S", dest="first")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="with a role that breaks a promise")
    given = parser.parse_args()
    logging.getLogger("parkpulse").setLevel(logging.ERROR)
    parts = MUTANTS[given.mutant][1] if given.mutant else None
    begun, busy, happened, failed, samples = time.monotonic(), time.process_time(), Counter(), 0, 0
    for done in range(1, given.seeds + 1):
        outcome = run(given.first + done - 1, parts)
        happened += outcome.happened
        samples += outcome.samples
        if outcome.wrong:
            failed += 1
            print(f"{_line_start()}{outcome.story()}", flush=True)
        _progress(done, given.seeds, failed, time.monotonic() - begun)
    seconds, busy = time.monotonic() - begun, time.process_time() - busy
    print(f"{_line_start()}{given.seeds} seeds from {given.first}: {failed} failed; {samples:,} samples, ", end="")
    print(f"{happened.total():,} faults; {given.seeds / seconds:.1f} seeds/s, {given.seeds / busy:.1f} a core")
    for kind, times in happened.most_common():
        print(f"{times:>8,}  {kind}")
    return 1 if failed else 0


def _line_start():
    return "\r\x1b[K" if sys.stdout.isatty() else ""


def _progress(done, seeds, failed, seconds):
    rate = f"{done}/{seeds} seeds, {failed} failed, {done / seconds:.1f} seeds/s"
    if sys.stdout.isatty():
        full = 30 * done // seeds
        print(f"\r\x1b[K[{'#' * full}{'.' * (30 - full)}] {rate}", end="", flush=True)
    elif done % EVERY == 0 and done < seeds:
        print(rate, flush=True)


if __name__ == "__main__":
    sys.exit(main())
