"""The historian role: results.v1 and alerts.v1 in, the store out. One batch at a time, in order; then the commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.codecs import alerts_json, results_json
from pipeline.core.ports import Log, Record, Sink
from pipeline.roles.reading import readable, resume
from pipeline.runtime.instruments import Instruments
from pipeline.steps.historian import Identity, step


@dataclass
class Historian:
    log: Log
    sink: Sink
    instruments: Instruments
    instance: str = "historian"
    name: str = "historian"
    trouble: str = ""
    newest: Mapping[Identity, int] = field(default_factory=dict)
    pending: list[list[Record]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = self.log.writer()
        self.readers = [self.log.reader(topic, self.name, self.instance) for topic in ("results.v1", "alerts.v1")]
        for reader in self.readers:
            resume(reader)

    def turn(self, max_wait: float) -> int:
        """A batch that the store did not take is kept and sent again before anything else is read."""
        if not self.pending:
            first, second = self.readers
            found = first.poll(max_wait)
            self.pending = [found, second.poll(0.0)]
        read, raised = self.pending
        with self.instruments.step_duration.labels(self.name).time():
            results, bad = readable(read, "results.v1", results_json.decode)
            alerts, worse = readable(raised, "alerts.v1", alerts_json.decode)
            rows = step(self.newest, [result for several in results for result in several], alerts)
            self.writer.write([*bad, *worse])
            self.writer.flush()
            if rows.results or rows.alerts:
                self.sink.write(rows.results, rows.alerts)
        self.newest = rows.newest
        for reader, records in zip(self.readers, self.pending, strict=True):
            if records:
                reader.commit({record.partition: record.offset + 1 for record in records})
        self.pending = []
        return len(read) + len(raised)

    def taken(self, topic: str) -> int:
        """Sum of the offsets up to which this topic is in the store."""
        reader = self.readers[topic == "alerts.v1"]
        return sum(reader.committed(partition) or 0 for partition in reader.partitions)

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
        self.sink.close()
