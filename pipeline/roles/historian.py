"""The historian role: results.v1 and alerts.v1 in, the store out. One batch at a time, in order; then the commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.codecs import alerts_json, results_json
from pipeline.core.ports import Log, Record, Sink
from pipeline.runtime.instruments import Instruments
from pipeline.steps.historian import Identity, step


@dataclass
class Historian:
    log: Log
    sink: Sink
    instruments: Instruments
    instance: str = "historian"
    name: str = "historian"
    newest: Mapping[Identity, int] = field(default_factory=dict)
    pending: list[list[Record]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.readers = [self.log.reader(topic, self.name, self.instance) for topic in ("results.v1", "alerts.v1")]
        for reader in self.readers:
            for partition in reader.partitions:
                reader.seek(partition, reader.committed(partition) or reader.first_offset(partition))

    def turn(self, max_wait: float) -> int:
        """A batch that the store did not take is kept and sent again before anything else is read."""
        if not self.pending:
            results, alerts = self.readers
            found = results.poll(max_wait)
            self.pending = [found, alerts.poll(0.0)]
        read, raised = self.pending
        with self.instruments.step_duration.labels(self.name).time():
            rows = step(
                self.newest,
                [result for record in read for result in results_json.decode(record.value)],
                [alerts_json.decode(record.value) for record in raised],
            )
            if rows.results or rows.alerts:
                self.sink.write(rows.results, rows.alerts)
        self.newest = rows.newest
        for reader, records in zip(self.readers, self.pending, strict=True):
            if records:
                reader.commit({record.partition: record.offset + 1 for record in records})
        self.pending = []
        return len(read) + len(raised)

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
        self.sink.close()
