"""How a poll waits for an embedded log: look, wait ten milliseconds, look again.

Rule: a poll looks at least once, and waits on the wall clock whatever the log's own clock says.
"""

from collections.abc import Callable

from pipeline.core.ports import Clock, Record
from pipeline.runtime.clock import monotonic

PAUSE = 0.01  # seconds


def wait_for(take: Callable[[], list[Record]], clock: Clock, max_wait: float) -> list[Record]:
    """What `take` gives once it gives something, at the latest after `max_wait` seconds."""
    deadline = monotonic() + max_wait
    while True:
        records = take()
        left = deadline - monotonic()
        if records or left <= 0:
            return records
        clock.wait(min(PAUSE, left))
