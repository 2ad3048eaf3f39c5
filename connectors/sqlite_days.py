"""The day files of one topic of the embedded log: TOPIC/YYYY-MM-DD.sqlite by the UTC day of append.

Rules: only the newest file is written, and only under its write lock; a new one is born under the lock of the one
before, with its heads (next offset and newest append time of each partition), so offsets go on over days, crashes
and any number of writers. The newest file is never dropped.
"""

import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from connectors.sqlite import create_database, disk_trouble, sync_folder, transaction
from pipeline.core.errors import DiskTrouble
from pipeline.core.ports import Clock, Headers

Head = tuple[int, int, int]  # partition, next offset, newest append time
_SCHEMA = (
    "CREATE TABLE records (partition INTEGER NOT NULL, offset INTEGER NOT NULL, append_ms INTEGER NOT NULL,"
    " key BLOB NOT NULL, value BLOB NOT NULL, headers BLOB, PRIMARY KEY (partition, offset))",
    "CREATE TABLE heads (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL, append_ms INTEGER NOT NULL)",
)
_HEADER_SIZES = struct.Struct("<II")


def day_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def day_path(folder: Path, day: str) -> Path:
    return folder / f"{day}.sqlite"


def days_in(folder: Path) -> list[str]:
    """The days that the topic still holds, oldest first."""
    with disk_trouble(folder):
        return sorted(path.stem for path in folder.iterdir() if path.suffix == ".sqlite")


def newest_day(folder: Path) -> str:
    days = days_in(folder)
    if not days:
        raise DiskTrouble(folder, "the topic's files are gone; put them back, or start in an empty folder")
    return days[-1]


def give_birth(folder: Path, day: str, heads: Iterable[Head]) -> None:
    def fill(db: sqlite3.Connection) -> None:
        for statement in _SCHEMA:
            db.execute(statement)
        db.executemany("INSERT INTO heads VALUES (?, ?, ?)", heads)

    create_database(day_path(folder, day), fill)


@contextmanager
def newest_for_writing(
    folder: Path, clock: Clock, connect: Callable[[Path], sqlite3.Connection]
) -> Iterator[tuple[sqlite3.Connection, int]]:
    """The newest file inside a write transaction, and the append time of what is written in it."""
    while True:
        day = newest_day(folder)
        path = day_path(folder, day)
        db = connect(path)
        with transaction(db, path):
            if newest_day(folder) != day:  # another writer gave birth while we waited for the lock
                continue
            heads: list[Head] = db.execute("SELECT partition, next_offset, append_ms FROM heads").fetchall()
            append_ms = max(clock.now_ms(), *(newest for _, _, newest in heads))
            if day_of(append_ms) <= day:
                yield db, append_ms
                return
            give_birth(folder, day_of(append_ms), heads)


def drop_days(folder: Path, before: date) -> list[str]:
    """Drops the files of whole days, never the newest; returns their days."""
    dropped = [day for day in days_in(folder)[:-1] if day < before.isoformat()]
    with disk_trouble(folder):
        for day in dropped:
            path = day_path(folder, day)
            for end in ("", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
        if dropped:
            sync_folder(folder)
    return dropped


def pack_headers(headers: Headers) -> bytes | None:
    if not headers:
        return None
    names = [(name.encode(), value) for name, value in headers]
    return b"".join(_HEADER_SIZES.pack(len(name), len(value)) + name + value for name, value in names)


def unpack_headers(packed: bytes | None) -> Headers:
    headers: list[tuple[str, bytes]] = []
    at = 0
    while packed and at < len(packed):
        name_size, value_size = _HEADER_SIZES.unpack_from(packed, at)
        middle = at + _HEADER_SIZES.size + name_size
        headers.append((packed[middle - name_size : middle].decode(), packed[middle : middle + value_size]))
        at = middle + value_size
    return tuple(headers)
