"""Readers that share a topic, over every log that can: nothing is read by two at once, nothing is left out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.partition import partition_of
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Log, Outgoing, Reader
from pipeline.runtime.clock import monotonic
from tests.contract.test_log import DRIVERS, START, HandClock

TOPIC, PARTITIONS = "samples.v1", 4
KEYS = [next(b"line-%d" % n for n in range(99) if partition_of(b"line-%d" % n, PARTITIONS) == p) for p in range(4)]


class Reads:
    """An owner that reads all he has, and commits it when it is asked back."""

    def __init__(self, log: Log, instance: str = "worker") -> None:
        self.values: list[bytes] = []
        self.done: dict[int, int] = {}
        self.calls: list[str] = []
        self.trouble = 0  # so many calls find their world away
        self.reader: Reader = log.reader(TOPIC, "g", instance, self)

    def take(self, partitions) -> None:
        self._called("take", partitions)
        self.done = {}

    def give(self, partitions) -> None:
        self._called("give", partitions)
        self.reader.commit(self.done)

    def _called(self, what, partitions) -> None:
        self.calls.append(f"{what} {','.join(map(str, partitions))}")
        if self.trouble:
            self.trouble -= 1
            raise Unavailable("away")

    def poll(self) -> None:
        for record in self.reader.poll(0.02):
            assert record.partition in self.reader.partitions
            self.values.append(record.value)
            self.done[record.partition] = record.offset + 1

    @property
    def mine(self) -> list[int]:
        return list(self.reader.partitions)


class Bench:
    def __init__(self, log: Log, is_shared: bool) -> None:
        self.log, self.is_shared = log, is_shared
        self.written: list[bytes] = []

    def write(self) -> None:
        writer, number = self.log.writer(), len(self.written)
        values = [b"%d" % (number + k) for k in range(8)]
        writer.write([Outgoing(TOPIC, KEYS[k % 4], value) for k, value in enumerate(values)])
        writer.flush()
        writer.close()
        self.written += values


@pytest.fixture(params=DRIVERS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with DRIVERS[request.param]() as driver:
        log = driver(tmp_path / "log", HandClock(START))
        log.ensure({TOPIC: PARTITIONS})
        yield Bench(log, request.param != "sqlite")
        log.close()


def poll_until(fact: Callable[[], bool], *owners: Reads, seconds: float = 30.0) -> None:
    until = monotonic() + seconds
    while not fact():
        assert monotonic() < until, [(owner.mine, owner.calls) for owner in owners]
        for owner in owners:
            owner.poll()


def test_one_alone_takes_everything_and_reads_it(bench: Bench) -> None:
    bench.write()
    one = Reads(bench.log)
    assert one.mine == [] or not bench.is_shared
    poll_until(lambda: len(one.values) == 8, one)
    assert one.mine == [0, 1, 2, 3]
    assert one.calls == ["take 0,1,2,3"]
    one.reader.close()


def test_who_comes_gets_his_share_behind_the_commit_of_who_had_it_and_all_when_that_one_ends(bench: Bench) -> None:
    bench.write()
    one = Reads(bench.log)
    poll_until(lambda: len(one.values) == 8, one)
    if not bench.is_shared:
        with pytest.raises(Unavailable, match="held by"):
            Reads(bench.log)
        one.reader.close()
        return
    two = Reads(bench.log)
    assert len({one.reader.instance, two.reader.instance}) == 2
    poll_until(lambda: len(one.mine) == len(two.mine) == 2, one, two)
    assert one.calls == ["take 0,1,2,3", "give 0,1,2,3", "take 0,1"]
    assert two.mine == [2, 3]
    bench.write()
    poll_until(lambda: len(one.values) + len(two.values) == 16, one, two)
    assert sorted(one.values + two.values) == sorted(bench.written)
    assert len(two.values) == 4
    one.reader.commit(one.done)
    one.reader.close()
    poll_until(lambda: two.mine == [0, 1, 2, 3], two)
    bench.write()
    poll_until(lambda: len(one.values) + len(two.values) == 24, two)
    assert sorted(one.values + two.values) == sorted(bench.written)
    two.reader.close()


def test_what_fails_while_giving_or_taking_is_done_again(bench: Bench) -> None:
    bench.write()
    one = Reads(bench.log)
    one.trouble = 2
    calls = 0
    while not one.values:
        try:
            one.poll()
        except Unavailable:
            calls += 1
    assert (calls, one.calls) == (2, ["take 0,1,2,3"] * 3)
    if bench.is_shared:
        poll_until(lambda: len(one.values) == 8, one)
        two = Reads(bench.log)
        one.trouble = 1
        with pytest.raises(Unavailable):
            poll_until(lambda: False, one, two)
        assert two.mine == []
        poll_until(lambda: len(two.mine) == 2, one, two)
        assert one.calls[3:5] == ["give 0,1,2,3"] * 2
        assert two.values == []
        two.reader.close()
    one.reader.close()


def test_what_went_to_another_cannot_be_committed(bench: Bench) -> None:
    if not bench.is_shared:
        pytest.skip("one reader has everything")
    one, two = Reads(bench.log), Reads(bench.log)
    poll_until(lambda: len(one.mine) == len(two.mine) == 2, one, two)
    with pytest.raises(Unavailable, match="went to another instance"):
        one.reader.commit({two.mine[0]: 1})
    one.reader.commit({one.mine[0]: 0})
    with pytest.raises(Unavailable, match="held by"):
        bench.log.reader(TOPIC, "g", "alone")
    one.reader.close()
    two.reader.close()
