"""Which record of a gateway goes into the log at once, and which waits on disk; and what of it goes next. Pure.

    LIVE ── the log is away ──▶ SPOOLED ── given to the log ──▶ DRAINING ── confirmed, nothing left ──▶ LIVE
                                   ▲                               │
                                   └─── confirmed, something left ─┘

Rules: what must keep its order is a lane: all frames of one line; of another topic everything together. A lane with
something on the disk writes nothing live; what is given to the log stays on the disk until the log has confirmed it;
lanes take turns, and those of one turn are given the same number of bytes as far as they have so many.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import NamedTuple

from pipeline.core.ports import Outgoing
from pipeline.steps.gateway import SAMPLES

TURN = 256  # lanes at most


class Standing(Enum):
    LIVE = "live"
    SPOOLED = "spooled"
    DRAINING = "draining"


class Place(NamedTuple):
    """Of a record on the disk; numbers rise."""

    number: int
    lane: bytes
    size: int


class Held(NamedTuple):
    """What waits of a lane."""

    records: int
    size: int


class Kept(NamedTuple):
    place: Place
    record: Outgoing


def lane_of(record: Outgoing) -> bytes:
    return record.key if record.topic == SAMPLES else record.topic.encode()


@dataclass(frozen=True, slots=True)
class Spooling:
    """`lanes`: those with something on the disk, the next to have its turn first; `given`: of it what the log was given
    and has not confirmed."""

    lanes: Mapping[bytes, Held] = field(default_factory=dict)
    given: Sequence[Place] = ()
    is_away: bool = False

    @property
    def records(self) -> int:
        return sum(held.records for held in self.lanes.values())

    @property
    def size(self) -> int:
        return sum(held.size for held in self.lanes.values())

    def standing(self, lane: bytes) -> Standing:
        if lane not in self.lanes:
            return Standing.LIVE
        return Standing.DRAINING if any(place.lane == lane for place in self.given) else Standing.SPOOLED

    def parted(self, records: Sequence[Outgoing]) -> tuple[list[Outgoing], list[Outgoing]]:
        """What may be written live, and what has to wait on the disk."""
        if not self.is_away and not self.lanes:
            return list(records), []
        live: list[Outgoing] = []
        waits: list[Outgoing] = []
        for record in records:
            (waits if self.is_away or lane_of(record) in self.lanes else live).append(record)
        return live, waits

    def kept(self, places: Sequence[Place]) -> "Spooling":
        """These are on the disk now, behind all of their lanes."""
        lanes = dict(self.lanes)
        for place in places:
            records, size = lanes.get(place.lane, (0, 0))
            lanes[place.lane] = Held(records + 1, size + place.size)
        return replace(self, lanes=lanes)

    def give(self, places: Sequence[Place]) -> "Spooling":
        """The log was given these; their lanes have had their turn."""
        served = dict.fromkeys(place.lane for place in places)
        lanes = {lane: held for lane, held in self.lanes.items() if lane not in served}
        return replace(self, lanes=lanes | {lane: self.lanes[lane] for lane in served}, given=[*self.given, *places])

    def away(self) -> "Spooling":
        return replace(self, is_away=True)

    def confirmed(self) -> "Spooling":
        """The log has all that it was given, and so is there."""
        return replace(self.without(self.given), given=(), is_away=False)

    def without(self, places: Sequence[Place]) -> "Spooling":
        lanes = dict(self.lanes)
        for place in places:
            records, size = lanes.pop(place.lane)
            if records > 1:
                lanes[place.lane] = Held(records - 1, size - place.size)
        return replace(self, lanes=lanes)

    def turn(self) -> list[bytes]:
        """The lanes whose turn it is."""
        return list(islice(self.lanes, TURN))


def deal(waiting: Mapping[bytes, Generator[Kept]], room: int) -> list[Kept]:
    """The oldest of each lane until `room` bytes are used, at least one record; always one more of the lane that was
    given least."""
    given: list[Kept] = []
    turns = [(0, at, lane) for at, lane in enumerate(waiting)]
    heapify(turns)
    while turns and room > 0:
        used, at, lane = heappop(turns)
        found = next(waiting[lane], None)
        if found is not None:
            given.append(found)
            room -= found.place.size
            heappush(turns, (used + found.place.size, at, lane))
    return given
