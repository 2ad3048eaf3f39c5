"""The imperative shell of every role: turn after turn until asked to stop, waiting out what waiting helps.

Rule: `Unavailable` is said once when it begins and once when it is over, and nothing is lost meanwhile: a role's turn
keeps what it could not hand on.
"""

import random
import threading
from typing import Protocol

from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import monotonic
from pipeline.runtime.logs import log

MAX_BACK_OFF_S = 10.0


class Role(Protocol):
    """One of gateway, worker, historian, notifier."""

    name: str

    def turn(self, max_wait: float) -> int:
        """One round: take what is there (wait at most so long), hand it on; how much was taken."""

    def close(self) -> None: ...


def run(role: Role, stop: threading.Event, max_wait: float = 0.2) -> None:
    """Until `stop` is set. Raises what is a bug."""
    say = log(role.name)
    say.info("started")
    away_since: float | None = None
    tries = 0
    while not stop.is_set():
        try:
            role.turn(max_wait)
        except Unavailable as error:
            if away_since is None:
                away_since = monotonic()
                say.warning("waiting", what=str(error))
            pause = min(MAX_BACK_OFF_S, error.retry_after * 2 ** min(tries, 6))
            tries += 1
            stop.wait(pause * random.uniform(0.5, 1.0))
        else:
            if away_since is not None:
                say.info("goes on", after_s=round(monotonic() - away_since, 1))
            away_since, tries = None, 0
    role.close()
    say.info("stopped")
