"""A process with the state of one worker over many partitions: what a sample costs it, and how much memory it needs.

Rules: every partition gets the records of one file, so each must write the same bytes. Polls of a second go round all
partitions; a checkpoint of all of them is made at the end, and counted as often as one is due.
`python -m pipeline.bench.growth_case FILE PARTITIONS WARM_UP` prints CPU seconds, peak memory in MB and the digest.
"""

import gc
import pickle
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import NamedTuple
from zlib import crc32

from connectors.codecs.windows_json import Heads
from pipeline.bench.loads import Mismatch
from pipeline.core.frames_together import read_together
from pipeline.core.polled import Polled
from pipeline.core.ports import Record
from pipeline.core.senders import Senders
from pipeline.roles.spoken import spoken
from pipeline.runtime import snapshot
from pipeline.runtime.garbage import search_seldom
from pipeline.steps.partition import PartitionState
from pipeline.steps.worker import step

Recorded = tuple[int, int, str, bytes]  # offset, append time, line, frame


class Found(NamedTuple):
    cpu_s: float
    memory_mb: float
    digest: int
    checkpoint_s: float


def worked(polls: Sequence[Sequence[Recorded]], partitions: int, warm_up: int) -> Found:
    states = [PartitionState() for _ in range(partitions)]
    heads, digests, senders = [Heads() for _ in states], [0] * partitions, Senders()
    began = process_time()
    for number, poll in enumerate(polls):
        if number == warm_up:
            began = process_time()
        for k, state in enumerate(states):
            states[k], out = step(state, read(poll, senders))
            for record in spoken(out, 0, 0, heads[k], states[k].registry.paths):
                digests[k] = crc32(record.value, crc32(record.key, digests[k]))
    spent = process_time() - began
    saved = [snapshot.dump(state) for state in states]
    checkpoint = process_time() - began - spent
    if len(set(digests)) > 1 or len(saved) != partitions:
        raise Mismatch("partitions with the same records wrote other results")
    return Found(spent, peak_mb(), digests[0], checkpoint)


def peak_mb() -> float:
    """Of this program alone: what `getrusage` tells begins with its parent's."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else 0.0


def read(poll: Sequence[Recorded], senders: Senders) -> Polled:
    records = [Record(0, offset, append_ms, line.encode(), value) for offset, append_ms, line, value in poll]
    polled, refused = read_together(records, senders)
    if refused:
        raise Mismatch(refused[0].sentence)
    return polled


def main(file: str, partitions: int, warm_up: int) -> None:
    search_seldom()  # as every process with a worker does
    polls: list[list[Recorded]] = pickle.loads(Path(file).read_bytes())
    gc.freeze()  # the load is not the product's: its objects are not to be searched for garbage
    print(*worked(polls, partitions, warm_up))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
