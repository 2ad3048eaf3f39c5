"""The embedded store: results by identity and transitions by (id, transition), in one SQLite file.

Rule: of an identity the highest revision stays, whatever the order of writes; a repeat changes nothing. One writer,
any number of readers in any thread or process: each read has a connection of its own and sees whole writes only.
Keys begin with time, so that what is new is written side by side (measured: four times the rows of equipment first).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from connectors.codecs import alerts_json, results_json
from connectors.codecs.results_json import Row
from connectors.ownership import Ownership
from connectors.sqlite import create_database, disk_trouble, open_database, transaction
from pipeline.core.ports import Unstorable
from pipeline.core.results import Extent, Result, Transition

_SCHEMA = """
CREATE TABLE results (
    kind TEXT NOT NULL, equipment TEXT NOT NULL, name TEXT NOT NULL, window_s INTEGER NOT NULL,
    window_start INTEGER NOT NULL, product TEXT NOT NULL, revision INTEGER NOT NULL, coverage REAL, formula TEXT,
    "values" TEXT NOT NULL,
    PRIMARY KEY (kind, window_start, equipment, name, window_s, product)
) WITHOUT ROWID;
CREATE INDEX results_by_equipment ON results (kind, equipment, window_start);
CREATE TABLE alerts (
    id TEXT NOT NULL, transition INTEGER NOT NULL, alarm TEXT NOT NULL, equipment TEXT NOT NULL,
    priority INTEGER NOT NULL, state TEXT NOT NULL, previous TEXT NOT NULL, event_time_ms INTEGER NOT NULL,
    raised_ms INTEGER NOT NULL, value REAL, threshold REAL, uom TEXT NOT NULL, message_en TEXT NOT NULL,
    message_vi TEXT NOT NULL, advice_en TEXT NOT NULL, advice_vi TEXT NOT NULL, incident TEXT NOT NULL,
    revision INTEGER NOT NULL, announced INTEGER NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (id, transition)
) WITHOUT ROWID;
CREATE INDEX alerts_by_time ON alerts (event_time_ms, equipment);
"""
_RESULT_COLUMNS = ", ".join(f'"{name}"' for name in results_json.SCHEMA)
_ALERT_COLUMNS = ", ".join(f'"{name}"' for name in alerts_json.SCHEMA)


def _marks(columns: Iterable[str]) -> str:
    return ", ".join("?" for _ in columns)


_PUT_RESULT = f"""
INSERT INTO results (kind, {_RESULT_COLUMNS}) VALUES (?, {_marks(results_json.SCHEMA)})
ON CONFLICT DO UPDATE SET revision = excluded.revision, coverage = excluded.coverage, formula = excluded.formula,
    "values" = excluded."values"
