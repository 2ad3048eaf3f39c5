"""Roles and a store that break one promise each: what the checks must find."""

from connectors.memory_store import MemoryStore
from pipeline.roles.gateway import Gateway
from pipeline.roles.historian import Historian
from pipeline.roles.notifier import Notifier
from pipeline.roles.worker import Held, Worker
from pipeline.steps.partition import PartitionState
from tests.simulation.world import Parts


class AcknowledgesFirst(Gateway):
    """Settles what the log does not have yet."""

    def _flush(self):
        if any(self.unsettled):
            self.source.settle(self.unsettled)
            self.unsettled = [[] for _ in self.setup.grammars]
        super()._flush()


class CommitsFirst(Worker):
    """Commits what is not flushed yet."""

    def _take(self, partition, records):
        self.reader.commit({partition: records[-1].offset + 1})
        super()._take(partition, records)


class BeginsEmpty(Worker):
    """Begins where the commit is, with nothing in mind."""

    def _restore(self, partition, committed):
        return Held(PartitionState(), committed or 0, committed or 0)


class TrustsItsMemory(Worker):
    """Goes on with what it has in memory of a partition that others had meanwhile."""

    def _begin(self, partition):
        kept = self.held.get(partition)
        if kept is None:
            return super()._begin(partition)
        committed = self.reader.committed(partition) or 0
        return Held(kept.state, max(kept.position, committed), max(kept.aloud, committed))


class CommitsBeforeTheStore(Historian):
    """Is done with a batch before the store has it."""

    def _store(self, batch):
        for place, records in zip(self.places, batch.records, strict=True):
            place.commit(records)
        super()._store(batch)


class ForgetsToPublish(Notifier):
    """Remembers, then publishes: what a crash finds in between is never told."""

    def turn(self, max_wait):
        later = []
        publish, self.sink.publish = self.sink.publish, later.extend
        try:
            taken = super().turn(max_wait)
        finally:
            self.sink.publish = publish
        if later:
            self.sink.publish(later)
        return taken


class KeepsTheFirst(MemoryStore):
    """Keeps what it has, whatever the revision."""

    def write(self, results, alerts):
        for result in results:
            key = (result.kind, result.equipment, result.name, result.window_s, result.window_start, "")
            if key not in self._results:
                super().write([result], ())
        return super().write((), alerts)


MUTANTS = {
    mutant.__name__: (mutant, Parts(**{part: mutant}))
    for part, several in {
        "gateway": (AcknowledgesFirst,),
        "worker": (CommitsFirst, BeginsEmpty, TrustsItsMemory),
        "historian": (CommitsBeforeTheStore,),
        "notifier": (ForgetsToPublish,),
        "store": (KeepsTheFirst,),
    }.items()
    for mutant in several
}
