"""What the embedded log promises beyond the contract: kills, full and closed disks, dropped days, many processes."""

import os
import re
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from connectors.sqlite_log import SqliteLog
from pipeline.core.errors import ConfigError, Unavailable
from pipeline.core.ports import Outgoing, Record
from pipeline.runtime.clock import VirtualClock, WallClock

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
DAY = 86_400_000

WRITE_FOREVER = """
import sys
from pathlib import Path
from connectors.sqlite_log import SqliteLog
from pipeline.core.ports import Outgoing
from pipeline.runtime.clock import VirtualClock

name, clock = sys.argv[2].encode(), VirtualClock(1_767_225_600_000)
log = SqliteLog(Path(sys.argv[1]), clock)
log.ensure({"samples.v1": 1})
reader = log.reader("samples.v1", sys.argv[2])
writer = log.writer()
for flush in range(int(sys.argv[3])):
    clock.advance(clock.now_ms() + 20_000_000)
    writer.write([Outgoing("samples.v1", b"k", b"%s %d %d" % (name, flush, i) + bytes(3000)) for i in range(7)])
    writer.flush()
    print(flush, flush=True)
"""

FULL_DISK = """
import resource, sys
from pathlib import Path
from connectors.sqlite_log import SqliteLog
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Outgoing
from pipeline.runtime.clock import VirtualClock

log = SqliteLog(Path(sys.argv[1]), VirtualClock(1_767_225_600_000))
log.ensure({"samples.v1": 1, "alerts.v1": 1})
writer, state = log.writer(), log.state()
writer.write([Outgoing("alerts.v1", b"k", b"fits")])
writer.write([Outgoing("samples.v1", b"k", b"%d" % i + bytes(2000)) for i in range(1000)])
state.put("key", bytes(1_000_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
for attempt in (writer.flush, writer.flush, state.flush, state.flush):
    try:
        attempt()
    except Unavailable as error:
        print(error)
assert log.state().load("") == {}
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.flush()
state.flush()
"""


def child(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True)


def records_of(log: SqliteLog, topic: str = "samples.v1") -> list[Record]:
    reader, records = log.reader(topic, ""), list[Record]()
    while more := reader.poll(0):
        records += more
    reader.close()
    return records


def append(log: SqliteLog, *values: bytes) -> None:
    writer = log.writer()
    writer.write([Outgoing("samples.v1", b"k", value) for value in values])
    writer.flush()
    writer.close()


def test_a_killed_writer_leaves_whole_flushes_only_and_its_locks_go_with_it(tmp_path: Path) -> None:
    done = -1
    for kill_after in (3, 17):
        with child(WRITE_FOREVER, str(tmp_path), "worker", "100000") as process:
            assert process.stdout is not None
            done = [int(process.stdout.readline()) for _ in range(kill_after)][-1]
            process.send_signal(signal.SIGKILL)
        log = SqliteLog(tmp_path, WallClock())
        log.reader("samples.v1", "worker").close()
    records = records_of(log)
    assert [record.offset for record in records] == list(range(len(records)))
    assert len(records) % 7 == 0
    assert len(records) >= 7 * (3 + done + 1)
    assert [record.value.split(b"\0")[0].split()[2] for record in records] == [b"%d" % i for i in range(7)] * (
        len(records) // 7
    )


def test_many_processes_write_at_once_over_the_ends_of_days(tmp_path: Path) -> None:
    children = [child(WRITE_FOREVER, str(tmp_path), f"p{i}", "25") for i in range(3)]
    assert [process.wait(60) for process in children] == [0, 0, 0]
    for process in children:
        assert process.stdout is not None
        process.stdout.close()
    records = records_of(SqliteLog(tmp_path, WallClock()))
    assert [record.offset for record in records] == list(range(3 * 25 * 7))
    assert [record.append_ms for record in records] == sorted(record.append_ms for record in records)
    assert len(list((tmp_path / "samples.v1").glob("*.sqlite"))) > 3


def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_lost_or_repeated_once_there_is_room(tmp_path: Path) -> None:
    process = child(FULL_DISK, str(tmp_path))
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = said.splitlines()
    assert len(lines) == 4
    assert all(re.search(r"(samples.v1/2026-01-01|meta)\.sqlite: the disk (is full|failed)", line) for line in lines)
    log = SqliteLog(tmp_path, WallClock())
    assert [record.value for record in records_of(log)] == [b"%d" % i + bytes(2000) for i in range(1000)]
    assert [record.value for record in records_of(log, "alerts.v1")] == [b"fits"]
    assert log.state().load("") == {"key": bytes(1_000_000)}


def test_a_writer_whose_first_write_finds_the_log_away_raises_at_the_flush_and_loses_nothing(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log", VirtualClock(START))
    log.ensure({"samples.v1": 1})
    writer = log.writer()
    (tmp_path / "log").rename(tmp_path / "away")
    for value in (b"1", b"2"):
        writer.write([Outgoing("samples.v1", b"k", value)])
        with pytest.raises(Unavailable, match=r"meta.sqlite: cannot be opened"):
            writer.flush()
    (tmp_path / "away").rename(tmp_path / "log")
    assert writer.flush() == START
    assert [record.value for record in records_of(log)] == [b"1", b"2"]


def test_a_folder_that_cannot_be_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match=r"file/log: cannot be written") as raised:
        SqliteLog(tmp_path / "file" / "log", WallClock())
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_is_said_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Unavailable, match=r"cannot be written; give this user the right"):
        SqliteLog(tmp_path / "log", WallClock())
    tmp_path.chmod(0o700)


