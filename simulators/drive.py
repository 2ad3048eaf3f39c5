"""Drives a plant against a gateway in steps of 100 ms: the next tick begins when the last one is in the log.

Rule: one virtual clock for all; speed is an upper limit and changes no result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import VirtualClock, monotonic

TICK_MS = 100
REMEMBERED_MS = 3_600_000
PATIENCE_S = 60.0
Message = tuple[str, bytes]


def never() -> bool:
    return False


class Sends(Protocol):
    """What a driver needs of a plant."""

    def messages(self, t0_ms: int, t1_ms: int) -> list[Message]: ...


@dataclass
class Drive:
    """`durable` tells how many messages of this run the log has; `is_held_up`, whether the gateway knows why it has
    not, so that waiting helps. `sent_at` keeps when each tick went out (wall)."""

    plant: Sends
    publish: Callable[[Sequence[Message]], None]
    durable: Callable[[], int]
    clock: VirtualClock
    now_ms: int
    speed: float = 1.0
    is_held_up: Callable[[], bool] = never
    published: int = 0
    sent_at: dict[int, float] = field(default_factory=dict)
    began: float = field(default_factory=monotonic)
    begin_ms: int = 0

    def __post_init__(self) -> None:
        self.begin_ms = self.now_ms

    def tick(self, goes_on: Callable[[], bool]) -> None:
        """One step: not before its time, and until the gateway has it; `goes_on` is asked meanwhile."""
        until = self.now_ms + TICK_MS
        due = self.began + (until - self.begin_ms) / 1000 / self.speed
        while (ahead := due - monotonic()) > 0:
            self.clock.wait(ahead)
        messages = self.plant.messages(self.now_ms, until)
        self.clock.advance(until)
        self.sent_at[until] = monotonic()
        self.sent_at.pop(until - REMEMBERED_MS, None)
        self.publish(messages)
        self.published += len(messages)
        self.now_ms = until
        self.await_durable(goes_on)

    def await_durable(self, goes_on: Callable[[], bool]) -> None:
        patience = monotonic() + PATIENCE_S
        while self.durable() < self.published and goes_on():
            if self.is_held_up():
                patience = monotonic() + PATIENCE_S
            if monotonic() > patience:
                missing = self.published - self.durable()
                raise Unavailable(f"gateway: {missing} messages are not in the log after {PATIENCE_S:.0f} s")
            self.clock.wait(0.001)
