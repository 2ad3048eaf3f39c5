"""Records that make a worker fail, on every log: put aside once, decided for all who come later."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.frames import Kind, decode, encode
from pipeline.core.ports import Log, Outgoing, Record
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import SAMPLES, Worker
from pipeline.runtime.clock import WallClock, monotonic
from pipeline.runtime.instruments import Instruments
from tests.contract.test_log import DRIVERS
from tests.unit.roles.test_poison import failing, records
from tests.unit.roles.test_worker_groups import turn

__all__ = ["failing"]


@pytest.fixture(params=DRIVERS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    with DRIVERS[request.param]() as driver:
        opened = driver(tmp_path / "log", WallClock())
        opened.ensure(dict.fromkeys(TOPICS, 1))
        yield opened
        opened.close()


def everything(log: Log, topic: str) -> list[Record]:
    reader, found = log.reader(topic, ""), list[Record]()
    while reader.end_offset(0) > (found[-1].offset + 1 if found else 0):
        found += reader.poll(0.2)
    reader.close()
    return found


def worked_off(worker: Worker, log: Log) -> None:
    until = monotonic() + 30
    while not worker.held or worker.held[0].position < len(everything(log, SAMPLES)):
        turn(worker, random.random() < 0.3)
        assert monotonic() < until


@pytest.mark.usefixtures("failing")
def test_row_28_on_every_log_a_record_that_fails_is_put_aside_once_and_its_decision_found_by_the_next(log: Log) -> None:
    some, bad = records(3, 4, 1)
    writer = log.writer()
    writer.write([Outgoing(SAMPLES, line, value) for line, value, _ in some])
    writer.flush()
    writer.close()
    worker = Worker(log, Instruments())
    worked_off(worker, log)
    decided = worker.poison.skips[0]
    worker.close()
    rejects = everything(log, "rejects.v1")
    kept = [record.value for record in rejects if dict(record.headers)["reason"] == b"poison"]
    assert kept == [some[k][1] for k in sorted(bad)]
    frames = [decode(record.value) for record in everything(log, SAMPLES)]
    assert sum(frame.kind is Kind.SKIP for frame in frames) == len(decided) == len(bad)
    again = Worker(log, Instruments())
    worked_off(again, log)
    assert again.poison.skips[0] == decided
    assert encode(frames[0]) == some[0][1]
    again.close()
