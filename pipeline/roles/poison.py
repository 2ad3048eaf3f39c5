"""Records that cannot be worked off: found, put aside, skipped by everyone from then on (`skips`, `attempts`, `trial`).

An exception in a slice has spent the state. So the owner goes back to its checkpoint, reads on silently as after a
crash, and takes the guilty slice in halves from copies of the state, down to the record. One that kills the process is
found by the starts that follow. Rules: whatever a record raises is caught, but what ends the process on purpose; every
skip makes progress; where records fail one after the other even without their rows, they are not the cause: the error
is ours, and raised.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from pipeline.core.ports import Log, Outgoing, Record, StateStore
from pipeline.roles.attempts import Attempts
from pipeline.roles.culprits import MOST, ON_PURPOSE, named
from pipeline.roles.skips import Range, Skip, Skips, ahead, decided, forget, keep, root, rows_of, told, without
from pipeline.roles.trial import Trial, guilty
from pipeline.runtime import snapshot
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.runtime.snapshot import Snapshot
from pipeline.steps.partition import PartitionState
from pipeline.steps.worker import Output


@dataclass(frozen=True, slots=True)
class Work:
    """The state behind some records, what they made it say, and those that could not be read, by offset."""

    state: PartitionState
    out: Output
    rejects: Sequence[tuple[int, Outgoing]]
    records: Sequence[Record] = ()


class Spent(Exception):
    """The state was lost in these records."""

    def __init__(self, records: Sequence[Record], why: BaseException) -> None:
        super().__init__(str(why))
        self.range = records[0].offset, records[-1].offset + 1
        self.why = named(why)


@dataclass
class Poison:
    """By partition: `skips`; `sifted`, where the state was lost; `tried`, where earlier starts died."""

    store: StateStore
    instruments: Instruments
    name: str
    work: Callable[[PartitionState, Sequence[Record]], Work]
    trial: Trial = guilty
    skips: dict[int, Skips] = field(default_factory=dict)
    sifted: dict[int, Range] = field(default_factory=dict)
    tried: dict[int, Range] = field(default_factory=dict)
    fresh: set[tuple[int, int]] = field(default_factory=set)  # decided, and not yet said
    unsaved: bool = False
    fruitless: int = 0

    def __post_init__(self) -> None:
        self.attempts = Attempts(self.store)

    def take(self, extents: Mapping[int, Range], log: Log, begun: Iterable[int]) -> None:
        """Partitions, with what the log holds of each; of what it forgot nothing is known any more. `begun`: those
        that begin without a checkpoint."""
        kept = self.store.load(root())
        found = ahead(log, {partition: extents[partition] for partition in begun})
        for partition, (first, _) in extents.items():
            known = decided(kept, partition)
            if new := {offset: skip for offset, skip in found.get(partition, {}).items() if offset not in known}:
                keep(self.store, partition, new)
                known |= new
            forget(self.store, partition, [offset for offset in known if offset < first])
            self.skips[partition] = {offset: skip for offset, skip in known.items() if offset >= first}
        died = self.attempts.begin(kept, {partition: end for partition, (_, end) in extents.items()})
        self.tried = {partition: (one.first, one.end) for partition, one in died.items()}

    def works(self, state: PartitionState, records: Sequence[Record]) -> Iterator[Work]:
        """The work on records of a partition, in parts; raises Spent."""
        partition, end = records[0].partition, records[-1].offset + 1
        self.attempts.note(partition, records[0].offset, end)
        if partition not in self.sifted and partition not in self.tried:
            yield self._worked(state, records)
            return
        for way, some in groupby(records, self._way):
            part = list(some)
            if way == "tried":
                self._try(state, part)
            for done in self._sift(snapshot.dump(state), part) if way == "sifted" else self._plainly(state, part, way):
                yield done
                state = done.state
        for ranges in (self.sifted, self.tried):
            if ranges.get(partition, (0, end + 1))[1] <= end:
                del ranges[partition]

    def _way(self, record: Record) -> str:
        for way, ranges in (("tried", self.tried), ("sifted", self.sifted)):
            first, end = ranges.get(record.partition, (0, 0))
            if first <= record.offset < end:
                return way
        return "plain"

    def _plainly(self, state: PartitionState, records: Sequence[Record], way: str) -> Iterator[Work]:
        """What was tried one by one is taken one by one."""
        for part in [[record] for record in records] if way == "tried" else [records]:
            done = self._worked(state, part)
            yield done
            state = done.state

    def _worked(self, state: PartitionState, records: Sequence[Record]) -> Work:
        try:
            return self._work(state, records)
        except ON_PURPOSE:
            raise
        except BaseException as error:
            raise Spent(records, error) from error

    def _work(self, state: PartitionState, records: Sequence[Record]) -> Work:
        left = without(self.skips.get(records[0].partition, {}), records)
        done = self.work(state, left) if left else Work(state, Output(), ())
        self.fruitless = 0 if left else self.fruitless
        return Work(done.state, done.out, done.rejects, records)

    def spent(self, partition: int, lost: Spent) -> None:
        first, end = self.sifted.get(partition, lost.range)
        self.sifted[partition] = min(first, lost.range[0]), max(end, lost.range[1])
        log(self.name).warning(
            "goes back to a checkpoint to find the record that fails", because=lost.why, partition=partition
        )

    def _sift(self, kept: Snapshot, records: Sequence[Record]) -> list[Work]:
        """From copies of a state, so that what a failure leaves behind of one is seen by nobody."""
        try:
            return [self._work(snapshot.load(PartitionState, kept), records)]
        except ON_PURPOSE:
            raise
        except BaseException as error:
            if len(records) == 1:
                self._skip(records[0], named(error), error)
                return self._sift(kept, records)
        half = len(records) // 2
        works = self._sift(kept, records[:half])
        return works + self._sift(snapshot.dump(works[-1].state), records[half:])

    def _try(self, state: PartitionState, records: Sequence[Record]) -> None:
        """Before our own process takes them."""
        kept, places = snapshot.dump(state), {record.offset: record for record in records}
        while (found := self.trial(kept, without(self.skips.get(records[0].partition, {}), records))) is not None:
            offset, how = found
            self._skip(places[offset], how)

    def _skip(self, record: Record, why: str, error: BaseException | None = None) -> None:
        skips = self.skips.setdefault(record.partition, {})
        if is_whole := record.offset in skips:
            self.fruitless += 1
            if error is not None and self.fruitless > MOST:  # in a row
                raise error
        skip = skips[record.offset] = Skip("record" if is_whole else "rows", why)
        keep(self.store, record.partition, {record.offset: skip})
        self.fresh.add((record.partition, record.offset))
        self.unsaved = True

    def flush(self) -> None:
        """Before anything is said that rests on a decision."""
        if self.unsaved:
            self.store.flush()
            self.unsaved = False

    def told(self, records: Sequence[Record], aloud: int) -> list[Outgoing]:
        """What is said of those skipped among records that were worked off."""
        out: list[Outgoing] = []
        skips = self.skips.get(records[0].partition)
        for record in records if skips else ():
            skip, place = self.skips[record.partition].get(record.offset), (record.partition, record.offset)
            if skip is None or (record.offset < aloud and place not in self.fresh):
                continue
            self.fresh.discard(place)
            out += told(record, skip)
            self.instruments.count_rejected({"poison": rows_of(record, skip)})
            log(self.name).error("skips a record", because=skip.why, partition=record.partition, offset=record.offset)
        return out
