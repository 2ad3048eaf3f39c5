"""Who works on a partition of the embedded log: an OS file lock that dies with its holder.

Rule: at most one reader of a group and topic, in any process; nothing is left to clean up after a kill.
"""

import fcntl
import os
from pathlib import Path

from connectors.sqlite import disk_trouble
from pipeline.core.errors import Unavailable


class Ownership:
    """Holds the lock from its making to `close`; while another has it, Unavailable, naming the holder,
    or with `wait` the call comes back once it is free."""

    def __init__(self, path: Path, what: str, who: str, wait: bool = False) -> None:
        with disk_trouble(path):
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                holder = os.pread(self._handle, 200, 0).decode(errors="replace") or "another process"
                os.close(self._handle)
                raise Unavailable(f"log: {what} is held by {holder}; wait for its end or stop it ({path})") from None
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, who.encode(), 0)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1
