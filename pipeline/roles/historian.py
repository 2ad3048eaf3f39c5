"""The historian role: results.v1 and alerts.v1 in, the store out. One batch at a time, in order; then the commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.codecs import alerts_json, results_json
from pipeline.core.errors import ParkPulseError
from pipeline.core.ports import Log, Outgoing, Record, Sink
from pipeline.core.results import Result, Transition
from pipeline.roles.culprits import ON_PURPOSE, culprits, named
from pipeline.roles.reading import Lag, Place, readable, rejected
from pipeline.roles.unstorable import rejects
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
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
            try:
                out = self._stored(batch.results, batch.alerts)
            except (ParkPulseError, *ON_PURPOSE):
                raise
            except BaseException:
                out = self._stored_each(batch.records)
        self.batch = Batch(batch.records, [], [])
        self._put_aside(out)

    def _put_aside(self, out: Sequence[Outgoing]) -> None:
        self.writer.write(out)
        self.instruments.count_rejected({"poison": sum(int(dict(one.headers)["samples"]) for one in out)})

    def _stored(self, results: Sequence[Result], alerts: Sequence[Transition]) -> list[Outgoing]:
        """May be done again. What the store can never take, as rejects."""
        rows = step(self.newest, results, alerts)
        unstorable = self.sink.write(rows.results, rows.alerts) if rows.results or rows.alerts else ()
        self.newest = rows.newest
        return rejects(unstorable)

    def _stored_each(self, records: tuple[list[Record], list[Record]]) -> list[Outgoing]:
        """Records that cannot be worked off are found by halves and go aside; the others are stored."""
        places = [(topic, record) for topic, some in zip(READS, records, strict=True) for record in some]
        out: list[Outgoing] = []

        def stored(some: Sequence[tuple[str, Record]]) -> None:
            several, _ = readable([r for topic, r in some if topic == "results.v1"], "results.v1", results_json.decode)
            alerts, _ = readable([r for topic, r in some if topic == "alerts.v1"], "alerts.v1", alerts_json.decode)
            out.extend(self._stored([result for results in several for result in results], alerts))

        for at, error in culprits(places, stored).items():
            topic, record = places[at]
            out.append(rejected(record, topic, named(error)))
            log(self.name).error(
                "skips a record", because=named(error), partition=record.partition, offset=record.offset
            )
        return out

    def _read(self, max_wait: float) -> Batch:
        first, second = self.readers
        read, raised = first.poll(max_wait), second.poll(0.0)
        several, bad = readable(read, "results.v1", results_json.decode)
        alerts, worse = readable(raised, "alerts.v1", alerts_json.decode)
        self._put_aside([*bad, *worse])
        return Batch((read, raised), [result for results in several for result in results], alerts)

    def taken(self, topic: str) -> int:
        """Sum of the offsets up to which this topic is in the store; any thread may ask."""
        return self.places[topic == "alerts.v1"].committed

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
        self.sink.close()
