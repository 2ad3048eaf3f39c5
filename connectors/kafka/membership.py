"""Whose partitions are whose, as one member of a group sees it: asked back, gone, given anew.

Rules: all of it changes on the loop. Partitions that are asked back are first given by the thread that works on them
(`asked`, then `gave`), and only then fenced and handed on; one that does not give in time, or that the group no longer
knows, is fenced at once, and can commit nothing from then on.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.structs import TopicPartition

from connectors.kafka.assignors import Assignor, OneOwner, Shared
from connectors.shares import Claim

GIVE_S = 25.0
REBALANCE_MS = 30_000  # how long the group waits for those that still give; above GIVE_S


class Membership:
    """The listener of a consumer. `generation` tells it from its client: 0 where the group does not know us."""

    def __init__(self, partitions: int, shared: bool, generation: Callable[[], int], give_s: float = GIVE_S) -> None:
        self.assignor: Assignor = Shared() if shared else OneOwner()
        self.owned: tuple[int, ...] = ()
        self.turn = 0  # counts what was given to us
        self.begun = 0  # the turn that is worked on
        self.asked = self.settled = False
        self._everything, self._shared, self._generation, self._give_s = range(partitions), shared, generation, give_s
        self._turning, self._news, self._gave = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self.settled = False
        self._news.clear()
        self._turning.set()
        if self._shared and revoked and self._generation():
            self._gave.clear()
            self.asked = True
            self._news.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._give_s):
                    await self._gave.wait()
        self.asked, self.owned = False, ()
        self._news.clear()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        found = tuple(sorted(tp.partition for tp in assigned))
        self.owned = found if self._shared or len(found) == len(self._everything) else ()
        self.assignor.claim = Claim(self._generation(), self.owned) if self.owned else Claim()
        self._settle()

    def has_everything(self) -> None:
        """Of no group: nobody asks anything back."""
        self.owned = tuple(self._everything)
        self._settle()

    def _settle(self) -> None:
        self.turn += 1
        self.settled = True
        self._turning.clear()
        self._news.set()

    @property
    def readable(self) -> tuple[int, ...]:
        """Those that may be read now: none while a rebalance goes on, none that nobody has begun with."""
        return self.owned if self.settled and self.turn == self.begun else ()

    def gave(self) -> None:
        self._gave.set()

    async def news(self, patience_s: float) -> None:
        """Waits so long at most for the end of a rebalance, or until something is asked of us."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._news.wait()

    async def until_turned(self, patience_s: float | None = None) -> None:
        """Comes back when a rebalance begins, after so long at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._turning.wait()


ConsumerRebalanceListener.register(Membership)
