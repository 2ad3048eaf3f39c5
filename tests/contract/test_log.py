"""The contract of `pipeline.core.ports.Log`, run over every driver. A new driver is one line in DRIVERS."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.memory import MemoryLog
from connectors.partition import partition_of
from connectors.sqlite_log import SqliteLog
from pipeline.core.errors import Bug, ConfigError, Unavailable
from pipeline.core.ports import Clock, Log, Outgoing, Reader, Record
from pipeline.runtime.clock import WallClock
from tests.contract.kafka import real_kafka
from tests.hand_clock import HandClock

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
DAY = 86_400_000
A, B = b"line-a", b"line-c"  # in different partitions of two


def reopened_memory() -> Callable[[Path, Clock], Log]:
    logs: dict[Path, Log] = {}
    return lambda folder, clock: logs.setdefault(folder, MemoryLog(clock))


DRIVERS: dict[str, Callable[[], AbstractContextManager[Callable[[Path, Clock], Log]]]] = {
    "memory": lambda: nullcontext(reopened_memory()),
    "sqlite": lambda: nullcontext(SqliteLog),
    "kafka": real_kafka,
}
OWN_CLOCK = ("kafka",)  # its append time is the cluster's, that no test can step


@dataclass
class Bench:
    """One log under test, that can be closed and opened again."""

    reopen: Callable[[], Log]
    log: Log
    clock: HandClock
    has_own_clock: bool

    def append(self, *values: bytes, key: bytes = A, topic: str = "samples.v1") -> int:
        writer = self.log.writer()
        writer.write([Outgoing(topic, key, value) for value in values])
        newest = writer.flush()
        writer.close()
        return newest

    def assert_now(self, *append_ms: int) -> None:
        """Times that flushes returned just now: the hand clock's, or of a cluster nearly ours."""
        if self.has_own_clock:
            assert all(abs(at - WallClock().now_ms()) < 60_000 for at in append_ms)
        else:
            assert set(append_ms) == {self.clock.now}

    def all_records(self, topic: str = "samples.v1") -> list[Record]:
        reader = self.log.reader(topic, "")
        records = drained(reader)
        reader.close()
        return records


def drained(reader: Reader) -> list[Record]:
    records: list[Record] = []
    while more := reader.poll(0):
        records += more
    return records


def values(records: list[Record]) -> list[bytes]:
    return [record.value for record in records]


