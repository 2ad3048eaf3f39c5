"""How long to stay away between two connections, and whether another client has our name: pure, no socket, no clock.

Rule: of two clients with one name the broker expels the one for the other, without end. Some brokers say so (MQTT 5,
reason 142); Mosquitto 2.0 does not, and then many connections in a row that came at once and were soon lost tell.
From then on each stays away longer and longer, so that they take turns.

>>> lost = BackOff()
>>> lost.ended(3600.0, taken_over=True)
>>> lost.is_rivalled, lost.delay
(True, 30.0)
>>> lost.stands(91.0)
>>> lost.is_rivalled
False
"""

from dataclasses import dataclass

FIRST_S, MOST_S = 0.1, 30.0
NEW_MOST_S = 2.0
"""Before the first connection: no session keeps for us yet what is published meanwhile."""
RIVALLED_FIRST_S, RIVALLED_MOST_S = 30.0, 300.0
SOON_S, MANY = 60.0, 6
CALM = 3
"""A connection that stood so many times longer than we had stayed away is not shared: a rival stays away as long."""


@dataclass(slots=True)
class BackOff:
    """`delay` in seconds, doubling; `short`: connections in a row that were soon lost, and came again at once;
    `is_new`: none was ever made."""

    delay: float = 0.0
    short: int = 0
    is_rivalled: bool = False
    is_new: bool = True

    def failed(self) -> None:
        """No connection could be made: the broker or the way to it is away, which no rival does."""
        self.short = 0
        self._wait_longer()

    def stands(self, seconds: float) -> None:
        """A connection has stood so long."""
        self.is_new = False
        if seconds > CALM * self.delay:
            self.delay, self.is_rivalled = 0.0, False

    def ended(self, seconds: float, taken_over: bool) -> None:
        """A connection is over that stood so long."""
        self.short = self.short + 1 if seconds < SOON_S else 0
        self.stands(seconds)
        self.is_rivalled = self.is_rivalled or taken_over or self.short >= MANY
        self._wait_longer()

    def _wait_longer(self) -> None:
        first, most = (RIVALLED_FIRST_S, RIVALLED_MOST_S) if self.is_rivalled else (FIRST_S, MOST_S)
        if self.is_new:
            most = NEW_MOST_S
        self.delay = min(most, max(first, 2 * self.delay))
