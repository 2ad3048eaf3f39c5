"""A look at the spools of a data folder: what waits in them, and whether anybody will take it out.

Rule: files are opened for reading only.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from connectors.spool import check_kind, spool_path
from connectors.sqlite import disk_trouble
from pipeline.core.errors import DiskTrouble
from pipeline.core.finding import Check, Finding, phrase
from pipeline.core.ports import Clock

_WAITS = (
    "SELECT count(*), count(DISTINCT iif(topic = 'samples.v1', lane, NULL)), min(receipt_ms), max(receipt_ms)"
    " FROM records"
)


def checks(data_dir: Path, gateway: str, clock: Clock) -> list[Check]:
    own = spool_path(data_dir, gateway)
    return [Check(str(own.parent), lambda: look(own, clock))]


def look(own: Path, clock: Clock) -> Iterator[Finding]:
    """At the gateway's own, and at what others have left beside it."""
    found = sorted(own.parent.glob("*.sqlite")) if own.parent.is_dir() else []
    if own not in found:
        yield Finding(str(own), phrase("is made at the first start"))
    for path in found:
        if ".aside-" in path.name:
            cure = phrase("see what can be saved of it (sqlite3 {0} .recover), then move it away", str(path))
            yield Finding(str(path), phrase("was damaged, or no spool, and is put aside"), cure)
        else:
            yield _finding(path, path == own, clock.now_ms())


def _finding(path: Path, is_own: bool, now_ms: int) -> Finding:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with disk_trouble(path), closing(sqlite3.connect(uri, uri=True, timeout=5.0)) as db:
            check_kind(path, db)
            records, lines, oldest, newest = db.execute(_WAITS).fetchone()
    except DiskTrouble as error:
        if not error.is_damaged:
            raise
        cure = phrase("nothing to do: the gateway puts it aside when it starts")
        return Finding(str(path), phrase("is no spool, or damaged"), cure)
    if not records:
        return Finding(str(path), phrase("nothing waits in it"))
    length, age = timedelta(milliseconds=newest - oldest), timedelta(milliseconds=max(0, now_ms - oldest))
    what = phrase("{0} of {1} lines wait in it, the oldest for {2}", length, lines, age)
    if not is_own:
        return Finding(str(path), what, phrase("no gateway has this name: run one as {0} until it is empty", path.stem))
    return Finding(str(path), what)