@pytest.fixture(params=DRIVERS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    clock = HandClock(START)
    with DRIVERS[request.param]() as driver:
        log = driver(tmp_path / "log", clock)
        log.ensure({"samples.v1": 1, "two.v1": 2})
        yield Bench(lambda: driver(tmp_path / "log", clock), log, clock, request.param in OWN_CLOCK)
        log.close()


def test_records_come_back_whole_and_in_the_order_of_writing(bench: Bench) -> None:
    writer, headers = bench.log.writer(), (("reason", b"clock"), ("empty", b""), ("reason", b"\x00\xff"), ("dấu", b"x"))
    writer.write([Outgoing("samples.v1", A, b"1", headers), Outgoing("samples.v1", b"", b"")])
    writer.write([Outgoing("samples.v1", B, b"3")])
    now = writer.flush()
    bench.assert_now(now)
    assert bench.all_records() == [
        Record(0, 0, now, A, b"1", headers),
        Record(0, 1, now, b"", b""),
        Record(0, 2, now, B, b"3"),
    ]


def test_unflushed_records_are_not_visible_and_are_gone_with_their_writer(bench: Bench) -> None:
    writer = bench.log.writer()
    writer.write([Outgoing("samples.v1", A, b"1")])
    assert bench.all_records() == []
    writer.close()
    assert bench.all_records() == []


def test_a_flush_of_nothing_gives_the_newest_append_time_again(bench: Bench) -> None:
    writer = bench.log.writer()
    assert writer.flush() == 0
    writer.write([Outgoing("samples.v1", A, b"1")])
    newest = writer.flush()
    bench.assert_now(newest)
    assert writer.flush() == newest


def test_offsets_go_on_after_the_log_is_opened_again(bench: Bench) -> None:
    bench.append(b"1", b"2")
    bench.log.close()
    bench.log = bench.reopen()
    bench.log.ensure({"samples.v1": 1, "two.v1": 2})
    bench.append(b"3")
    assert [(record.offset, record.value) for record in bench.all_records()] == [(0, b"1"), (1, b"2"), (2, b"3")]


@pytest.mark.parametrize("step", [1, 2 * DAY])
def test_append_time_never_falls_even_if_the_clock_steps_back(bench: Bench, step: int) -> None:
    times = []
    for now in (START, START + step, START, START + step + 1):
        bench.clock.now = now
        times.append(bench.append(b"x"))
    assert times == (sorted(times) if bench.has_own_clock else [START, START + step, START + step, START + step + 1])
    assert [record.append_ms for record in bench.all_records()] == times
    assert [record.offset for record in bench.all_records()] == [0, 1, 2, 3]


def test_a_reader_goes_on_over_the_end_of_a_day(bench: Bench) -> None:
    reader = bench.log.reader("samples.v1", "g")
    for day in range(3):
        bench.clock.now = START + day * DAY
        bench.append(b"%d" % day, b"again")
        assert values(reader.poll(0)) == [b"%d" % day, b"again"]
        assert reader.end_offset(0) == 2 * day + 2
    reader.seek(0, 3)
    assert [record.offset for record in drained(reader)] == [3, 4, 5]
    assert reader.first_offset(0) == 0
    reader.close()


def test_a_key_decides_the_partition_as_kafka_has_it(bench: Bench) -> None:
    bench.append(b"a1", b"a2", topic="two.v1")
    bench.append(b"b1", key=B, topic="two.v1")
    reader = bench.log.reader("two.v1", "")
    assert list(reader.partitions) == [0, 1]
    found = sorted((record.partition, record.offset, record.value) for record in drained(reader))
    a, b = partition_of(A, 2), partition_of(B, 2)
    assert a != b
    assert found == sorted([(a, 0, b"a1"), (a, 1, b"a2"), (b, 0, b"b1")])
    assert (reader.end_offset(a), reader.end_offset(b)) == (2, 1)
    reader.close()


def test_a_new_reader_of_the_group_goes_on_at_the_commit(bench: Bench) -> None:
    bench.append(b"1", b"2", b"3")
    reader = bench.log.reader("samples.v1", "g")
    assert reader.committed(0) is None
    drained(reader)
    reader.commit({0: 1})
    reader.commit({0: 2})
    reader.close()
    bench.log = bench.reopen()
    reader = bench.log.reader("samples.v1", "g")
    assert reader.committed(0) == 2
    assert values(drained(reader)) == [b"3"]
    reader.close()
    assert len(bench.all_records()) == 3


def test_seek_goes_back_and_forth_and_beyond_the_end(bench: Bench) -> None:
    bench.append(b"1", b"2", b"3")
    reader = bench.log.reader("samples.v1", "")
    for offset, expected in ((2, [b"3"]), (0, [b"1", b"2", b"3"]), (3, [])):
        reader.seek(0, offset)
        assert values(drained(reader)) == expected
    bench.append(b"4")
    assert values(drained(reader)) == [b"4"]
    reader.close()


def test_a_poll_is_bounded_by_bytes_but_always_gets_on(bench: Bench) -> None:
    bench.append(b"x" * 100, b"y" * 100, b"z" * 5000, b"w")
    reader = bench.log.reader("samples.v1", "")
    polls = []
    while records := reader.poll(0, max_bytes=250):
        polls.append([len(record.value) for record in records])
    assert polls == [[100, 100], [5000], [1]]
    reader.close()


def test_a_busy_partition_does_not_starve_another(bench: Bench) -> None:
    bench.append(*[b"x" * 100] * 10, topic="two.v1")
    bench.append(b"rare", key=B, topic="two.v1")
    reader = bench.log.reader("two.v1", "")
    first_two = [record for _ in range(2) for record in reader.poll(0, max_bytes=300)]
    assert b"rare" in values(first_two)
    reader.close()


def test_a_poll_waits_for_a_record_of_another_thread(bench: Bench) -> None:
    reader = bench.log.reader("samples.v1", "g")
    thread = threading.Timer(0.05, bench.append, [b"late"])
    thread.start()
    assert values(reader.poll(30)) == [b"late"]
    thread.join()
    reader.close()


def test_two_writers_at_once_lose_and_repeat_no_offset(bench: Bench) -> None:
    def write(name: bytes) -> None:
        writer = bench.log.writer()
        for number in range(40):
            bench.clock.now += 1_000_000  # several days go by on the way
            writer.write([Outgoing("two.v1", key, b"%s %d" % (name, number)) for key in (A, B)])
            writer.flush()
        writer.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in (b"one", b"two", b"three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = bench.all_records("two.v1")
    for partition in (0, 1):
        own = [record for record in records if record.partition == partition]
        assert [record.offset for record in own] == list(range(120))
        assert [record.append_ms for record in own] == sorted(record.append_ms for record in own)
        for name in (b"one ", b"two ", b"three "):
            numbers = [int(value.split()[1]) for value in values(own) if value.startswith(name)]
            assert numbers == list(range(40))
    assert set(Counter(values(records)).values()) == {2}


def test_a_group_and_topic_have_one_owner_who_is_named_until_he_closes(bench: Bench) -> None:
    reader = bench.log.reader("samples.v1", "worker/1", "first")
    with pytest.raises(Unavailable, match=r"'worker/1'.*samples.v1.*'first'"):
        bench.log.reader("samples.v1", "worker/1", "second")
    bench.log.reader("two.v1", "worker/1").close()
    bench.log.reader("samples.v1", "other").close()
    bench.log.reader("samples.v1", "").close()
    reader.close()
    reader.close()
    bench.log.reader("samples.v1", "worker/1", "second").close()


def test_a_reader_without_a_group_only_looks_on(bench: Bench) -> None:
    one, two = bench.log.reader("samples.v1", ""), bench.log.reader("samples.v1", "")
    with pytest.raises(Bug):
        one.commit({0: 1})
    one.close()
    two.close()


def test_a_topic_with_another_number_of_partitions_is_refused_in_one_line(bench: Bench) -> None:
    with pytest.raises(ConfigError, match=r"'two.v1'.*got 3; expected 2"):
        bench.log.ensure({"two.v1": 3})
    bench.log.ensure({"two.v1": 2})


def test_a_topic_that_was_never_ensured_is_our_own_mistake(bench: Bench) -> None:
    with pytest.raises(Bug, match=r"nowhere.v1"):
        bench.log.reader("nowhere.v1", "g")
    writer = bench.log.writer()
    writer.write([Outgoing("nowhere.v1", A, b"")])
    with pytest.raises(Bug, match=r"nowhere.v1"):
        writer.flush()


def test_a_write_only_remembers_and_a_flush_that_raises_keeps_everything_for_the_next_one(bench: Bench) -> None:
    writer = bench.log.writer()
    writer.write([Outgoing("samples.v1", A, b"1"), Outgoing("born-later.v1", A, b"2"), Outgoing("samples.v1", A, b"3")])
    writer.write([Outgoing("born-later.v1", A, b"4"), Outgoing("two.v1", A, b"5")])
    for _ in range(2):
        with pytest.raises(Bug, match=r"born-later.v1"):
            writer.flush()
    writer.write([Outgoing("samples.v1", A, b"6")])
    bench.log.ensure({"born-later.v1": 1})
    bench.clock.now += 5
    newest = writer.flush()
    bench.assert_now(newest)
    assert writer.flush() == newest
    assert values(bench.all_records()) == [b"1", b"3", b"6"]
    assert values(bench.all_records("born-later.v1")) == [b"2", b"4"]
    assert values(bench.all_records("two.v1")) == [b"5"]


def test_state_is_kept_whole_by_a_flush_and_found_by_prefix(bench: Bench) -> None:
    state = bench.log.state()
    state.put("worker/0/a", b"1")
    state.put("worker/0/ă", b"2")
    state.put("worker/1/a", b"3")
    state.put("worker/0/gone", b"4")
    assert state.load("worker/") == {}
    state.flush()
    state.put("worker/0/gone", None)
    state.put("worker/0/never", None)
    state.put("worker/0/a", b"")
    state.flush()
    state.flush()
    state.put("worker/0/a", b"unflushed")
    state.close()
    state = bench.reopen().state()
    assert state.load("worker/0/") == {"worker/0/a": b"", "worker/0/ă": b"2"}
    assert list(state.load("")) == ["worker/0/a", "worker/0/ă", "worker/1/a"]
    state.close()
