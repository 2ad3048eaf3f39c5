"""Checkpoints in the state store of every log: three slots, torn ones, other instances, those that come too late."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from connectors.memory import MemoryLog
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Log, StateStore
from pipeline.runtime.checkpoint import Committer
from pipeline.runtime.slots import CHUNK, Saved, Slots
from pipeline.runtime.snapshot import Snapshot
from tests.contract.test_log import DRIVERS, START, HandClock

BIG = bytes(range(256)) * 10_000  # three chunks


@pytest.fixture(params=DRIVERS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    with DRIVERS[request.param]() as driver:
        opened = driver(tmp_path / "log", HandClock(START))
        opened.ensure({"samples.v1": 1})
        yield opened
        opened.close()


class Torn:
    """A state store that is gone after so many keys were put, each of them flushed."""

    def __init__(self, store: StateStore, room: int) -> None:
        self.store, self.room = store, room

    def put(self, key: str, value: bytes | None) -> None:
        if self.room:
            self.room -= 1
            self.store.put(key, value)
            self.store.flush()

    def flush(self) -> None: ...

    def load(self, prefix: str) -> dict[str, bytes]:
        return self.store.load(prefix)

    def close(self) -> None: ...


def slots(log: Log, instance: str = "one") -> Slots:
    return Slots(log.state(), "worker", instance)


def saved(offset: int, state: bytes = b"state", **more: bytes) -> Saved:
    return Saved(offset, Snapshot({"state": state, **more}, "digest", 7))


def save(of: Slots, offset: int, state: bytes = b"state") -> None:
    of.save(0, saved(offset, state))
    of.store.flush()


def states(log: Log) -> list[bytes]:
    return [found.state.parts["state"] for found in slots(log).load(0)]


def offsets(log: Log) -> list[int]:
    return [found.offset for found in slots(log).load(0)]


def keys(log: Log) -> list[str]:
    return list(log.state().load("worker/0/"))


def test_the_last_three_checkpoints_are_kept_whole_and_the_newest_comes_first(log: Log) -> None:
    own = slots(log)
    for offset in range(5):
        save(own, offset, BIG + bytes([offset]))
    assert offsets(log) == [state[-1] for state in states(log)] == [4, 3, 2]
    kept = log.state().load("worker/0/")
    assert max(map(len, kept.values())) == CHUNK
    assert sorted({key.split("/")[3] for key in kept}) == ["0", "1", "2"]
    save(own, 5)
    assert [len(state) for state in states(log)] == [5, len(BIG) + 1, len(BIG) + 1]
    assert len(keys(log)) == 2 + 4 + 4


def test_the_next_life_of_an_instance_goes_on_in_the_next_slot(log: Log) -> None:
    for offset in range(7):
        own = slots(log)
        list(own.load(0))
        save(own, offset)
    assert offsets(log) == [6, 5, 4]


@pytest.mark.parametrize("change", [lambda _: None, lambda value: value[:-1], lambda value: b"\xff" + value[1:]])
def test_a_checkpoint_of_which_anything_is_missing_or_changed_falls_back_to_the_one_before(log: Log, change) -> None:
    own = slots(log)
    for offset in range(3):
        save(own, offset, BIG)
    store = log.state()
    whole = store.load("worker/0/one/2/")
    assert len(whole) == 4
    for key, value in whole.items():
        store.put(key, change(value))
        store.flush()
        assert offsets(log) == [1, 0]
        store.put(key, value)
    store.put("worker/0/one/1/chunk/state/1", None)
    store.flush()
    assert offsets(log) == [2, 0]
    for slot in range(3):
        store.put(f"worker/0/one/{slot}/chunk/state/0", b"")
    store.flush()
    assert offsets(log) == []


def test_a_checkpoint_cut_off_anywhere_leaves_an_earlier_one(log: Log) -> None:
    for room in range(6):
        own = slots(log, f"life-{room}")
        for offset in range(10 * room, 10 * room + 3):
            save(own, offset, BIG)
        own.store = Torn(own.store, room)
        save(own, 10 * room + 3, BIG[:CHUNK] + b"next")  # two chunks, one that is gone, the manifest
        newest = next(slots(log).load(0))
        assert newest.offset == 10 * room + (3 if room >= 4 else 2)
        assert newest.state.parts["state"] == (BIG[:CHUNK] + b"next" if room >= 4 else BIG)


def test_of_several_instances_the_highest_offset_counts_and_each_writes_its_own_keys_only(log: Log) -> None:
    zombie, owner = slots(log, "zombie"), slots(log, "owner")
    save(zombie, 10)
    assert [found.offset for found in owner.load(0)] == [10]
    save(owner, 20, b"of the owner")
    before = {key: value for key, value in log.state().load("worker/").items() if "/owner/" in key}
    for offset in range(11, 16):
        save(zombie, offset)
    after = log.state().load("worker/")
    assert {key: value for key, value in after.items() if "/owner/" in key} == before
    assert next(slots(log).load(0)) == saved(20, b"of the owner")


def test_the_owner_removes_what_others_left_behind_his_second_checkpoint_and_its_commit(log: Log) -> None:
    save(slots(log, "gone"), 5)
    own = slots(log, "owner")
    list(own.load(0))
    reader, writer = log.reader("samples.v1", "worker", "owner"), log.writer()
    committer = Committer(reader, writer, own)
    committer.checkpoint({0: saved(6, b"first")}, {0: 6})
    assert offsets(log) == [6, 5]
    committer.checkpoint({0: saved(7, b"second")}, {0: 7})
    assert offsets(log) == [7, 6]
    assert {key.split("/")[2] for key in keys(log)} == {"owner"}
    save(slots(log, "late"), 8)
    committer.checkpoint({0: saved(9, b"third")}, {0: 9})
    assert offsets(log) == [9, 8, 7, 6]  # the late one came behind the load: the next owner removes it
    reader.close()
    writer.close()


class Idle:
    """An owner that does nothing with what is his."""

    def take(self, partitions: Sequence[int]) -> None: ...

    def give(self, partitions: Sequence[int]) -> None: ...


def test_one_that_may_not_commit_removes_nothing() -> None:
    log = MemoryLog(HandClock(START))
    log.ensure({"samples.v1": 1})
    save(slots(log, "owner"), 5)
    reader, writer = log.reader("samples.v1", "worker", "zombie", Idle()), log.writer()
    reader.poll(0)
    zombie = slots(log, reader.instance)
    list(zombie.load(0))
    committer = Committer(reader, writer, zombie)
    log.expel("samples.v1", "worker", "zombie")
    for offset in (6, 7, 8):
        with pytest.raises(Unavailable):
            committer.checkpoint({0: saved(offset, b"z")}, {0: offset})
    assert "worker/0/owner/0/manifest" in keys(log)
    log.reader("samples.v1", "worker", "owner", Idle()).poll(0)
    assert next(slots(log).load(0)).offset == 8


def test_a_checkpoint_keeps_its_parts_in_order_each_in_chunks_of_its_own(log: Log) -> None:
    own, several = slots(log), saved(3, BIG, **{"lines/7": b"of line 7", "lines/4": b"", "clocks": BIG[:CHUNK]})
    own.save(0, several)
    own.store.flush()
    (found,) = slots(log).load(0)
    assert found == several
    assert list(found.state.parts) == ["state", "lines/7", "lines/4", "clocks"]
    assert keys(log) == [
        *(f"worker/0/one/0/chunk/{name}" for name in ("clocks/0", "lines/7/0", "state/0", "state/1", "state/2")),
        "worker/0/one/0/manifest",
    ]
    for offset in (4, 5, 6):
        save(own, offset)
    assert len(keys(log)) == 2 * 3  # what is no part any more is gone with its slot's next checkpoint


def test_what_an_earlier_layout_left_is_no_checkpoint_and_goes_with_its_slot(log: Log) -> None:
    store = log.state()
    store.put("worker/0/one/0/chunk/0", b"123456789")
    store.put("worker/0/one/0/manifest", b'{"offset": 12, "chunks": [3421780262]}')
    store.put("worker/0/other/0/manifest", b"nonsense \xff")
    store.flush()
    own = slots(log)
    assert list(own.load(0)) == []
    save(own, 13)
    assert keys(log) == ["worker/0/one/0/chunk/state/0", "worker/0/one/0/manifest", "worker/0/other/0/manifest"]
