"""Records tried one by one in a process of its own, which may die of one of them.

    python -m pipeline.roles.trial     state and records on standard input; before each record its place, to the output

Rule: the verdict is the process's end: it died, raised or hung at the last place that it named.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import msgspec

from pipeline.core.ports import Record
from pipeline.runtime.snapshot import Snapshot

Trial = Callable[[Snapshot, Sequence[Record]], tuple[int, str] | None]
WAIT_S = 60.0
RAISED = 3


class _Task(msgspec.Struct, frozen=True):
    state: Snapshot
    records: Sequence[Record]


def guilty(state: Snapshot, records: Sequence[Record]) -> tuple[int, str] | None:
    """The offset of the first of these records of which such a process dies, and how; None where it lives."""
    task = msgspec.msgpack.encode(_Task(state, records))
    try:
        ended = subprocess.run(
            [sys.executable, "-m", __name__], input=task, capture_output=True, timeout=WAIT_S, check=False
        )
        named, how = ended.stdout, _how(ended.returncode)
    except subprocess.TimeoutExpired as late:
        named, how = late.stdout or b"", f"a process that works it off does not end within {WAIT_S:.0f} s"
    if not how or not named:
        return None
    return int(named.split()[-1]), how


def _how(code: int) -> str:
    if code in (0, RAISED):
        return "it cannot be worked off" if code else ""
    return f"it kills the process that works it off ({f'signal {-code}' if code < 0 else f'exit code {code}'})"


def main() -> None:
    """The other process."""
    from pipeline.core.senders import Senders
    from pipeline.roles.worker import worked
    from pipeline.runtime import snapshot
    from pipeline.steps.partition import PartitionState

    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Task)
    state, senders = snapshot.load(PartitionState, task.state), Senders()
    for record in task.records:
        os.write(1, f"{record.offset}\n".encode())
        try:
            state = worked(state, [record], senders).state
        except BaseException:
            os._exit(RAISED)


if __name__ == "__main__":
    main()
