"""Writes the embedded log, and its state store.

Rules: `write` only remembers, and nothing it does can fail; what `flush` returned for is on the disk; what it raised
for is still in the buffer, and not in the log.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from connectors.partition import partition_of
from connectors.sqlite import disk_trouble, open_database, transaction
from connectors.sqlite_days import newest_for_writing, pack_headers
from pipeline.core.ports import Clock, Outgoing


class SqliteWriter:
    """One thread's writer; a flush is one transaction a topic, in the order in which topics were first written."""

    def __init__(self, folder: Path, clock: Clock, partitions_of: Callable[[str], int]) -> None:
        self._folder, self._clock, self._partitions_of = folder, clock, partitions_of
        self._partitions: dict[str, int] = {}
        self._buffers: dict[str, list[Outgoing]] = {}
        self._files: dict[str, tuple[Path, sqlite3.Connection]] = {}
        self._newest = 0

    def write(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            self._buffers.setdefault(record.topic, []).append(record)

    def flush(self) -> int:
        for topic in list(self._buffers):
            try:
                self._append(topic, self._buffers[topic])
            except BaseException:
                self._let_go(topic)
                raise
            del self._buffers[topic]
        return self._newest

    def _append(self, topic: str, records: list[Outgoing]) -> None:
        count = self._count_of(topic)
        with newest_for_writing(self._folder / topic, self._clock, lambda path: self._connect(topic, path)) as (
            db,
            append_ms,
        ):
            ends: dict[int, int] = dict(db.execute("SELECT partition, next_offset FROM heads"))
            rows = []
            for out in records:
                partition = partition_of(out.key, count)
                rows.append((partition, ends[partition], append_ms, out.key, out.value, pack_headers(out.headers)))
                ends[partition] += 1
            db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
            touched = {row[0] for row in rows}
            heads = [(ends[partition], append_ms, partition) for partition in touched]
            db.executemany("UPDATE heads SET next_offset = ?, append_ms = ? WHERE partition = ?", heads)
        self._newest = max(self._newest, append_ms)

    def _count_of(self, topic: str) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = self._partitions_of(topic)
        return self._partitions[topic]

    def _connect(self, topic: str, path: Path) -> sqlite3.Connection:
        if topic not in self._files or self._files[topic][0] != path:
            self._let_go(topic)
            self._files[topic] = path, open_database(path)
        return self._files[topic][1]

    def _let_go(self, topic: str) -> None:
        if topic in self._files:
            self._files.pop(topic)[1].close()

    def close(self) -> None:
        """What was not flushed is gone."""
        for topic in list(self._files):
            self._let_go(topic)


class SqliteState:
    """One thread's state store; a flush is one transaction."""

    def __init__(self, path: Path) -> None:
        self._path, self._db = path, open_database(path)
        self._buffer: dict[str, bytes | None] = {}

    def put(self, key: str, value: bytes | None) -> None:
        self._buffer[key] = value

    def flush(self) -> None:
        if not self._buffer:
            return
        kept = [(key, value) for key, value in self._buffer.items() if value is not None]
        gone = [(key,) for key, value in self._buffer.items() if value is None]
        with transaction(self._db, self._path):
            self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", kept)
            self._db.executemany("DELETE FROM state WHERE key = ?", gone)
        self._buffer = {}

    def load(self, prefix: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with disk_trouble(self._path):
            cursor = self._db.execute("SELECT key, value FROM state WHERE key >= ? ORDER BY key", (prefix,))
            for key, value in cursor:
                if not key.startswith(prefix):
                    cursor.close()
                    break
                found[key] = value
        return found

    def close(self) -> None:
        """What was not flushed is gone."""
        self._db.close()
