"""What was received and not yet settled, and which acknowledgements may be sent: pure, no socket, no clock.

Rules R1 and R3: only the longest settled prefix in order of arrival is acknowledged, and a new connection (epoch)
drops the pending acknowledgements of older ones, for the broker delivers those messages again.
"""

from collections import deque
from collections.abc import Iterable


class Acks:
    """Not locked: the owner calls it under its own lock.

    Tokens count arrivals from 1. A message of an older epoch goes on counting as unsettled until it is settled (its
    bytes are still held by someone), but nothing is sent for it.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.unsettled_bytes = 0
        self._last_token = 0
        self._sizes: dict[int, int] = {}  # token -> bytes of what is not settled
        self._waiting: deque[tuple[int, int, int]] = deque()  # (token, mid, qos) of this epoch

    @property
    def unsettled_messages(self) -> int:
        return len(self._sizes)

    @property
    def pending(self) -> int:
        """Messages of this epoch whose acknowledgement is not yet taken."""
        return len(self._waiting)

    def begin_epoch(self) -> int:
        self.epoch += 1
        self._waiting.clear()
        return self.epoch

    def arrive(self, epoch: int, mid: int, qos: int, size: int) -> int:
        """Notes one message and gives its token. An epoch above the current one begins it."""
        if epoch > self.epoch:
            self.epoch = epoch
            self._waiting.clear()
        self._last_token += 1
        token = self._last_token
        self._sizes[token] = size
        self.unsettled_bytes += size
        if epoch == self.epoch:
            self._waiting.append((token, mid, qos))
        return token

    def settle(self, tokens: Iterable[int]) -> None:
        """These need no redelivery any more. Settling twice changes nothing."""
        for token in tokens:
            self.unsettled_bytes -= self._sizes.pop(token, 0)

    def ready(self) -> list[tuple[int, int]]:
        """Takes the longest settled prefix of this epoch: (mid, qos) to acknowledge now, in this order."""
        taken: list[tuple[int, int]] = []
        while self._waiting and self._waiting[0][0] not in self._sizes:
            _, mid, qos = self._waiting.popleft()
            if qos:
                taken.append((mid, qos))
        return taken