WHERE excluded.revision >= results.revision
"""
_PUT_ALERT = f"INSERT INTO alerts ({_ALERT_COLUMNS}) VALUES ({_marks(alerts_json.SCHEMA)}) ON CONFLICT DO NOTHING"

_EQUIPMENT = """
WITH RECURSIVE found(path) AS (
    SELECT min(equipment) FROM results WHERE kind = ?1
    UNION ALL SELECT (SELECT min(equipment) FROM results WHERE kind = ?1 AND equipment > path) FROM found
    WHERE path IS NOT NULL
) SELECT path FROM found WHERE path IS NOT NULL
"""
"""A step of the index a path; DISTINCT reads every row."""

Conditions = list[tuple[str, tuple[str | int, ...]]]


class LocalStore:
    """Sink and reader of one file; `path` is made where it is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = _opened(path)

    def write(self, results: Sequence[Result], alerts: Sequence[Transition]) -> Sequence[Unstorable]:
        if not results and not alerts:
            return ()
        with transaction(self._database, self._path):
            self._database.executemany(_PUT_RESULT, ((r.kind, *results_json.store_row(r)) for r in results))
            self._database.executemany(_PUT_ALERT, map(alerts_json.store_row, alerts))
        return ()

    def read(
        self,
        kind: str,
        equipment: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
        window_s: int | None = None,
    ) -> pl.DataFrame:
        """Results of one kind at `equipment` and below, with since_ms <= window_start < until_ms."""
        conditions: Conditions = [("kind = ?", (kind,)), *_within(equipment, "window_start", since_ms, until_ms)]
        if window_s is not None:
            conditions.append(("window_s = ?", (window_s,)))
        return results_json.read_table(self._select(f"SELECT {_RESULT_COLUMNS} FROM results", conditions))

    def results(self, kind: str, equipment: str, since_ms: int, until_ms: int) -> list[Result]:
        """The same, each as it was written."""
        conditions = [("kind = ?", (kind,)), *_within(equipment, "window_start", since_ms, until_ms)]
        rows = self._select(f"SELECT {_RESULT_COLUMNS} FROM results", conditions)
        return [results_json.stored(kind, row) for row in rows]

    def read_alerts(
        self, equipment: str = "", since_ms: int | None = None, until_ms: int | None = None
    ) -> pl.DataFrame:
        """Transitions at `equipment` and below, with since_ms <= event_time_ms < until_ms."""
        conditions = _within(equipment, "event_time_ms", since_ms, until_ms)
        return alerts_json.read_table(self._select(f"SELECT {_ALERT_COLUMNS} FROM alerts", conditions))

    def equipment(self, kind: str) -> list[str]:
        """Paths that have results of one kind, sorted."""
        with self._reading() as database:
            found: list[tuple[str]] = database.execute(_EQUIPMENT, (kind,)).fetchall()
        return [path for (path,) in found]

    def extents(self, kind: str, equipment: str = "") -> list[Extent]:
        """What there is of one kind at `equipment` and below, shortest windows first."""
        where, values = _where([("kind = ?", (kind,)), *_within(equipment, "window_start", None, None)])
        what = "SELECT window_s, min(window_start), max(window_start) FROM results"
        with self._reading() as database:
            found: list[tuple[int, int, int]] = database.execute(
                f"{what} WHERE {where} GROUP BY window_s ORDER BY window_s", values
            ).fetchall()
        return [Extent(*row) for row in found]

    def counts(self) -> tuple[int, int]:
        """Results and transitions."""
        with self._reading() as database:
            found: tuple[int, int] = database.execute(
                "SELECT (SELECT count(*) FROM results), (SELECT count(*) FROM alerts)"
            ).fetchone()
        return found

    def close(self) -> None:
        self._database.close()

    def _select(self, what: str, conditions: Conditions) -> list[Row]:
        where, values = _where(conditions)
        with self._reading() as database:
            rows: list[Row] = database.execute(f"{what} WHERE {where}", values).fetchall()
            return rows

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with disk_trouble(self._path), closing(open_database(self._path)) as database:
            yield database


def _opened(path: Path) -> sqlite3.Connection:
    """Makes what is missing; of two processes that come at once, one makes it and the other waits for it."""
    if not path.exists():
        with disk_trouble(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        lock = Ownership(path.with_name(path.name + ".lock"), "the making of the store", "its maker", wait=True)
        try:
            if not path.exists():
                create_database(path, _fill)
        finally:
            lock.close()
    return open_database(path)


def _fill(database: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";"):
        database.execute(statement)


def _where(conditions: Conditions) -> tuple[str, list[str | int]]:
    where = " AND ".join(condition for condition, _ in conditions) or "TRUE"
    return where, [value for _, bound in conditions for value in bound]


def _within(equipment: str, time: str, since_ms: int | None, until_ms: int | None) -> Conditions:
    """Whole levels only: 'line-1' holds 'line-1/filler' and not 'line-10' or 'line-1-b'; '0' comes after '/'."""
    conditions: Conditions = []
    if equipment:
        conditions.append(("equipment >= ? AND equipment < ?", (equipment, equipment + "0")))
        conditions.append(("(equipment = ? OR equipment > ?)", (equipment, equipment + "/")))
    if since_ms is not None:
        conditions.append((f"{time} >= ?", (since_ms,)))
    if until_ms is not None:
        conditions.append((f"{time} < ?", (until_ms,)))
    return conditions
