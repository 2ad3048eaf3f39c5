"""From the command to roles at work: a service that is away when they start is waited for, as one that goes later is.

Rules: what comes back by itself (`Away`) is said once and tried again until told to stop; what needs a person's hand
ends the process with its line. Each try begins anew: nothing of a failed one stays open.
"""

import threading
from collections.abc import Sequence

from pipeline.config.read import Config
from pipeline.core.errors import Away
from pipeline.core.ports import Clock, Log
from pipeline.roles.start import Park, RoleName, expected_log, open_log, refuse_spool
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.runtime.loop import Waiting

PAUSE_S = 1.0
LEAVE_S = 2.0
"""A try that takes longer to end is left to the end of the process."""


class Beginning:
    """`start` returns at once; `over` is set when the roles work or can not; `join` ends all and raises what failed."""

    def __init__(self, config: Config, clock: Clock, names: Sequence[RoleName]) -> None:
        self._config, self._clock, self._names = config, clock, names
        self.stop, self.over, self.instruments = threading.Event(), threading.Event(), Instruments()
        self.waiting = Waiting(log("start"), clock)
        self.park: Park | None = None
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="start", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def lacks(self) -> str:
        """What keeps this process from being ready, a line each."""
        return self.park.lacks() if self.park is not None else self.waiting.what or "no role has started yet"

    def _run(self) -> None:
        try:
            while not self.stop.is_set() and self.park is None:
                try:
                    self.park = self._tried()
                    self.waiting.end()
                except Away as error:
                    self.waiting.begin(f"{error}; trying again", error)
                    self.stop.wait(PAUSE_S)
        except BaseException as error:
            self._failed = error
            self.stop.set()
        finally:
            self.over.set()

    def _tried(self) -> Park:
        if "gateway" in self._names:
            refuse_spool(self._config)
        opened = self._opened()
        park = Park(self._config, self._clock, opened, self.instruments, stop=self.stop)
        try:
            park.start(self._names)
        except BaseException:
            opened.close()
            raise
        return park

    def _opened(self) -> Log:
        """A gateway alone begins without its log: what comes waits in its spool."""
        try:
            return open_log(self._config, self._clock)
        except Away:
            if self._config.log.kind != "kafka" or set(self._names) != {"gateway"}:
                raise
            return expected_log(self._config)

    def join(self) -> None:
        self.stop.set()
        self._thread.join(LEAVE_S)
        if self.park is not None:
            self.park.join()
        if self._failed is not None and not isinstance(self._failed, Away):
            raise self._failed
