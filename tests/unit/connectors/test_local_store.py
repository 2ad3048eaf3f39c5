"""The embedded store on disk: durable, and read by many while one writes."""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from connectors.local_store import LocalStore
from pipeline.core.errors import Unavailable
from pipeline.core.results import Result

LINE = "park/line"


def batch(revision: int, size: int = 50) -> list[Result]:
    return [
        Result("metric", f"{LINE}/u{n}", "temperature", 10, 0, None, revision, {"mean": float(revision)})
        for n in range(size)
    ]


def revisions_seen(path: Path, done: Event) -> list[Sequence[int]]:
    """What a reader with a store of its own sees until the writer is done: the distinct revisions of each read."""
    store, seen = LocalStore(path), list[Sequence[int]]()
    while not done.is_set():
        seen.append(store.read("metric", LINE)["revision"].unique().to_list())
    store.close()
    return seen


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "store.sqlite"
    first = LocalStore(path)
    first.write(batch(0), [])
    first.close()
    second = LocalStore(path)
    assert second.read("metric").height == 50
    second.close()


def test_many_readers_see_whole_writes_only_while_one_writer_writes(tmp_path: Path) -> None:
    path, done = tmp_path / "store.sqlite", Event()
    writer = LocalStore(path)
    writer.write(batch(0), [])
    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(revisions_seen, path, done) for _ in range(4)]
        try:
            for revision in range(1, 60):
                writer.write(batch(revision), [])
        finally:
            done.set()
        seen = [revisions for reader in readers for revisions in reader.result()]
    writer.close()
    assert seen
    assert all(len(revisions) == 1 for revisions in seen)


def write_one(path: Path, name: str) -> None:
    store = LocalStore(path)
    store.write([Result("metric", LINE, name, 10, 0, None, 0, {})], [])
    store.close()


def test_many_that_make_the_same_new_store_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    for n in range(5):
        path = tmp_path / str(n) / "store.sqlite"
        with ThreadPoolExecutor(8) as threads:
            for made in [threads.submit(write_one, path, str(writer)) for writer in range(8)]:
                made.result()
        store = LocalStore(path)
        assert store.read("metric").height == 8
        store.close()


def test_one_store_may_be_read_in_other_threads_than_its_own(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store.sqlite")
    store.write(batch(0), [])
    with ThreadPoolExecutor(4) as threads:
        heights = [threads.submit(lambda: store.read("metric").height).result() for _ in range(8)]
    store.close()
    assert heights == [50] * 8


def test_a_write_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store.sqlite")
    too_large = Result("metric", LINE, "m", 2**63, 0, None, 0, {})
    with pytest.raises(OverflowError):
        store.write([*batch(0), too_large], [])
    assert store.read("metric").is_empty()
    store.write(batch(0), [])
    assert store.read("metric").height == 50
    store.close()


def test_a_store_opens_and_reads_while_another_process_holds_the_write_lock(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    LocalStore(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = LocalStore(path)
    assert store.read("metric").is_empty()
    store.close()
    other.close()


def test_a_path_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").mkdir()
    with pytest.raises(Unavailable, match=r"store\.sqlite"):
        LocalStore(tmp_path / "store.sqlite")


@pytest.mark.parametrize(
    ("where", "key"),
    [
        ("window_start >= 0 AND window_start < 10", "PRIMARY KEY (kind=? AND window_start>? AND window_start<?)"),
        (
            "equipment >= 'a' AND equipment < 'a0' AND (equipment = 'a' OR equipment > 'a/')",
            "results_by_equipment (kind=? AND equipment>? AND equipment<?)",
        ),
    ],
)
def test_a_read_by_time_or_by_equipment_scans_nothing_else(tmp_path: Path, where: str, key: str) -> None:
    LocalStore(tmp_path / "store.sqlite").close()
    database = sqlite3.connect(tmp_path / "store.sqlite")
    (plan,) = database.execute(f"EXPLAIN QUERY PLAN SELECT * FROM results WHERE kind = 'm' AND {where}").fetchall()
    database.close()
    assert key in plan[-1]
