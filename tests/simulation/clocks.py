"""Virtual time: one for the world, and clocks that show it wrongly."""

from dataclasses import dataclass


@dataclass(slots=True)
class Time:
    """Moved on by the world alone."""

    now: int

    def pace(self) -> float:
        """Seconds that never jump: for pacing and timeouts."""
        return self.now / 1000


@dataclass(slots=True)
class OffClock:
    """A clock of the product that is `off` ms ahead of the world's time."""

    time: Time
    off: int = 0

    def now_ms(self) -> int:
        return self.time.now + self.off

    def wait(self, seconds: float) -> None:
        """Nobody waits: the world decides who comes next, and when."""
