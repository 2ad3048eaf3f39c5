"""The benchmark of the worker, on a log in memory: a figure is given only where the results are right."""

import pytest

from connectors.memory import MemoryLog
from pipeline.bench.json_log import JsonLog
from pipeline.bench.loads import FIRST_MS, POLL_MS, Mismatch, Shape, make_load
from pipeline.bench.log_load import JSON, as_json, write
from pipeline.bench.plain_windows import PlainWindows
from pipeline.bench.worker_rounds import Round, topics
from pipeline.core.ports import Outgoing
from pipeline.roles.worker import SAMPLES
from pipeline.runtime.clock import VirtualClock

PARTITIONS, SECONDS = 2, 30
SHAPE = Shape(3, 2, 2, 2)


def written(alone: bool) -> tuple[MemoryLog, Round]:
    clock = VirtualClock(FIRST_MS + SECONDS * POLL_MS)
    log = MemoryLog(clock)
    log.ensure(topics(PARTITIONS))
    load = make_load(SHAPE, SECONDS, 100)
    write(log, load, alone)
    until_ms = FIRST_MS + (SECONDS - 5) * POLL_MS
    return log, Round(JsonLog(log) if alone else log, load, PARTITIONS, 0, until_ms)


@pytest.mark.parametrize("alone", [False, True], ids=["frames", "one JSON sample a record"])
def test_every_round_reads_the_whole_log_and_its_results_are_right(alone: bool) -> None:
    _, mine = written(alone)
    assert mine.rate("round-0") > 0
    assert mine.rate("round-1") > 0


@pytest.mark.parametrize("topic, alone", [(SAMPLES, False), (JSON, True)])
def test_a_record_that_the_log_has_lost_is_found(topic: str, alone: bool) -> None:
    log, mine = written(alone)
    records = next(records for records in log.topics[topic] if records)
    records[:] = [*records[:40], *(shifted(record) for record in records[41:])]
    with pytest.raises(Mismatch, match="samples"):
        mine.rate("round-0")


def test_a_sample_that_nobody_sent_is_found() -> None:
    log, mine = written(True)
    one = next(records for records in log.topics[JSON] if records)[-1]
    writer = log.writer()
    writer.write([Outgoing(JSON, one.key, one.value)])
    writer.flush()
    with pytest.raises(Mismatch, match="samples"):
        mine.rate("round-0")


def test_a_window_that_says_something_else_is_found() -> None:
    _, mine = written(False)
    mine.load.distinct.v[7] += 1.0
    with pytest.raises(Mismatch, match="wrong"):
        mine.rate("round-0")


def test_the_plain_loop_does_the_same_windows() -> None:
    load = make_load(SHAPE, SECONDS, 100)
    windows, closed = PlainWindows(), 0
    for poll in load.polls:
        for record in as_json(poll, True):
            windows.take(record.key, record.value)
        closed += len(windows.closed())
    sent = sum(len(poll.t) for poll in load.raw)
    assert windows.samples == sent
    assert closed == 2 * SHAPE.size + SHAPE.size  # two of 10 s, one of a minute
    assert sum(window.count for window in windows.open.values()) < sent


def shifted(record):
    return type(record)(record.partition, record.offset - 1, record.append_ms, record.key, record.value)
