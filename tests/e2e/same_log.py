"""The embedded chain on a copy of another log: the same records and append times, all lines in one partition."""

from pathlib import Path

from connectors.local_store import LocalStore
from connectors.sqlite_log import SqliteLog
from pipeline.core.ports import Log, Outgoing, Record
from pipeline.roles.historian import Historian
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import SAMPLES, Worker
from pipeline.runtime.instruments import Instruments
from tests.hand_clock import HandClock
from tests.kafka_park import records


def by_append_time(found: list[Record]) -> list[Record]:
    """Each partition in its own order."""
    return sorted(found, key=lambda record: record.append_ms)


def copied_log(source: Log, folder: Path) -> Log:
    clock = HandClock(0)
    log = SqliteLog(folder, clock)
    log.ensure(dict.fromkeys(TOPICS, 1))
    writer = log.writer()
    for record in by_append_time(records(source, SAMPLES)):
        if record.append_ms != clock.now:
            writer.flush()
            clock.now = record.append_ms
        writer.write([Outgoing(SAMPLES, record.key, record.value, record.headers)])
    writer.flush()
    writer.close()
    return log


def stored_from(log: Log, store: Path) -> LocalStore:
    """What a worker and a historian make of the whole log."""
    worker, historian = Worker(log, Instruments()), Historian(log, LocalStore(store), Instruments())
    for role in (worker, historian):
        while role.turn(0.0):
            pass
        role.close()
    return LocalStore(store)
