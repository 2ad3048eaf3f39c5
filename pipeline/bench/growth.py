"""Benchmark `growth`: what a sample costs a worker, and how much memory it needs, from a thousand series to a million.

Rules: each size is a process of its own, and sizes take turns; more than 10 k series are more partitions. A sample a
series and second: series are what grows, not the load of each. The results of one partition are checked here, and every
partition of every size must write the same bytes.
"""

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from connectors.codecs import results_json
from pipeline.bench.core import CHECKPOINT_S, digest, worked
from pipeline.bench.growth_case import Found
from pipeline.bench.loads import FIRST_MS, POLL_MS, Load, Mismatch, Shape, check, make_load
from pipeline.bench.table import Row, row
from pipeline.core.frames import encode
from pipeline.steps.partition import PartitionState

WARM_UP, MEASURED = 3, 10  # polls of a second: a 10-s window of each series ends among those measured
CHECKED, LATEST = 40, 5  # polls; of them before the end, at which windows may still be open
BASELINE = "10 k series"


class Size(NamedTuple):
    """`lines` of each partition."""

    name: str
    lines: int
    partitions: int


SIZES = (
    Size("1 k series", 25, 1),
    Size(BASELINE, 250, 1),
    Size("100 k series", 250, 10),
    Size("1 M series", 250, 100),
)


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return 2 + rounds * len(SIZES)


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where a window is wrong, or another partition or size says something else."""
    yield from measure(SIZES, rounds, said)


def measure(sizes: tuple[Size, ...], rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    with TemporaryDirectory(prefix="parkpulse-bench-") as folder:
        loads: dict[int, tuple[Path, int, int]] = {}
        for lines in sorted({size.lines for size in sizes}):
            load = make_load(Shape(lines, 8, 5, 1), CHECKED)
            file = Path(folder, f"{lines}.bin")
            file.write_bytes(pickle.dumps(recorded(load)))
            loads[lines] = file, checked(load), sum(len(poll.t) for poll in load.raw[WARM_UP : WARM_UP + MEASURED])
            said(f"{lines * 40:,} series: results are right")
        cpu: dict[str, list[float]] = {size.name: [] for size in sizes}
        memory: dict[str, list[float]] = {size.name: [] for size in sizes}
        for _ in range(rounds):
            for size in sizes:
                file, right, samples = loads[size.lines]
                found = _in_process(file, size)
                if found.digest != right:
                    raise Mismatch(f"{size.name}: other results than those that were checked")
                spent = found.cpu_s * (1 + found.checkpoint_s / CHECKPOINT_S)
                cpu[size.name].append(spent / (samples * size.partitions) * 1e9)
                memory[size.name].append(found.memory_mb)
                said(size.name)
    for name, values in cpu.items():
        yield row(f"CPU, {name}", "ns a sample", values, None if name == BASELINE else (BASELINE, cpu[BASELINE]))
    for name, values in memory.items():
        yield row(f"memory, {name}", "MB", values)


def recorded(load: Load) -> list[list[tuple[int, int, str, bytes]]]:
    """As the log holds them."""
    return [
        [(one.offset, one.append_ms, one.line, encode(one.frame)) for one in poll]
        for poll in load.polls[: WARM_UP + MEASURED]
    ]


def checked(load: Load) -> int:
    """The digest of the results of the polls that are sent on, once all are right."""
    state, first = worked(PartitionState(), load, range(WARM_UP + MEASURED))
    _, rest = worked(state, load, range(WARM_UP + MEASURED, CHECKED))
    written = [*first, *rest]
    results = [result for record in written for result in results_json.decode(record.value)]
    check(load, results, FIRST_MS + (CHECKED - LATEST) * POLL_MS)
    return digest(first)


def _in_process(file: Path, size: Size) -> Found:
    command = [sys.executable, "-m", "pipeline.bench.growth_case", str(file), str(size.partitions), str(WARM_UP)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Mismatch(f"{size.name}: {done.stderr.strip().splitlines()[-1]}")
    cpu, memory, found, checkpoint = done.stdout.split()
    return Found(float(cpu), float(memory), int(found), float(checkpoint))
