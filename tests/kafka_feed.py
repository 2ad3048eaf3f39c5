"""Samples for the workers of a park on Kafka, and what they must say of them."""

from pipeline.core.frames import encode
from pipeline.core.ports import Log, Outgoing
from tests.crash import oracle
from tests.kafka_park import published, records
from tests.unit.steps.logs import random_log

LINES, SECONDS = 9, 60


class Feed:
    """A random log of many lines, written piece by piece."""

    def __init__(self, log: Log, pieces: int = 12, seed: int = 5) -> None:
        self.log, self.writer = log, log.writer()
        entries, _ = random_log(seed, SECONDS, LINES)
        self.records = [Outgoing("samples.v1", entry.line.encode(), encode(entry.frame)) for entry in entries]
        self.size = -(-len(self.records) // pieces)

    def write(self, pieces: int = 1) -> None:
        for _ in range(pieces):
            some, self.records = self.records[: self.size], self.records[self.size :]
            self.writer.write(some)
            self.writer.flush()


def assert_as_of_one(log: Log) -> None:
    """What all workers said is what one says that reads the log from its start: all of it, and one content each."""
    results, alerts = oracle.unbroken(records(log, "samples.v1"))
    wanted = {(*oracle.identity(r), r.revision): repr((r.values, r.coverage, r.formula)) for r in results}
    said, raised = published(log)
    assert len(wanted) > 1000
    assert said.keys() == wanted.keys()
    assert {key: found for key, found in said.items() if found != {wanted[key]}} == {}
    assert raised == {(alert.id, alert.transition): {repr(alert)} for alert in alerts}