def test_days_are_dropped_whole_but_never_the_newest_and_readers_go_on(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    log = SqliteLog(tmp_path, clock)
    log.ensure({"samples.v1": 1})
    for day in range(4):
        clock.advance(START + day * DAY)
        append(log, b"%d" % day, b"%d" % day)
    reader = log.reader("samples.v1", "g")
    assert reader.poll(0, max_bytes=1)[0].offset == 0
    assert log.drop_days_before("samples.v1", date(2026, 1, 3)) == ["2026-01-01", "2026-01-02"]
    assert reader.first_offset(0) == 4
    assert [record.offset for record in reader.poll(0)] == [4, 5, 6, 7]
    assert log.drop_days_before("samples.v1", date(2027, 1, 1)) == ["2026-01-03"]
    append(log, b"more")
    assert [record.offset for record in reader.poll(0)] == [8]
    assert sorted(path.name for path in (tmp_path / "samples.v1").iterdir() if path.suffix == ".sqlite") == [
        "2026-01-04.sqlite"
    ]
    reader.close()


def test_a_log_whose_first_record_comes_while_its_beginning_is_looked_for_begins_with_that_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SqliteLog(tmp_path, VirtualClock(START))
    log.ensure({"samples.v1": 1})
    reader = log.reader("samples.v1", "g")
    end = reader.end_offset

    def another_writes(partition: int) -> int:
        append(log, b"configuration")
        return end(partition)

    monkeypatch.setattr(reader, "end_offset", another_writes)
    assert reader.first_offset(0) == 0
    reader.close()


def test_a_poll_that_fails_on_the_way_takes_nothing(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    log = SqliteLog(tmp_path, clock)
    log.ensure({"samples.v1": 1})
    append(log, b"1")
    clock.advance(START + DAY)
    append(log, b"2")
    newest, aside = tmp_path / "samples.v1" / "2026-01-02.sqlite", tmp_path / "aside"
    newest.rename(aside)
    newest.write_bytes(b"no database at all" * 100)
    reader = log.reader("samples.v1", "g")
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"2026-01-02.sqlite: the file is no database"):
            reader.poll(0)
    aside.rename(newest)
    assert [record.value for record in reader.poll(0)] == [b"1", b"2"]
    reader.close()


def test_a_crash_at_the_birth_of_a_day_is_healed_by_the_next_writer(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    log = SqliteLog(tmp_path, clock)
    log.ensure({"samples.v1": 1})
    append(log, b"1")
    (tmp_path / "samples.v1" / "2026-01-02.sqlite.new").write_bytes(b"half a database")
    (tmp_path / "samples.v1" / "2026-01-02.sqlite.new-wal").write_bytes(b"half a log")
    clock.advance(START + DAY)
    append(log, b"2")
    assert [(record.offset, record.value) for record in records_of(log)] == [(0, b"1"), (1, b"2")]


def test_a_topic_born_without_its_row_keeps_the_partitions_it_was_born_with(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path, VirtualClock(START))
    log.ensure({"samples.v1": 2})
    append(log, b"1")
    (tmp_path / "meta.sqlite").unlink()
    again = SqliteLog(tmp_path, VirtualClock(START))
    with pytest.raises(ConfigError, match=r"got 1; expected 2"):
        again.ensure({"samples.v1": 1})
    again.ensure({"samples.v1": 2})
    assert [record.value for record in records_of(again)] == [b"1"]


@pytest.mark.parametrize("topic", ["../away", "a/b", "", ".hidden", "x" * 300])
def test_a_topic_whose_name_is_no_folder_of_ours_is_refused(tmp_path: Path, topic: str) -> None:
    with pytest.raises(ConfigError, match="can be no topic"):
        SqliteLog(tmp_path, WallClock()).ensure({topic: 1})


def test_logs_opened_at_the_same_moment_in_an_empty_folder_are_one_log(tmp_path: Path) -> None:
    def start(number: int) -> None:
        log = SqliteLog(tmp_path, VirtualClock(START))
        log.ensure({"samples.v1": 1})
        append(log, b"%d" % number)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = records_of(SqliteLog(tmp_path, VirtualClock(START)))
    assert sorted(record.value for record in records) == [b"%d" % number for number in range(8)]
    assert [record.offset for record in records] == list(range(8))


def test_forgetting_drops_whole_days_and_never_the_newest(tmp_path):
    day_ms = 86_400_000
    clock = VirtualClock(100 * day_ms)
    log = SqliteLog(tmp_path, clock)
    log.ensure({"t.v1": 1})
    writer = log.writer()
    for day in (100, 101, 102):
        clock.advance(day * day_ms + 5)
        writer.write([Outgoing("t.v1", b"k", str(day).encode())])
        writer.flush()
    log.forget("t.v1", 102 * day_ms)
    reader = log.reader("t.v1", "")
    assert reader.first_offset(0) == 2
    log.forget("t.v1", 200 * day_ms)
    assert reader.first_offset(0) == 2
    assert reader.end_offset(0) == 3
