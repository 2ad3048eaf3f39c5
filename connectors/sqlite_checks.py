"""A look at the embedded log and store: topics, the log's clock, lag; whether each file opens.

Rule: files are opened for reading only; what is not there yet is no trouble, for the first start makes it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from connectors.needs import Lag, LogNeeds, clock_finding, lag_finding, lag_of
from connectors.sqlite import disk_trouble
from connectors.sqlite_days import day_path, days_in
from pipeline.core.finding import Check, Finding, phrase

_FIRST_START = "is made at the first start"
_HEADS = "SELECT partition, next_offset, append_ms FROM heads"
_FIRST = "SELECT min(offset) FROM records WHERE partition = ?"
_NEWEST_STALE = "SELECT offset FROM records WHERE partition = ? AND append_ms < ? ORDER BY offset DESC LIMIT 1"


def log_checks(folder: Path, needs: LogNeeds) -> list[Check]:
    return [Check(str(folder), lambda: look_at_log(folder, needs))]


def store_checks(path: Path) -> list[Check]:
    return [Check(str(path), lambda: look_at_store(path))]


def look_at_store(path: Path) -> Iterator[Finding]:
    if not path.exists():
        yield Finding(str(path), phrase(_FIRST_START))
        return
    with _reading(path) as db:
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    yield Finding(str(path), phrase("opens"))


def look_at_log(folder: Path, needs: LogNeeds) -> Iterator[Finding]:
    meta = folder / "meta.sqlite"
    if not meta.exists():
        yield Finding(str(folder), phrase(_FIRST_START))
        return
    with _reading(meta) as db:
        held: dict[str, int] = dict(db.execute("SELECT name, partitions FROM topics"))
        committed = {(group, topic, p): at for group, topic, p, at in db.execute("SELECT * FROM committed")}
    yield from _topics(folder, held, needs)
    newest = max((append_ms for topic in held for _, _, append_ms in _heads(folder / topic)), default=0)
    if (
        ahead_ms := newest - needs.clock.now_ms()
    ) > needs.max_skew_ms:  # it has no clock but this machine's, at its time
        yield clock_finding(str(folder), ahead_ms, needs.max_skew_ms)
    for role, topics in needs.reads.items():
        for topic in (topic for topic in topics if topic in held):
            own = {p: at for (group, of, p), at in committed.items() if (group, of) == (role, topic)}
            yield lag_finding(role, topic, _lag(folder / topic, own, needs.stale_ms))


def _topics(folder: Path, held: dict[str, int], needs: LogNeeds) -> Iterator[Finding]:
    wrong = {topic: n for topic, n in needs.topics.items() if held.get(topic, n) != n}
    for topic, partitions in wrong.items():
        what = phrase("it has {0} partitions; log.partitions is {1}", held[topic], partitions)
        yield Finding(topic, what, phrase("set log.partitions to {0}, or take another data_dir", held[topic]))
    if not wrong:
        yield Finding(str(folder), phrase("{0} topics are there", len(held)))


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with (
        disk_trouble(path),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as db,
    ):
        yield db


def _heads(topic: Path) -> list[tuple[int, int, int]]:
    days = days_in(topic)
    if not days:
        return []
    with _reading(day_path(topic, days[-1])) as db:
        return db.execute(_HEADS).fetchall()


def _lag(topic: Path, committed: dict[int, int], stale_ms: int) -> Lag:
    ends = {partition: end for partition, end, _ in _heads(topic)}
    firsts, stale = dict[int, int](), dict[int, int]()
    for day in days_in(topic):
        with _reading(day_path(topic, day)) as db:
            for partition in ends:
                (first,) = db.execute(_FIRST, (partition,)).fetchone()
                old = db.execute(_NEWEST_STALE, (partition, stale_ms)).fetchone()
                firsts |= {partition: first} if first is not None and partition not in firsts else {}
                stale |= {partition: old[0] + 1} if old is not None else {}
    lags = (lag_of(committed.get(p), firsts.get(p, end), stale.get(p, 0), end) for p, end in ends.items())
    return sum(lags, Lag())
