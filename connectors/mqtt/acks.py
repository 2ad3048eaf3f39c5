"""What was received and not yet settled, and which acknowledgements may be sent: pure, no socket, no clock.

Rules R1 and R3: only the longest settled prefix in order of arrival is acknowledged, and a new connection (epoch)
drops the pending acknowledgements of older ones, for the broker delivers those messages again.
"""

from collections.abc import Iterable, Sequence
from itertools import repeat


class Acks:
    """Not locked: the owner calls it under its own lock.

    Tokens count arrivals from 1. A message of an older epoch goes on counting as unsettled until it is settled (its
    bytes are still held by someone), but nothing is sent for it.
    """

    def __init__(self) -> None:
        self.unsettled_bytes = 0
        self._next = 1
        self._first = 1  # the token of the first that waits
        self._waiting: list[bytes] = []  # packets of this epoch whose acknowledgement is not yet taken
        self._sizes: dict[int, int] = {}  # token -> bytes of what is not settled, of this epoch, in order of arrival
        self._older: dict[int, int] = {}  # of older ones

    @property
    def unsettled_messages(self) -> int:
        return len(self._sizes) + len(self._older)

    def begin_epoch(self) -> None:
        self._older |= self._sizes
        self._sizes = {}
        self._waiting.clear()
        self._first = self._next

    def arrive(self, packets: Sequence[bytes], sizes: Sequence[int]) -> range:
        """Notes messages, each with the packet that acknowledges it (b"": none is wanted), and gives their tokens."""
        tokens = range(self._next, self._next + len(packets))
        self._next = tokens.stop
        self._sizes.update(zip(tokens, sizes, strict=True))
        self.unsettled_bytes += sum(sizes)
        self._waiting += packets
        return tokens

    def settle(self, tokens: Iterable[int]) -> None:
        """These need no redelivery any more. Settling twice changes nothing."""
        if self._older:
            tokens = list(tokens)
            self.unsettled_bytes -= sum(map(self._older.pop, tokens, repeat(0)))
        self.unsettled_bytes -= sum(map(self._sizes.pop, tokens, repeat(0)))

    def ready(self) -> bytes:
        """Takes the longest settled prefix of this epoch: what to send now, as one."""
        first = next(iter(self._sizes), self._next)
        settled = b"".join(self._waiting[: first - self._first])
        del self._waiting[: first - self._first]
        self._first = first
        return settled
