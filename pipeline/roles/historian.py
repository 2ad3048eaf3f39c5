"""The historian role: results.v1 and alerts.v1 in, the store out. One batch at a time, in order; then the commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.codecs import alerts_json, results_json
from pipeline.core.ports import Log, Record, Sink
from pipeline.core.results import Result, Transition
from pipeline.roles.reading import Lag, Place, readable
from pipeline.roles.unstorable import rejects
from pipeline.runtime.instruments import Instruments
from pipeline.steps.historian import Identity, step

READS = ("results.v1", "alerts.v1")


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of both topics, and what could be read of them."""

    records: tuple[list[Record], list[Record]]
    results: list[Result]
    alerts: list[Transition]


@dataclass
class Historian:
    log: Log
    sink: Sink
    instruments: Instruments
    instance: str = "historian"
    name: str = "historian"
    trouble: str = ""
    newest: Mapping[Identity, int] = field(default_factory=dict)
    batch: Batch | None = None

    def __post_init__(self) -> None:
        self.writer = self.log.writer()
        self.readers = [self.log.reader(topic, self.name, self.instance) for topic in READS]
        self.lag = Lag(self.instruments, self.name, self.readers)
        self.places = [Place(reader) for reader in self.readers]

    def turn(self, max_wait: float) -> int:
        """A batch that the store or the commit did not take is kept and sent again before anything else is read."""
        if self.batch is None:
            self.batch = self._read(max_wait)
        batch = self.batch
        self.writer.flush()
        if batch.results or batch.alerts:
            self._store(batch)
            self.writer.flush()
        for place, records in zip(self.places, batch.records, strict=True):
            place.commit(records)
        self.batch = None
        self.lag.look()
        return sum(map(len, batch.records))

    def _store(self, batch: Batch) -> None:
        """What the store has, or can never take, is no more part of the batch."""
        with self.instruments.step_duration.labels(self.name).time():
            rows = step(self.newest, batch.results, batch.alerts)
            unstorable = self.sink.write(rows.results, rows.alerts) if rows.results or rows.alerts else ()
        self.newest, self.batch = rows.newest, Batch(batch.records, [], [])
        self.writer.write(rejects(unstorable))

    def _read(self, max_wait: float) -> Batch:
        first, second = self.readers
        read, raised = first.poll(max_wait), second.poll(0.0)
        several, bad = readable(read, "results.v1", results_json.decode)
        alerts, worse = readable(raised, "alerts.v1", alerts_json.decode)
        self.writer.write([*bad, *worse])
        return Batch((read, raised), [result for results in several for result in results], alerts)

    def taken(self, topic: str) -> int:
        """Sum of the offsets up to which this topic is in the store; any thread may ask."""
        return self.places[topic == "alerts.v1"].committed

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
        self.sink.close()
