"""Reads one topic of the embedded log for one group.

Rule: no read outlives its poll, so a slow reader blocks no writer and no drop of a day; a partition is read day by
day, and goes on to the next day only where that day's file exists, for then nobody writes the older one.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.ownership import Ownership
from connectors.sqlite import disk_trouble, open_database, transaction
from connectors.sqlite_days import day_path, days_in, newest_day, unpack_headers
from connectors.waiting import wait_for
from pipeline.core.errors import Bug, DiskTrouble, Unavailable
from pipeline.core.ports import Clock, Owner, Record

_READ = "SELECT offset, append_ms, key, value, headers FROM records WHERE partition = ? AND offset >= ? ORDER BY offset"


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read, and as whom."""

    topic: str
    partitions: int
    group: str
    instance: str
    owner: Owner | None


class SqliteReader:
    """One thread's reader of all partitions; made by `SqliteLog.reader`, which takes the ownership first."""

    def __init__(self, folder: Path, of: Reading, clock: Clock, ownership: Ownership | None) -> None:
        self._group, self._topic, partitions = of.group, of.topic, of.partitions
        self.instance, self._owner, self._taken = of.instance, of.owner, of.owner is None
        self._folder, self._clock = folder / self._topic, clock
        self._ownership, self._turn = ownership, 0
        self._files: dict[str, sqlite3.Connection] = {}
        self._meta_path = folder / "meta.sqlite"
        self._meta = open_database(self._meta_path)
        self._days = [""] * partitions  # where each partition's next record may be, at the earliest
        self._positions = [self.committed(partition) or 0 for partition in range(partitions)]

    @property
    def partitions(self) -> Sequence[int]:
        return range(len(self._positions))

    def poll(self, max_wait: float, max_bytes: int = 8 << 20) -> list[Record]:
        if self._owner and not self._taken:
            self._owner.take(self.partitions)
            self._taken = True
        return wait_for(lambda: self._take(max_bytes), self._clock, max_wait)

    def _take(self, room: int) -> list[Record]:
        before = self._positions.copy(), self._days.copy()
        try:
            return self._take_all(room)
        except BaseException:  # what was taken so far reaches nobody: the next poll takes it again
            self._positions, self._days = before
            self._let_go(list(self._files))
            raise

    def _take_all(self, room: int) -> list[Record]:
        taken: list[Record] = []
        days = days_in(self._folder)
        self._turn += 1  # another partition comes first each time, so that a busy one starves none
        for turn in self.partitions:
            room = self._take_partition((self._turn + turn) % len(self._positions), days, room, taken)
        self._let_go([day for day in self._files if day < min(self._days) or day not in days])
        return taken

    def _take_partition(self, partition: int, days: list[str], room: int, taken: list[Record]) -> int:
        """Adds what fits (the poll's first record always does) and returns the room that is left."""
        for day in days:
            db = self._file(day) if day >= self._days[partition] else None
            if db is None:
                continue
            with disk_trouble(day_path(self._folder, day)):
                cursor = db.execute(_READ, (partition, self._positions[partition]))
                for offset, append_ms, key, value, headers in cursor:
                    if taken and len(key) + len(value) > room:
                        cursor.close()
                        return 0
                    room -= len(key) + len(value)
                    taken.append(Record(partition, offset, append_ms, key, value, unpack_headers(headers)))
                    self._positions[partition] = offset + 1
            self._days[partition] = day
        return room

    def _file(self, day: str) -> sqlite3.Connection | None:
        """None where the day was dropped meanwhile."""
        if day not in self._files:
            path = day_path(self._folder, day)
            try:
                self._files[day] = open_database(path)
            except Unavailable:
                if path.exists():
                    raise
                return None
        return self._files[day]

    def _let_go(self, days: list[str]) -> None:
        for day in days:
            self._files.pop(day).close()

    def seek(self, partition: int, offset: int) -> None:
        self._positions[partition] = offset
        self._days[partition] = ""

    def committed(self, partition: int) -> int | None:
        with disk_trouble(self._meta_path):
            row: tuple[int] | None = self._meta.execute(
                "SELECT position FROM committed WHERE reader_group = ? AND topic = ? AND partition = ?",
                (self._group, self._topic, partition),
            ).fetchone()
        return row[0] if row else None

    def first_offset(self, partition: int) -> int:
        end = self.end_offset(partition)  # before we look: what comes meanwhile is not passed over
        for day in days_in(self._folder):
            db = self._file(day)
            if db is None:
                continue
            with disk_trouble(day_path(self._folder, day)):
                row: tuple[int | None] = db.execute(
                    "SELECT min(offset) FROM records WHERE partition = ?", (partition,)
                ).fetchone()
            if row[0] is not None:
                return row[0]
        return end

    def end_offset(self, partition: int) -> int:
        path = day_path(self._folder, newest_day(self._folder))
        db = self._file(path.stem)
        if db is None:
            raise DiskTrouble(path, "the file is gone; put it back")
        with disk_trouble(path):
            row: tuple[int] = db.execute("SELECT next_offset FROM heads WHERE partition = ?", (partition,)).fetchone()
        return row[0]

    def commit(self, offsets: Mapping[int, int]) -> None:
        if not self._group:
            raise Bug("log: a reader without a group cannot commit")
        with transaction(self._meta, self._meta_path):
            self._meta.executemany(
                "INSERT OR REPLACE INTO committed VALUES (?, ?, ?, ?)",
                [(self._group, self._topic, partition, offset) for partition, offset in offsets.items()],
            )

    def close(self) -> None:
        self._let_go(list(self._files))
        self._meta.close()
        if self._ownership:
            self._ownership.close()
