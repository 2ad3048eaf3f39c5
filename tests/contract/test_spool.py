"""What the spool promises of its file: cut at any point nothing is torn, and no bytes of anybody are thrown away."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.spool import APPLICATION, VERSION, Spool, refuse_newer
from pipeline.core.errors import ConfigError, DiskTrouble, Unavailable
from pipeline.core.ports import Outgoing
from pipeline.steps.spooling import Held, Place
from tests.hand_clock import HandClock

T0 = 1_780_000_000_000
L1, L2 = b"s/l1", b"s/l2"


def frame(line: bytes, number: int, size: int = 100) -> Outgoing:
    return Outgoing("samples.v1", line, b"%d" % number + b"x" * size)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(T0)


@pytest.fixture
def spool(tmp_path: Path, clock: HandClock) -> Iterator[Spool]:
    found = Spool(tmp_path / "spool" / "gw.sqlite", clock)
    yield found
    found.close()


def copied(path: Path, to: Path, wal_bytes: int | None = None) -> Path:
    """The file as a power cut would leave it now."""
    to.mkdir(parents=True)
    copy = to / path.name
    shutil.copy(path, copy)
    wal = path.with_name(path.name + "-wal")
    if wal.exists():
        copy.with_name(copy.name + "-wal").write_bytes(wal.read_bytes()[:wal_bytes])
    return copy


def held(path: Path) -> list[Outgoing]:
    found = Spool(path, HandClock(T0))
    try:
        kept = [one for lane in found.lanes for one in found.waiting(lane)]
        return [one.record for one in sorted(kept, key=lambda one: one.place.number)]
    finally:
        found.close()


def test_what_was_appended_is_given_back_by_line_in_order_with_its_headers_by_the_next_process_too(
    spool: Spool, clock: HandClock
) -> None:
    reject = Outgoing("rejects.v1", b"any/topic", b"junk", (("reason", b"bad_json"), ("line", "é".encode())))
    records = [frame(L1, 1), frame(L2, 1), reject, frame(L1, 2)]
    places = spool.append(records)
    clock.now += 60_000
    spool.append([frame(L1, 3)])
    spool.drop([place for place in places if place.lane == L2])
    for again in range(2):
        if again:
            spool.close()
            spool = Spool(spool.path, clock)
            assert spool.lanes == {
                L1: Held(3, 3 * places[0].size), b"rejects.v1": Held(1, places[2].size)
            }  # fmt: skip
        assert [one.record for one in spool.waiting(L1)] == [records[0], records[3], frame(L1, 3)]
        assert [one.record for one in spool.waiting(b"rejects.v1")] == [reject]
        assert spool.oldest_ms == T0
    spool.drop(places[:1] + places[2:])
    assert spool.oldest_ms == T0 + 60_000
    assert [place.number for place in spool.append([frame(L1, 4)])] == [6]
    spool.close()


def test_row_16_a_power_cut_at_any_statement_leaves_what_the_last_commit_left(spool: Spool, tmp_path: Path) -> None:
    cuts: list[tuple[Path, list[list[Outgoing]]]] = []
    committed: list[Outgoing] = []
    may_be: list[list[Outgoing]] = []

    def cut(_statement: str) -> None:
        cuts.append((copied(spool.path, tmp_path / f"cut-{len(cuts)}"), [[*one] for one in may_be]))

    spool._db.set_trace_callback(cut)
    placed: list[tuple[Place, Outgoing]] = []
    for n in range(1, 7):
        batch = [frame(line, n, 3_000) for line in (L1, L2)]
        may_be[:] = [[*committed], [*committed, *batch]]
        placed += zip(spool.append(batch), batch, strict=True)
        committed += batch
        if n % 2 == 0:
            gone, placed = placed[:3], placed[3:]
            may_be[:] = [[*committed], [record for _, record in placed]]
            spool.drop([place for place, _ in gone])
            committed = [record for _, record in placed]
        may_be[:] = [committed]
        cut("after it returned")
    spool._db.set_trace_callback(None)
    assert len(cuts) > 30
    for copy, allowed in cuts:
        assert held(copy) in allowed, copy


def test_row_16_a_torn_end_of_the_write_ahead_log_takes_nothing_that_was_committed(
    spool: Spool, tmp_path: Path
) -> None:
    first, second = [frame(L1, 1, 5_000)], [frame(L2, 1, 5_000), frame(L1, 2, 5_000)]
    wal = spool.path.with_name(spool.path.name + "-wal")
    spool.append(first)
    before = wal.stat().st_size
    spool.append(second)
    after = wal.stat().st_size
    for size in [*range(before, after, 701), after - 1]:
        assert held(copied(spool.path, tmp_path / f"torn-{size}", size)) == first
    assert held(copied(spool.path, tmp_path / "whole", after)) == [*first, *second]


def asides(spool: Spool) -> list[Path]:
    return sorted(path for path in spool.path.parent.iterdir() if ".aside-" in path.name and path.suffix == ".sqlite")


@pytest.mark.parametrize("bytes_", [b"", b"no database at all" * 500, b"SQLite format 3\0" + b"\7" * 5_000])
def test_what_is_no_spool_is_put_aside_with_all_its_bytes_and_a_new_one_begun(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture, bytes_: bytes
) -> None:
    path = tmp_path / "gw.sqlite"
    path.write_bytes(bytes_)
    spool = Spool(path, clock)
    assert spool.lanes == {}
    spool.append([frame(L1, 1)])
    assert [one.read_bytes() for one in asides(spool)] == [bytes_]
    assert "is put aside" in caplog.text
    assert str(asides(spool)[0]) in caplog.text
    spool.close()
    assert held(path) == [frame(L1, 1)]


def test_a_database_of_somebody_else_is_put_aside(tmp_path: Path, clock: HandClock) -> None:
    with sqlite3.connect(tmp_path / "gw.sqlite") as db:
        db.execute("CREATE TABLE records (number)")
    db.close()
    spool = Spool(tmp_path / "gw.sqlite", clock)
    assert (spool.lanes, len(asides(spool))) == ({}, 1)
    spool.close()


def test_a_truncated_spool_is_put_aside_when_it_is_opened_or_says_that_it_is_damaged(
    tmp_path: Path, clock: HandClock
) -> None:
    spool = Spool(tmp_path / "a" / "gw.sqlite", clock)
    spool.append([frame(L1, n, 3_000) for n in range(200)])
    spool.close()
    whole = spool.path.read_bytes()
    for share in (0.01, 0.2, 0.5, 0.9):
        path = tmp_path / str(share) / "gw.sqlite"
        path.parent.mkdir()
        path.write_bytes(whole[: int(len(whole) * share)])
        found = Spool(path, clock)
        if found.lanes:
            with pytest.raises(DiskTrouble, match="damaged") as error:
                assert len(list(found.waiting(L1))) == 200
            assert error.value.is_damaged
            found.put_aside(str(error.value))
        assert len(asides(found)) == 1
        found.append([frame(L1, 1)])
        found.close()


def test_a_spool_of_a_newer_version_is_refused_before_anything_is_done_with_it(
    tmp_path: Path, clock: HandClock
) -> None:
    path = tmp_path / "gw.sqlite"
    spool = Spool(path, clock)
    spool.append([frame(L1, 1)])
    spool._db.execute(f"PRAGMA user_version = {VERSION + 1}")
    spool.close()
    was = path.read_bytes()
    for refused in (lambda: Spool(path, clock), lambda: refuse_newer(path)):
        with pytest.raises(
            ConfigError, match=r"newer version of ParkPulse; got version 2; expected at most 1; install"
        ):
            refused()
    assert (path.read_bytes(), asides(spool)) == (was, [])
    assert sqlite3.connect(path).execute("PRAGMA application_id").fetchone() == (APPLICATION,)


def test_two_processes_never_work_on_one_spool(spool: Spool, clock: HandClock) -> None:
    with pytest.raises(Unavailable, match=r"spool 'gw' is held by process \d+; wait for its end or stop it"):
        Spool(spool.path, clock)


def test_a_file_that_was_large_is_small_again_once_nothing_waits_in_it(spool: Spool) -> None:
    places = spool.append([frame(L1, n, 1 << 16) for n in range(320)])
    spool.drop(places)
    assert spool.path.stat().st_size < 1 << 16
    assert spool.path.with_name(spool.path.name + "-wal").stat().st_size < 1 << 16
    assert [one.record for one in spool.waiting(L1)] == []
