"""The one module that reads the wall clock; and a clock moved by hand for demo and tests."""

import threading
import time


class WallClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class VirtualClock:
    """Stands still until `advance` is called. Waiting is done on the wall: it bounds polling, not results."""

    def __init__(self, start_ms: int) -> None:
        self._now = start_ms
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        return self._now

    def advance(self, to_ms: int) -> None:
        with self._lock:
            self._now = max(self._now, to_ms)

    def wait(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.005))


def monotonic() -> float:
    """Seconds for pacing, timeouts and durations; never part of a result."""
    return time.monotonic()
