"""One asyncio loop in a thread of its own, for the clients of one log: heartbeats go on while a role computes.

Rule: roles hand over coroutines and wait; nothing that takes long runs on the loop.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import TypeVar

from connectors.kafka.loop_lag import LoopLag
from pipeline.core.errors import Bug, Unavailable

T = TypeVar("T")


class Background:
    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kafka", daemon=True)
        self._thread.start()
        self.lag = LoopLag(self._loop).seconds
        self.closed = False

    def call(self, work: Coroutine[object, object, T]) -> T:
        """Runs it on the loop; the calling thread waits. Each coroutine bounds its own time."""
        if self.closed:
            work.close()
            raise Bug("log: closed already")
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except CancelledError:
            raise Unavailable("log: closed while this waited") from None

    def close(self) -> None:
        if self.closed:
            return
        self.call(_cancel_all())
        self.closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 5.0)
