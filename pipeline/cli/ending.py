"""What ends a verb that goes on until it is told: SIGTERM, Ctrl-C, or its terminal that closes.

Rule: all three end it cleanly and in the same way. A terminal that has gone takes nothing along: what would be written
there goes nowhere. Who was started to outlive his terminal (`nohup`) does.
"""

import errno
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Ending:
    """Listens from its making on; `stop` is set when it is time."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self._terminals = [number for number in (1, 2) if os.isatty(number)]
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: stop.set())
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, lambda *_: self._hang_up())

    def _hang_up(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for number in self._terminals:
            os.dup2(nowhere, number)
        os.close(nowhere)
        self.stop.set()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """For what draws until `stop`: drawing fails on a terminal that has gone, maybe before its signal comes."""
        try:
            yield
        except OSError as error:
            if error.errno != errno.EIO or not self._terminals:
                raise
            self._hang_up()
