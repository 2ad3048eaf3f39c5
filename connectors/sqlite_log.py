"""The embedded log on one machine: a folder of SQLite files that many processes may read and write at once.

    meta.sqlite               topics and their partitions, committed positions, state.v1
    TOPIC/YYYY-MM-DD.sqlite   the records of one UTC day of append
    locks/GROUP.TOPIC.lock    held by the reader of that group and topic

Rule: this object opens nothing that lasts; each reader, writer and state store is one thread's, with its own files.
"""

import os
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

from connectors.ownership import Ownership
from connectors.sqlite import create_database, disk_trouble, open_database, transaction
from connectors.sqlite_days import day_of, day_path, days_in, drop_days, give_birth, newest_day
from connectors.sqlite_reader import Reading, SqliteReader
from connectors.sqlite_writer import SqliteState, SqliteWriter
from pipeline.core.errors import Bug, ConfigError
from pipeline.core.ports import Clock, Owner

_TOPIC = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,248}")  # a topic name of Kafka that is also a folder's
_SCHEMA = (
    "CREATE TABLE topics (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL)",
    "CREATE TABLE committed (reader_group TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,"
    " position INTEGER NOT NULL, PRIMARY KEY (reader_group, topic, partition))",
    "CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL)",
)


class SqliteLog:
    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._meta = folder / "meta.sqlite"
        with disk_trouble(folder):
            (folder / "locks").mkdir(parents=True, exist_ok=True)
        if not self._meta.exists():
            self._create_meta()

    def _create_meta(self) -> None:
        """Two processes may start at once: the second waits, and finds the file."""
        birth = Ownership(
            self._folder / "locks" / "birth.lock", "the birth of the log", f"process {os.getpid()}", wait=True
        )
        try:
            if not self._meta.exists():
                create_database(self._meta, _fill_meta)
        finally:
            birth.close()

    def ensure(self, topics: Mapping[str, int]) -> None:
        for topic, partitions in topics.items():
            if not _TOPIC.fullmatch(topic) or partitions < 1:
                raise ConfigError(
                    f"log: {topic!r} with {partitions} partitions can be no topic; expected a-z 0-9 . _ -"
                )
        db = open_database(self._meta)
        try:
            with transaction(db, self._meta):
                for topic, partitions in topics.items():
                    self._ensure_one(db, topic, partitions)
        finally:
            db.close()

    def _ensure_one(self, db: sqlite3.Connection, topic: str, partitions: int) -> None:
        row: tuple[int] | None = db.execute("SELECT partitions FROM topics WHERE name = ?", (topic,)).fetchone()
        held = row[0] if row else self._found_or_born(self._folder / topic, partitions)
        if held != partitions:
            raise ConfigError(
                f"log: topic {topic!r} has another number of partitions; got {partitions}; expected {held}; "
                "a change means a new topic"
            )
        if row is None:
            db.execute("INSERT INTO topics VALUES (?, ?)", (topic, partitions))

    def _found_or_born(self, folder: Path, partitions: int) -> int:
        """The partitions of a folder that a crash (or a lost meta.sqlite) left without its row, else of a new one."""
        with disk_trouble(folder):
            folder.mkdir(exist_ok=True)
        if not days_in(folder):
            give_birth(folder, day_of(self._clock.now_ms()), [(partition, 0, 0) for partition in range(partitions)])
            return partitions
        path = day_path(folder, newest_day(folder))
        db = open_database(path)
        try:
            with disk_trouble(path):
                row: tuple[int] = db.execute("SELECT count(*) FROM heads").fetchone()
                return row[0]
        finally:
            db.close()

    def _partitions_of(self, topic: str) -> int:
        db = open_database(self._meta)
        try:
            with disk_trouble(self._meta):
                row: tuple[int] | None = db.execute("SELECT partitions FROM topics WHERE name = ?", (topic,)).fetchone()
        finally:
            db.close()
        if row is None:
            raise Bug(f"log: topic {topic!r} was never ensured")
        return row[0]

    def reader(self, topic: str, group: str, instance: str = "", owner: Owner | None = None) -> SqliteReader:
        """The group "" takes no lock and cannot commit: it looks on. A group has one reader, owner or not."""
        partitions = self._partitions_of(topic)
        ownership = self._own(topic, group, instance) if group else None
        try:
            return SqliteReader(
                self._folder, Reading(topic, partitions, group, instance, owner), self._clock, ownership
            )
        except BaseException:
            if ownership:
                ownership.close()
            raise

    def _own(self, topic: str, group: str, instance: str) -> Ownership:
        path = self._folder / "locks" / f"{quote(group, safe='')}.{topic}.lock"
        who = f"process {os.getpid()}" + (f", instance {instance!r}" if instance else "")
        return Ownership(path, f"group {group!r} of topic {topic!r}", who)

    def writer(self) -> SqliteWriter:
        return SqliteWriter(self._folder, self._clock, self._partitions_of)

    def state(self) -> SqliteState:
        return SqliteState(self._meta)

    def forget(self, topic: str, before_ms: int) -> None:
        self.drop_days_before(topic, datetime.fromtimestamp(before_ms / 1000, UTC).date())

    def drop_days_before(self, topic: str, day: date) -> list[str]:
        """Drops whole days of append before `day` (UTC), never the newest; returns them."""
        return drop_days(self._folder / topic, day)

    def close(self) -> None:
        """Nothing to give back: readers, writers and state stores close themselves."""


def _fill_meta(db: sqlite3.Connection) -> None:
    for statement in _SCHEMA:
        db.execute(statement)
