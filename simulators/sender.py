"""Sends a plant to a broker at a pace of the wall clock: live, faster, or as fast as the broker takes it.

Rule: a message goes out when its event time is due, never before; a broker that was there is waited for, and what then
goes out again is counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipeline.core.errors import Unavailable
from pipeline.core.ports import Clock
from simulators.drive import TICK_MS, Message, Sends

TOGETHER_MS = 5000  # so much event time at most goes out at once
PATIENCE_S = 0.2


@dataclass
class Sender:
    """`pace` is event time by wall time, 0 as fast as the broker takes it. It ends at `end_ms`, if there is one."""

    plant: Sends
    publish: Callable[[Sequence[Message]], None]
    clock: Clock
    now_ms: int
    pace: float
    end_ms: int | None = None
    trouble: str = ""
    sent_again: int = 0
    pending: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin_ms, self.began_ms = self.now_ms, self.clock.now_ms()
        self.heard = False

    @property
    def ended(self) -> bool:
        return not self.pending and self.end_ms is not None and self.now_ms >= self.end_ms

    def turn(self) -> None:
        """Sends what is due, or waits a little where nothing is."""
        if not self.pending:
            until = self._due_ms()
            if until <= self.now_ms:
                self.clock.wait(self._wait_s())
                return
            self.pending = self.plant.messages(self.now_ms, until)
            self.now_ms = until
        try:
            self.publish(self.pending)
        except Unavailable as error:
            if not self.heard:
                raise
            self.trouble = str(error)
            self.sent_again += len(self.pending)
            self.clock.wait(min(error.retry_after, 1.0))
            return
        self.heard, self.trouble, self.pending = True, "", []

    def _due_ms(self) -> int:
        """Up to where everything is due now, on the grid of ticks."""
        due = self.now_ms + TOGETHER_MS
        if self.pace:
            due = min(due, self.begin_ms + round((self.clock.now_ms() - self.began_ms) * self.pace))
        due = due if self.end_ms is None else min(due, self.end_ms)
        return self.begin_ms + (due - self.begin_ms) // TICK_MS * TICK_MS

    def _wait_s(self) -> float:
        """Until the next tick is due."""
        ahead_ms = (self.now_ms + TICK_MS - self.begin_ms) / self.pace - (self.clock.now_ms() - self.began_ms)
        return min(max(ahead_ms / 1000, 0.001), PATIENCE_S)
