"""The historian role on a memory log: batches in order, what cannot be read kept once, a store away."""

import pytest

from connectors.codecs import results_json
from connectors.memory import MemoryLog, MemoryReader
from connectors.memory_store import MemoryStore
from connectors.sqlite_log import SqliteLog
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Outgoing
from pipeline.core.results import Result
from pipeline.roles.historian import Historian
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments

LINE = b"park/line-1"


class AwayStore(MemoryStore):
    """A store that is away for so many calls."""

    def __init__(self, away: int) -> None:
        super().__init__()
        self.away = away

    def write(self, results, alerts):
        if self.away:
            self.away -= 1
            raise Unavailable("store: away")
        super().write(results, alerts)


class FullLog(MemoryLog):
    """Takes no commit while it is full."""

    is_full = False

    def reader(self, topic, group, instance=""):
        return FullReader(self, topic, group, instance)


class FullReader(MemoryReader):
    def commit(self, offsets):
        if self._log.is_full:
            raise Unavailable("disk: full")
        super().commit(offsets)


def started(store):
    log = FullLog(VirtualClock(1_780_000_000_000))
    log.ensure({"results.v1": 1, "alerts.v1": 1, "rejects.v1": 1})
    instruments = Instruments()
    return log, instruments, Historian(log, store, instruments)


def result(start):
    return Result("metric", "park/line-1/u", "m", 10, start, None, 0, {"count": 1}, 1.0)


def rejects(log):
    return log.reader("rejects.v1", "look").poll(0.0)


def test_while_the_store_is_away_rejects_are_written_once_and_nothing_is_lost():
    store = AwayStore(3)
    log, _, historian = started(store)
    writer = log.writer()
    writer.write([Outgoing("results.v1", LINE, results_json.encode([result(0)])), Outgoing("results.v1", LINE, b"no")])
    writer.flush()
    for _ in range(3):
        with pytest.raises(Unavailable):
            historian.turn(0.0)
    assert store.read("metric").is_empty()
    historian.turn(0.0)
    assert len(store.read("metric")) == 1
    [reject] = rejects(log)
    assert dict(reject.headers)["samples"] == b"1"
    assert dict(reject.headers)["sentence"].startswith(b"results.v1, partition 0, offset 1: ")
    assert historian.taken("results.v1") == 2


def test_what_could_not_be_committed_is_committed_later_though_nothing_new_comes():
    store = MemoryStore()
    log, _, historian = started(store)
    writer = log.writer()
    writer.write([Outgoing("results.v1", LINE, results_json.encode([result(0)]))])
    writer.flush()
    log.is_full = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            historian.turn(0.0)
    log.is_full = False
    historian.turn(0.0)
    assert historian.taken("results.v1") == 1
    assert len(store.read("metric")) == 1


def test_records_that_wait_are_counted():
    log, instruments, historian = started(MemoryStore())
    writer = log.writer()
    writer.write([Outgoing("results.v1", LINE, results_json.encode([result(k)])) for k in range(5)])
    writer.flush()
    historian.lag.look()
    assert instruments.registry.get_sample_value("parkpulse_consumer_lag_records", {"role": "historian"}) == 5
    historian.turn(0.0)
    historian.lag.due = 0.0
    historian.lag.look()
    assert instruments.registry.get_sample_value("parkpulse_consumer_lag_records", {"role": "historian"}) == 0


def test_how_far_it_is_may_be_asked_by_any_thread_for_it_asks_no_reader(tmp_path):
    log = SqliteLog(tmp_path, VirtualClock(1_780_000_000_000))
    log.ensure({"results.v1": 1, "alerts.v1": 1, "rejects.v1": 1})
    writer = log.writer()
    writer.write([Outgoing("results.v1", LINE, results_json.encode([result(k)])) for k in range(3)])
    writer.flush()
    for told in (0, 3):
        historian = Historian(log, MemoryStore(), Instruments())
        assert (historian.taken("results.v1"), historian.taken("alerts.v1")) == (told, 0)
        historian.turn(0.0)
        historian.close()
        assert (historian.taken("results.v1"), historian.taken("alerts.v1")) == (3, 0)
