"""The imperative shell of every role: turn after turn until asked to stop, waiting out what waiting helps.

Rule: `Unavailable` is said once when it begins and once when it is over, and nothing is lost meanwhile: a role's turn
keeps what it could not hand on.
"""

import random
import threading
from dataclasses import dataclass
from typing import Protocol

from structlog.stdlib import BoundLogger

from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import monotonic
from pipeline.runtime.logs import log

MAX_BACK_OFF_S = 10.0


class Role(Protocol):
    """One of gateway, worker, historian, notifier."""

    name: str

    @property
    def trouble(self) -> str:
        """What this role lacks while it goes on ("" = nothing): said when it begins and when it is over."""

    def turn(self, max_wait: float) -> int:
        """One round: take what is there (wait at most so long), hand it on; how much was taken."""

    def close(self) -> None: ...


def run(role: Role, stop: threading.Event, max_wait: float = 0.2) -> None:
    """Until `stop` is set. Raises what is a bug."""
    say = log(role.name)
    say.info("started")
    waiting = _Waiting(say)
    while not stop.is_set():
        try:
            role.turn(max_wait)
        except Unavailable as error:
            waiting.begin(str(error))
            pause = min(MAX_BACK_OFF_S, error.retry_after * 2 ** min(waiting.tries, 6))
            stop.wait(pause * random.uniform(0.5, 1.0))
        else:
            if role.trouble:
                waiting.begin(role.trouble)
            else:
                waiting.end()
    role.close()
    say.info("stopped")


@dataclass(slots=True)
class _Waiting:
    """Since when something is missing, said once at either end."""

    say: BoundLogger
    since: float | None = None
    what: str = ""
    tries: int = 0

    def begin(self, what: str) -> None:
        if self.since is None:
            self.since = monotonic()
        if what != self.what:
            self.what = what
            self.say.warning("waiting", what=what)
        self.tries += 1

    def end(self) -> None:
        if self.since is not None:
            self.say.info("goes on", what=self.what, after_s=round(monotonic() - self.since, 1))
        self.since, self.what, self.tries = None, "", 0
