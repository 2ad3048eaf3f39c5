"""The historian role on a memory log: batches in order, what cannot be read kept once, a store away."""

import pytest

from connectors.codecs import alerts_json, results_json
from connectors.memory import MemoryLog, MemoryReader
from connectors.memory_store import MemoryStore
from connectors.sqlite_log import SqliteLog
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Outgoing, Unstorable
from pipeline.core.results import Result, Transition
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
        return super().write(results, alerts)


class PickyStore(MemoryStore):
    """A store that can never take some metrics."""

    def write(self, results, alerts):
        super().write([r for r in results if r.name != "bad"], [])
        refused = [Unstorable(r, "field mean: no") for r in results if r.name == "bad"]
        return [*refused, *(Unstorable(t, "time: no") for t in alerts)]


class FullLog(MemoryLog):
    """Takes no commit while it is full; its writers fail at their second flush where asked."""

    is_full = False
    fails_at = 0

    def reader(self, topic, group, instance="", owner=None):
        return FullReader(self, topic, group, instance, owner)

    def writer(self):
        return FullWriter(super().writer(), self.fails_at) if self.fails_at else super().writer()


class FullReader(MemoryReader):
    def commit(self, offsets):
        if self._log.is_full:
            raise Unavailable("disk: full")
        super().commit(offsets)


class FullWriter:
    def __init__(self, inner, fails_at):
        self.inner, self.fails_at, self.flushes = inner, fails_at, 0
        self.write = inner.write

    def flush(self):
        self.flushes += 1
        if self.flushes == self.fails_at:
            raise Unavailable("log: full")
        return self.inner.flush()


def started(store, fails_at=0):
    log = FullLog(VirtualClock(1_780_000_000_000))
    log.fails_at = fails_at
    log.ensure({"results.v1": 1, "alerts.v1": 1, "rejects.v1": 1})
    instruments = Instruments()
    return log, instruments, Historian(log, store, instruments)


def result(start, name="m"):
    return Result("metric", "park/line-1/u", name, 10, start, None, 0, {"count": 1}, 1.0)


ALERT = Transition(
    "i1", 0, "cold", "park/line-1/u", 1, "unack", "norm", 0, 0, 1.0, 2.0, "", "", "", "", "", "i1", 0, True
)  # fmt: skip


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


def test_what_the_store_can_never_take_is_put_aside_whole_and_once_also_when_the_log_is_full():
    store = PickyStore()
    log, _, historian = started(store, fails_at=2)
    writer = MemoryLog.writer(log)
    bad = [result(0, "bad"), result(10_000, "bad")]
    writer.write([Outgoing("results.v1", LINE, results_json.encode([result(0), *bad]))])
    writer.write([Outgoing("alerts.v1", LINE, alerts_json.encode(ALERT))])
    writer.flush()
    with pytest.raises(Unavailable):
        historian.turn(0.0)
    historian.turn(0.0)
    assert store.read("metric")["name"].to_list() == ["m"]
    first, second = rejects(log)
    assert alerts_json.decode(first.value) == ALERT
    assert results_json.decode(second.value) == bad
    assert dict(second.headers) == {
        "reason": b"poison", "samples": b"2", "topic": b"results.v1",
        "sentence": b"store: it can never take this: field mean: no; put aside",
    }  # fmt: skip
    assert historian.taken("results.v1") == 1
