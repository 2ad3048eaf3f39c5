"""How late a loop comes to what is due: the time that anything else took on it, and that heartbeats waited.

Rule: the worst of the last seconds, as who looks comes by seldom; while the loop hangs it grows.
"""

import asyncio
from collections import deque

EVERY_S, KEPT_S = 0.5, 15.0


class LoopLag:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._late = loop, deque[float](maxlen=int(KEPT_S / EVERY_S))
        self._due = loop.time()
        loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        now = self._loop.time()
        self._late.append(now - self._due)
        self._due = now + EVERY_S
        self._loop.call_at(self._due, self._look)

    def seconds(self) -> float:
        """In any thread."""
        return max(0.0, self._loop.time() - self._due, *tuple(self._late)) if not self._loop.is_closed() else 0.0
