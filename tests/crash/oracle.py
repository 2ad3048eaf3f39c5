"""What the log, the store and the world should hold: read from the files, and computed again from the log.

Metric windows, counts and incidents are computed here by plain loops; the rest is held against the worker's step in one
unbroken run.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from itertools import groupby
from pathlib import Path

import numpy as np

from connectors.codecs import alerts_json, results_json
from connectors.codecs.windows_json import Heads
from connectors.sqlite_log import SqliteLog
from pipeline.core.frames import decode
from pipeline.core.frames_together import read_together
from pipeline.core.ports import Record
from pipeline.core.results import Result, Transition
from pipeline.core.senders import Senders
from pipeline.roles.spoken import ALERTS, RESULTS, spoken
from pipeline.runtime.clock import WallClock
from pipeline.steps.partition import PartitionState
from pipeline.steps.worker import step

WIDTHS = (1, 10, 60)


def records(folder: Path, topic: str) -> list[Record]:
    """The whole topic, partition by partition, in log order."""
    reader = SqliteLog(folder, WallClock()).reader(topic, "")
    found: list[Record] = []
    while some := reader.poll(0.0):
        found += some
    reader.close()
    return sorted(found, key=lambda record: (record.partition, record.offset))


def rows(record: Record) -> list[tuple]:
    """(line, unit, metric, t, value, seq) of a frame."""
    f = decode(record.value)
    values = f.v.tolist()
    if f.text is not None:
        values = [v if k == 0xFFFF else f.texts[k] for v, k in zip(values, f.text.tolist(), strict=True)]
    seq = [0] * len(f) if f.seq is None else f.seq.tolist()
    line = record.key.decode()
    names = [f.names[k] for k in f.index.tolist()]
    return [
        (line, name.unit, name.metric, t, v, s) for name, t, v, s in zip(names, f.t.tolist(), values, seq, strict=True)
    ]


def put_aside(late: list[Record], rejects: list[Record]) -> set[tuple]:
    """(partition, offset, row) of rows that count nowhere; what a worker wrote twice is here once."""
    aside: set[tuple] = set()
    for record in [*late, *rejects]:
        headers = dict(record.headers)
        if headers["reason"] in (b"late", b"clock", b"no_number", b"too_many"):
            aside |= {(record.partition, int(headers["offset"]), row) for row in rows(record)}
    return aside


def rows_in_time(samples: list[Record], aside: set[tuple]) -> dict[tuple, list[tuple]]:
    """(equipment, metric) -> (t, seq, value) in order of time: the first of each identity in the log."""
    first: dict[tuple, float | str] = {}
    for record in samples:
        for row in rows(record):
            if (record.partition, record.offset, row) not in aside:
                line, unit, metric, t, v, s = row
                first.setdefault((f"{line}/{unit}", metric, t, s), v)
    series = defaultdict(list)
    for (equipment, metric, t, s), v in first.items():
        series[equipment, metric].append((t, s, v))
    return {key: sorted(found) for key, found in series.items()}


def windows(series: dict[tuple, list[tuple]]) -> dict[tuple, dict]:
    """(equipment, metric, width, start) -> statistics of the numbers in it."""
    out = {}
    for (equipment, metric), found in series.items():
        for width in WIDTHS:
            for start, some in groupby(found, key=lambda row, w=width: row[0] // (w * 1000) * w * 1000):
                v = [row[2] for row in some if not isinstance(row[2], str)]
                if v:
                    stats = {"count": len(v), "min": min(v), "max": max(v), "last": v[-1]}
                    out[equipment, metric, width, start] = stats | {"mean": np.mean(v), "sd": np.std(v)}
    return out


def incidents(found: list[tuple], low: float, deadband: float, delay: int) -> list[tuple[int, str]]:
    """(event time, new state) of a low limit with equal delays, sample by sample."""
    active, begun, out = False, None, []
    for t, _, v in found:
        if begun is not None and t >= begun + delay:
            active = not active
            out.append((begun + delay, "unack" if active else "norm"))
            begun = None
        turned = v > low + deadband if active else v <= low
        begun = (t if begun is None else begun) if turned else None
    if begun is not None:
        out.append((begun + delay, "norm" if active else "unack"))
    return out


def identity(r: Result) -> tuple:
    return r.kind, r.equipment, r.name, r.window_s, r.window_start, r.product or ""


def content(r: Result) -> tuple:
    return r.revision, r.coverage, r.formula, json.dumps(r.values)


def unbroken(samples: list[Record]) -> tuple[list[Result], list[Transition]]:
    """What one worker says of this log that reads it from the start and never dies."""
    results: list[Result] = []
    alerts: list[Transition] = []
    for _, part in groupby(samples, key=lambda record: record.partition):
        state, own, heads, senders = PartitionState(), list(part), Heads(), Senders()
        for at in range(0, len(own), 500):
            state, out = step(state, read_together(own[at : at + 500], senders)[0])
            written = spoken(out, 0, 0, heads, state.registry.paths)
            results += [r for record in written if record.topic == RESULTS for r in results_json.decode(record.value)]
            alerts += [alerts_json.decode(record.value) for record in written if record.topic == ALERTS]
    return results, alerts


def published(folder: Path) -> tuple[list[Result], list[Transition]]:
    results = [r for record in records(folder, "results.v1") for r in results_json.decode(record.value)]
    return results, [alerts_json.decode(record.value) for record in records(folder, "alerts.v1")]


def newest(results: list[Result]) -> dict[tuple, tuple]:
    """identity -> content of its highest revision; progress is not stored."""
    kept: dict[tuple, tuple] = {}
    for r in results:
        if r.kind != "progress" and r.revision >= kept.get(identity(r), (-1,))[0]:
            kept[identity(r)] = content(r)
    return kept


def stored(path: Path) -> dict[tuple, tuple]:
    columns = 'kind, equipment, name, window_s, window_start, product, revision, coverage, formula, "values"'
    with closing(sqlite3.connect(path)) as db:
        found = db.execute(f"SELECT {columns} FROM results").fetchall()
    return {row[:6]: (*row[6:9], json.dumps(json.loads(row[9]))) for row in found}


def stored_alerts(path: Path) -> Counter:
    with closing(sqlite3.connect(path)) as db:
        return Counter(db.execute("SELECT id, transition FROM alerts").fetchall())


def ledger(results: dict[tuple, tuple]) -> Counter:
    """Sum over gateways, lines and hours."""
    total: Counter = Counter()
    for key, found in results.items():
        if key[0] == "ledger":
            total.update(json.loads(found[3]))
    return total


def commits(folder: Path) -> dict[tuple, int]:
    with closing(sqlite3.connect(folder / "meta.sqlite")) as db:
        return {tuple(row[:3]): row[3] for row in db.execute("SELECT * FROM committed")}


def lag(folder: Path, group: str, topic: str) -> int:
    """Records of a topic that a group has not committed."""
    done = commits(folder)
    reader = SqliteLog(folder, WallClock()).reader(topic, "")
    found = sum(reader.end_offset(p) - done.get((group, topic, p), 0) for p in reader.partitions)
    reader.close()
    return found
