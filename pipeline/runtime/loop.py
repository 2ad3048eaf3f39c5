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
from pipeline.core.ports import Clock
from pipeline.runtime.clock import monotonic

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


def run(role: Role, stop: threading.Event, waiting: "Waiting", max_wait: float = 0.2) -> None:
    """Until `stop` is set; `waiting` tells anybody what it lacks. Raises what is a bug."""
    say = waiting.say
    say.info("started")
    while not stop.is_set():
        try:
            role.turn(max_wait)
        except Unavailable as error:
            waiting.begin(str(error), error)
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
class Waiting:
    """What is missing, if anything, and since when by either clock; said once at either end: at the second as past, and
    in its first clause alone, for what to do is of no use by then."""

    say: BoundLogger
    clock: Clock
    since: float | None = None
    since_ms: int = 0
    what: str = ""
    error: Unavailable | None = None
    tries: int = 0

    def begin(self, what: str, error: Unavailable | None = None) -> None:
        self.error = error
        if self.since is None:
            self.since, self.since_ms = monotonic(), self.clock.now_ms()
        if what != self.what:
            self.what = what
            self.say.warning("waiting", what=what)
        self.tries += 1

    def end(self) -> None:
        if self.since is not None:
            self.say.info("works again", was=self.what.split(";")[0], after_s=round(monotonic() - self.since, 1))
        self.since, self.what, self.error, self.tries = None, "", None, 0
