"""The worker role: samples.v1 in; results.v1, alerts.v1, late.v1 and rejects.v1 out; state in checkpoints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.codecs import windows_json
from pipeline.core.errors import ConfigError, Unavailable
from pipeline.core.event_time import NEVER
from pipeline.core.frames_together import read_together
from pipeline.core.history import History
from pipeline.core.ports import Log, Record, Shelf
from pipeline.core.samples import FRAMED
from pipeline.core.senders import Senders
from pipeline.roles.poison import Poison, Spent, Work
from pipeline.roles.reading import Lag, rejected
from pipeline.roles.spoken import spoken
from pipeline.roles.trial import Trial, guilty
from pipeline.runtime import snapshot
from pipeline.runtime.checkpoint import Committer
from pipeline.runtime.clock import monotonic
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.runtime.slots import Saved, Slots
from pipeline.steps.partition import PartitionState
from pipeline.steps.standing import ledger_gap, silent_lines, watermark_lag_ms
from pipeline.steps.worker import Output, step

SAMPLES = "samples.v1"
READS = (SAMPLES,)
DAY_MS = 86_400_000
MANY = 64 << 20  # bytes of samples of one partition in memory, that do not wait for a checkpoint


@dataclass(slots=True)
class Held:
    """One partition in memory: its state before the record at `position`; aloud from `aloud`."""

    state: PartitionState
    position: int
    aloud: int
    heads: windows_json.Heads = field(default_factory=windows_json.Heads)


@dataclass
class Worker:
    log: Log
    instruments: Instruments
    instance: str = "worker"
    name: str = "worker"
    trouble: str = ""
    keep_ms: Mapping[str, int] = field(default_factory=dict)  # topic -> how long its records are of use
    shelf: Callable[[str, str], Shelf] | None = None  # by name, and by that of the one that has samples of the horizon
    forgot_day: int = 0
    senders: Senders = field(default_factory=Senders)
    held: dict[int, Held] = field(default_factory=dict)
    spoken_to: dict[int, int] = field(default_factory=dict)  # results of the records below are in the log
    pace: Callable[[], float] = monotonic
    trial: Trial = guilty

    def __post_init__(self) -> None:
        self.reader = self.log.reader(SAMPLES, self.name, self.instance, self)
        self.writer = self.log.writer()
        self.lag = Lag(self.instruments, self.name, (self.reader,))
        slots = Slots(self.log.state(), self.name, self.reader.instance)
        self.committer = Committer(self.reader, self.writer, slots, pace=self.pace)
        self.poison = Poison(slots.store, self.instruments, self.name, self._worked, self.trial)
        self.instruments.checkpoint_age.labels(self.name).set_function(self.committer.age)

    def take(self, partitions: Sequence[int]) -> None:
        """Goes on with what is in memory of a partition, or in a checkpoint, whichever is further."""
        held = {partition: self._begin(partition) for partition in partitions}
        extents = {p: (self.reader.first_offset(p), self.reader.end_offset(p)) for p in partitions}
        begun = [p for p, (first, end) in extents.items() if held[p].position == first < end]
        self.poison.take(extents, self.log, begun)
        for partition in partitions:
            self.reader.seek(partition, held[partition].position)
        self.held = held
        log(self.name).info("works on", partitions=list(partitions))

    def give(self, partitions: Sequence[int]) -> None:
        """All that was read is out, and the next owner finds the state where the commit is."""
        self._end()

    def _end(self) -> None:
        self._flush()
        self._checkpoint()

    def _checkpoint(self) -> None:
        histories = self._histories()
        self._put_away(histories)
        self.committer.checkpoint(self._saved(), self.spoken_to)
        self.poison.attempts.end(self._mine())
        for history in histories:
            history.sweep()

    def _histories(self) -> list[History]:
        return [self.held[partition].state.history for partition in self._mine()]

    def _put_away(self, histories: Sequence[History]) -> None:
        try:
            for history in histories:
                history.put_away()
        except Unavailable as error:
            log(self.name).warning("keeps samples of the horizon in memory", because=str(error))

    def _begin(self, partition: int) -> Held:
        """A state is that of the records below its position, whoever read them: what was said aloud by us or up to
        the commit is not said again."""
        kept, committed = self.held.get(partition), self.reader.committed(partition)
        if kept is not None and kept.position >= (committed or 0):
            return kept
        restored = self._restore(partition, committed)
        if kept is None or restored.position >= kept.position:
            return restored
        return replace(kept, aloud=max(kept.aloud, committed or 0))

    def _restore(self, partition: int, committed: int | None) -> Held:
        first = self.reader.first_offset(partition)
        for saved in self.committer.slots.load(partition):
            if saved.offset < first:
                break
            try:
                state = snapshot.load(PartitionState, saved.state)
                if self._has_history(partition, state, first):
                    return Held(state, saved.offset, max(saved.offset, committed or 0))
                break
            except snapshot.SnapshotError as error:
                log(self.name).warning("passes over a checkpoint", because=str(error), offset=saved.offset)
        if committed is not None and first > 0:
            raise ConfigError(
                f"log: {SAMPLES} begins at {first} and no checkpoint reaches it; got commit {committed}; "
                "expected a checkpoint or the whole log; begin with an empty data folder to go on"
            )
        state = PartitionState()
        self._has_history(partition, state, first)
        return Held(state, first, max(first, committed or 0))

    def _has_history(self, partition: int, state: PartitionState, first: int) -> bool:
        """Does a state find the samples of its horizon? Where it does not, and the log no longer begins with its first
        record, it goes on without them."""
        own = f"{self.reader.instance}-{partition}"
        state.history.shelf = None if self.shelf is None else self.shelf(own, state.history.kept_by)
        if state.history.is_whole():
            return True
        then = "reads the whole log again" if first == 0 else "late samples of minutes before now count as expired"
        log(self.name).warning("horizon store is not here", partition=partition, because=then)
        if first > 0:
            state.history.lose()
            state.minutes.lost_ms = int(state.clocks.append.max(initial=NEVER))
        return first > 0

    def turn(self, max_wait: float) -> int:
        """What a failed flush kept goes out before anything new is read."""
        self._flush()
        records = self.reader.poll(max_wait)
        with self.instruments.step_duration.labels(self.name).time():
            for partition, mine in by_partition(records).items():
                self._take(partition, mine)
        self._flush()
        if self.committer.checkpoint_due():
            self._checkpoint()
            self._forget(records)
        elif self.committer.commit_due():
            self.committer.commit(self.spoken_to)
            self.poison.attempts.passed({partition: self.held[partition].position for partition in self._mine()})
            self._measure()
            self._put_away([history for history in self._histories() if history.size > MANY])
        self.lag.look()
        return len(records)

    def _flush(self) -> None:
        self.poison.flush()
        self.writer.flush()
        self.spoken_to = {partition: self.held[partition].aloud for partition in self._mine()}

    def _mine(self) -> list[int]:
        """What is in memory and not ours may be ours again; until then nothing is committed or saved of it."""
        return [partition for partition in self.reader.partitions if partition in self.held]

    def _saved(self) -> dict[int, Saved]:
        held = {partition: self.held[partition] for partition in self._mine()}
        return {
            partition: Saved(one.position, snapshot.dump(one.state, cut="lines")) for partition, one in held.items()
        }

    def _forget(self, records: list[Record]) -> None:
        """Once a day of the log's time, behind a checkpoint: what nobody can need any more goes."""
        day = max((record.append_ms for record in records), default=0) // DAY_MS
        if day > self.forgot_day:
            self.forgot_day = day
            for topic, keep_ms in self.keep_ms.items():
                self.log.forget(topic, day * DAY_MS - keep_ms)

    def _take(self, partition: int, records: list[Record]) -> None:
        try:
            for done in self.poison.works(self.held[partition].state, records):
                self._say(self.held[partition], done)
        except Spent as lost:
            self._go_back(partition, lost)

    def _worked(self, state: PartitionState, records: Sequence[Record]) -> Work:
        self.senders = self.senders.roomy()
        return worked(state, records, self.senders)

    def _go_back(self, partition: int, lost: Spent) -> None:
        """What was said is not said again."""
        self.poison.spent(partition, lost)
        restored = self._restore(partition, self.reader.committed(partition))
        self.reader.seek(partition, restored.position)
        self.held[partition] = replace(restored, aloud=max(self.held[partition].aloud, restored.aloud))

    def _say(self, held: Held, done: Work) -> None:
        held.state, partition = done.state, done.records[0].partition
        rejects = [reject for offset, reject in done.rejects if offset >= held.aloud]
        self.instruments.count_rejected({"poison": len(rejects)})
        self.writer.write(rejects + self.poison.told(done.records, held.aloud))
        self.writer.write(spoken(done.out, held.aloud, partition, held.heads, held.state.registry.paths))
        held.position = done.records[-1].offset + 1
        held.aloud = max(held.aloud, held.position)
        self._count(done.out)

    def _measure(self) -> None:
        """Over our partitions, once for each commit."""
        states = [self.held[partition].state for partition in self._mine()]
        self.instruments.watermark_lag.set(max(map(watermark_lag_ms, states), default=0) / 1000)
        self.instruments.silent_lines.set(sum(map(silent_lines, states)))
        self.instruments.ledger_gap.set(sum(map(ledger_gap, states)))
        self.instruments.horizon.memory.set(sum(state.history.size for state in states))
        self.instruments.horizon.disk.set(sum(state.history.shelved_size for state in states))

    def _count(self, out: Output) -> None:
        self.instruments.samples.inc(out.counts.get("received", 0))
        self.instruments.late_samples.inc(out.counts.get("late", 0) + out.counts.get("corrected", 0))
        self.instruments.unknown_states.inc(out.counts.get("unknown_states", 0))
        self.instruments.count_rejected({reason: out.counts.get(reason, 0) for reason in FRAMED})
        self.instruments.results.inc(sum(map(len, out.windows)) + sum(len(said.results) for said in out.results))
        self.instruments.alerts.inc(sum(len(said.alerts) for said in out.results))

    def close(self) -> None:
        """A clean end leaves a checkpoint, so that the next start has nothing to repeat; without one it repeats."""
        try:
            self._end()
        except Unavailable as error:
            log(self.name).warning("ends without a checkpoint", because=str(error))
        self.writer.close()
        self.reader.close()


def worked(state: PartitionState, records: Sequence[Record], senders: Senders) -> Work:
    """Records of one partition taken in; the state handed in is spent. What cannot be read becomes a reject with its
    place in the log, so that a repeat shows."""
    polled, refused = read_together(records, senders)
    unread = [(records[one.place], one.sentence) for one in refused]
    rejects = [(record.offset, rejected(record, SAMPLES, sentence)) for record, sentence in unread]
    return Work(*step(state, polled), rejects)


def by_partition(records: Sequence[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for record in records:
        found.setdefault(record.partition, []).append(record)
    return found
