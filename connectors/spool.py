"""What a gateway has packed while its log was away: one SQLite file, in order of receipt.

Rules: what `append` returned for is on the disk (WAL, synchronous FULL), and stays there until it is dropped. One
process works on a file. What is damaged, or no spool, is put aside with all its bytes, and said; what a newer version
wrote is refused before anything else is done.
"""

import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from connectors.ownership import Ownership
from connectors.sqlite import create_database, disk_trouble, open_database, sync_folder, transaction
from connectors.sqlite_days import pack_headers, unpack_headers
from pipeline.core.errors import ConfigError, DiskTrouble
from pipeline.core.ports import Clock, Outgoing
from pipeline.runtime.logs import log
from pipeline.steps.spooling import Held, Kept, Place, lane_of

VERSION, APPLICATION = 1, 0x50505350
_SCHEMA = (
    "CREATE TABLE records (number INTEGER PRIMARY KEY, lane BLOB NOT NULL, size INTEGER NOT NULL,"
    " receipt_ms INTEGER NOT NULL, topic TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, headers BLOB)",
    "CREATE INDEX by_lane ON records (lane, number, size)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
_LANES = "SELECT lane, count(*), sum(size) FROM records GROUP BY lane ORDER BY min(number)"
_OF_LANE = "SELECT number, lane, size, topic, key, value, headers FROM records WHERE lane = ? ORDER BY number"
_OLDEST = "SELECT number, lane, size, receipt_ms, topic, substr(value, 1, 64) FROM records ORDER BY number"
_EMPTY_BYTES = 16 << 20  # a file that held more is made small once nothing waits in it


class Spool:
    """`lanes`: what waited in it when it was opened; `oldest_ms`: receipt of the oldest record, 0 where there is none.
    All methods are for one thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path, self._clock = path, clock
        with disk_trouble(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Ownership(path.with_suffix(".lock"), f"spool {path.stem!r}", f"process {os.getpid()}")
        try:
            self._open()
        except BaseException:
            self._lock.close()
            raise

    def _open(self) -> None:
        if not self.path.exists():
            create_database(self.path, _fill)
        try:
            self._connect()
        except DiskTrouble as error:
            if not error.is_damaged:
                raise
            self._begin_anew(str(error))

    def _connect(self) -> None:
        self._db = open_database(self.path)
        try:
            with disk_trouble(self.path):
                check_kind(self.path, self._db)
                self.lanes = {lane: Held(records, size) for lane, records, size in self._db.execute(_LANES)}
                self._numbers()
        except BaseException:
            self._db.close()
            raise

    def _numbers(self) -> None:
        oldest = self._db.execute("SELECT receipt_ms FROM records ORDER BY number LIMIT 1").fetchone()
        (newest,) = self._db.execute("SELECT max(number) FROM records").fetchone()
        self.oldest_ms: int = oldest[0] if oldest else 0
        self._next: int = (newest or 0) + 1

    def put_aside(self, why: str) -> None:
        """Begins anew; all bytes stay under another name."""
        with suppress(sqlite3.Error):
            self._db.close()
        self._begin_anew(why)

    def _begin_anew(self, why: str) -> None:
        aside = self.path.with_name(f"{self.path.stem}.aside-{self._clock.now_ms()}{self.path.suffix}")
        with disk_trouble(self.path):
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    self.path.with_name(self.path.name + end).rename(aside.with_name(aside.name + end))
            sync_folder(self.path.parent)
        log("spool").error("is put aside, and begins anew", what=why, aside=str(aside))
        create_database(self.path, _fill)
        self._connect()

    def append(self, records: Sequence[Outgoing]) -> list[Place]:
        rows = [
            (number, lane_of(one), _size(one), self._clock.now_ms(), one.topic, one.key, one.value, headers)
            for number, one in enumerate(records, self._next)
            for headers in [pack_headers(one.headers)]
        ]
        with transaction(self._db, self.path):
            self._db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._next += len(rows)
        self.oldest_ms = self.oldest_ms or rows[0][3]
        return [Place(*row[:3]) for row in rows]

    def waiting(self, lane: bytes) -> Generator[Kept]:
        """What waits of it, the oldest first, read as it is taken."""
        with disk_trouble(self.path), closing(self._db.cursor()) as cursor:
            for number, of, size, topic, key, value, headers in cursor.execute(_OF_LANE, (lane,)):
                yield Kept(Place(number, of, size), Outgoing(topic, key, value, unpack_headers(headers)))

    def oldest(self) -> Generator[tuple[Place, int, str, bytes]]:
        """(place, receipt, topic, first bytes) of all, the oldest first."""
        with disk_trouble(self.path), closing(self._db.cursor()) as cursor:
            for number, lane, size, receipt_ms, topic, head in cursor.execute(_OLDEST):
                yield Place(number, lane, size), receipt_ms, topic, head

    def drop(self, places: Sequence[Place]) -> None:
        if not places:
            return
        with transaction(self._db, self.path):
            self._db.executemany("DELETE FROM records WHERE number = ?", [(place.number,) for place in places])
        with disk_trouble(self.path):
            self._numbers()
            if not self.oldest_ms:
                self._shrink()

    def _shrink(self) -> None:
        if self.path.stat().st_size > _EMPTY_BYTES:
            self._db.execute("VACUUM")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._db.close()
        self._lock.close()


def check_kind(path: Path, db: sqlite3.Connection) -> None:
    """Raises DiskTrouble for what is no spool, ConfigError for one of a newer version."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise DiskTrouble(path, "the file is no spool; move it away", is_damaged=True)
    if version > VERSION:
        raise ConfigError(
            f"{path}: written by a newer version of ParkPulse; got version {version}; expected at most {VERSION}; "
            "install that version again, or let it empty the spool first"
        )


def refuse_newer(path: Path) -> None:
    """Whatever else may be wrong with it shows when it is opened."""
    if path.exists():
        with suppress(DiskTrouble), disk_trouble(path), closing(open_database(path)) as db:
            check_kind(path, db)


def spool_path(data_dir: Path, gateway: str) -> Path:
    return data_dir / "spool" / f"{gateway}.sqlite"


def _size(record: Outgoing) -> int:
    """On the disk, nearly."""
    return len(record.value) + 2 * len(record.key) + 64


def _fill(db: sqlite3.Connection) -> None:
    for statement in _SCHEMA:
        db.execute(statement)
