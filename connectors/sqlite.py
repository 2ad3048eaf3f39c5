"""Opens the databases of the embedded log and store, and says in one sentence what is wrong with a disk.

Rule: a database is born whole (written under another name, then renamed), what COMMIT returned for is on the disk
(WAL, synchronous FULL), and trouble of the disk is `DiskTrouble`, naming the path: waiting or making room helps.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.errors import DiskTrouble

BUSY_MS = 10_000  # how long a writer waits for another one
_FULL = "the disk is full; make room, nothing is lost and writing goes on by itself"
_READ_ONLY = "cannot be written; give this user the right to write in the folder, or choose another folder"
_BY_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: f"locked by another process for more than {BUSY_MS // 1000} s; see which one works on it",
    sqlite3.SQLITE_LOCKED: "locked by another connection of this process",
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; see that the folder exists and that this user may write in it",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write; look at its room, its quota and its health",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a copy, or move it away",
    sqlite3.SQLITE_NOTADB: "the file is no database; move it away",
}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BY_ERRNO = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EFBIG: _FULL, errno.EIO: _BY_CODE[sqlite3.SQLITE_IOERR]}


@contextmanager
def disk_trouble(path: Path) -> Iterator[None]:
    """Turns what the disk does to us into `DiskTrouble`; our own mistakes (bad SQL) pass."""
    try:
        yield
    except sqlite3.Error as error:
        # Errors of the module itself carry no code.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        why = _BY_CODE.get(code)
        if why is None:
            raise
        raise DiskTrouble(
            path, f"{why} ({error.sqlite_errorname})", is_full=why is _FULL, is_damaged=code in _DAMAGED
        ) from error
    except OSError as error:
        why = _BY_ERRNO.get(error.errno or 0, _READ_ONLY)
        name = errno.errorcode.get(error.errno or 0, error.strerror)
        raise DiskTrouble(path, f"{why} ({name})", is_full=why is _FULL) from error


def open_database(path: Path) -> sqlite3.Connection:
    """A connection to a database that exists; transactions are begun and ended by hand."""
    with disk_trouble(path):
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            db.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error:
            db.close()
            raise
        return db


def create_database(path: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Makes the database that `fill` fills in one transaction; the caller sees to it that nobody else makes it."""
    unborn = path.with_name(path.name + ".new")
    with disk_trouble(path):
        for leftover in (unborn, *(unborn.with_name(unborn.name + end) for end in ("-wal", "-shm", "-journal"))):
            leftover.unlink(missing_ok=True)
        db = sqlite3.connect(unborn, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("BEGIN IMMEDIATE")
            fill(db)
            db.execute("COMMIT")
        finally:
            db.close()
        unborn.rename(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    """One write transaction: whole on the disk when the block ends, gone when it raises."""
    with disk_trouble(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
