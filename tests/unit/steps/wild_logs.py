"""Random logs of one line with all that goes wrong in a plant: see `wild_log`."""

import random
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.core.frames import END
from pipeline.core.line_config import LineConfig
from pipeline.steps.plan import Entry
from tests.unit.steps.logs import T0, Gateway, configuration
from tests.unit.steps.wild_configs import PATH, other_alarms, wild_config

CHANCE = {"state": 0.25, "mode": 0.04, "good": 0.5, "bad": 0.3, "temp": 0.8, "again": 0.2, "kwh": 0.4, "m3": 0.2}


@dataclass
class Source:
    """A device: how late its clock is, how often it sends, when it is off and when it is cut off and stores; when some
    of its rows are `old`; what it has stored it may send `newest_first`."""

    name: str
    skew: int
    rate: float
    quiet: tuple[int, int]
    cut: tuple[int, int]
    wrong: tuple[int, int]
    drain: int
    old: tuple[int, int] = (0, 0)
    newest_first: bool = False
    series: list[tuple[str, str]] = field(default_factory=list)
    store: list[tuple] = field(default_factory=list)


@dataclass
class WildLog:
    """`configs`: [(offset, configuration)]; `lost`: rows of frames that never came; `sent`: rows and repeats that
    did."""

    entries: list[Entry]
    config: LineConfig
    configs: list[tuple[int, LineConfig]]
    lost: int
    sent: int


def wild_log(seed, seconds=60, every=500, longest=25):
    """Sources ahead, behind, sparse, silent, cut off and drained, with wrong clocks; series that come by two sources;
    frames lost, repeated and swapped; an outage of the chain; bad quality, conflicts, resets, rows without a time of
    their own; a new configuration; rows that come late, some beyond the horizon."""
    r, tardy = random.Random(seed), random.Random(f"late {seed}")
    start = T0 + r.choice([0, r.randrange(130_000, 195_000)])  # a quarter of an hour ends 200 s behind T0
    config, span = wild_config(r, start), seconds * 1000
    horizon = config.time.model_copy(update={"correction_horizon_ms": tardy.choice([86_400_000, 86_400_000, 30_000])})
    config = config.model_copy(update={"time": horizon})
    sources = [_source(r, name, span, longest * 1000) for name in ("plc-a", "plc-b", "")][: r.choice([1, 2, 3, 3])]
    for source in sources:
        source.old, source.newest_first = _span(tardy, span, longest * 800), tardy.random() < 0.2
    _share(r, config, sources)
    gateways = [Gateway(PATH, name) for name in ("gw-1", "gw-2")]
    outage = _span(r, span, longest * 1000) if r.random() < 0.3 else (0, 0)
    made, log, values = [], _Log(r), {}
    log.add(start, configuration(config, 0, start).frame)
    change = r.randrange(span) if r.random() < 0.6 else None
    for at in range(0, span, every):
        now = start + at
        if change is not None and at <= change < at + every:
            other = config.model_copy(update={"alarms": other_alarms(r, config.alarms)})
            log.add(now, configuration(other, 0, now).frame)
        for k, source in enumerate(sources):
            rows = _troubled(r, _tardy(tardy, source, at, _rows(r, source, (start, at), values)), made)
            source.store += rows
            if source.newest_first:
                source.store.reverse()
            if source.cut[0] <= at < source.cut[1]:
                continue
            rows, source.store = source.store[: source.drain], source.store[source.drain :]
            r.shuffle(rows)
            late = outage[1] if outage[0] <= at < outage[1] else at
            log.send(start + late, _frame(gateways[k % 2], rows, now))
    end = max(start + span, *(append for append, _ in log.frames))
    for source in sources:
        while source.store:
            rows, source.store = source.store[: source.drain], source.store[source.drain :]
            log.send(end, _frame(gateways[0], rows, end))
    for k in range(1, 12):
        for gateway in gateways:
            log.add(end + k * 1000, gateway.frame([], end + k * 1000))
    log.add(end + 12_000, gateways[0].frame([], end + 12_000, END if r.random() < 0.5 else 0))
    return _in_order(log, config)


def _share(r, config, sources):
    """Which source brings which series: a unit's mostly by one, some by two."""
    for unit in (unit.name for unit in config.units):
        home = r.choice(sources)
        for metric in CHANCE if unit != "oven" else ("kwh",):
            (r.choice(sources) if r.random() < 0.2 else home).series.append((unit, metric))
    if r.random() < 0.3:
        r.choice(sources).series.append(("filler", "temp"))
    sources[0].series.append(("probe", "volt"))


def _tardy(r, source, at, rows):
    """At times, some of the rows say that they are older."""
    begin, end = source.old
    late = [r.randrange(max(60_000, at)) if begin <= at < end and r.random() < 0.3 else 0 for _ in rows]
    return [(*row[:3], row[3] - by, *row[4:]) for row, by in zip(rows, late, strict=True)]


def _troubled(r, rows, made):
    """The rows with repeats of earlier ones and conflicts among them."""
    made += rows
    if rows and r.random() < 0.1:
        rows += r.sample(made, min(len(made), 3))
    if rows and r.random() < 0.05:
        victim = r.choice(rows)
        rows.append((*victim[:4], 1.5, *victim[5:7], r.choice([victim[7], 1, 2])))
    return rows


def _frame(gateway, rows, ingest):
    """A frame of rows that end with their flags."""
    frame = gateway.frame(rows, ingest)
    flags = [row[7] for row in sorted(rows, key=lambda row: (row[0], row[1], row[3]))]
    return replace(frame, row_flags=np.array(flags, np.uint8)) if any(flags) else frame


def _in_order(log, config):
    entries, configs, newest = [], [], 0
    for i, (append, frame) in enumerate(log.frames):
        newest = max(newest, append)
        entries.append(Entry(i, newest, PATH, frame))
        if frame.body:
            configs.append((i, LineConfig.model_validate_json(frame.body)))
    return WildLog(entries, config, configs, log.lost, sum(len(e.frame) for e in entries))


def _span(r, span, longest):
    begin = r.randrange(span)
    return begin, begin + r.randrange(longest)


def _source(r, name, span, longest):
    def sometimes(chance):
        return _span(r, span, longest) if r.random() < chance else (0, 0)

    return Source(
        name,
        r.choice([0, 0, 0, -3_000, -12_000, 4_000]),
        r.choice([0.9, 0.9, 0.5, 0.08]),
        sometimes(0.4),
        sometimes(0.5),
        sometimes(0.15),
        r.choice([5, 40, 10_000]),
    )


def _rows(r, source, when, values):
    """[(unit, metric, source, t, value, quality, seq, flags)]"""
    start, at = when
    if source.quiet[0] <= at < source.quiet[1] or r.random() > source.rate:
        return []
    rows = []
    for unit, metric in source.series:
        if r.random() > CHANCE.get(metric, 0.5):
            continue
        t = start + at + source.skew - (r.randrange(3_000) if r.random() < 0.2 else r.randrange(400))
        if source.wrong[0] <= at < source.wrong[1]:
            t += r.choice([100_000, -30_000])
        q = r.choice([1, 2, 7]) if r.random() < 0.05 else 0
        flags = r.choice([1, 1, 2, 3, 4]) if r.random() < 0.05 else 0
        rows.append((unit, metric, source.name, t, _value(r, (unit, metric), values), q, 0, flags))
        if r.random() < 0.05:
            again = _value(r, (unit, metric), values)
            rows.append((unit, metric, source.name, t, again, q, r.randrange(3), flags))
    return rows


def _value(r, key, values):
    metric = key[1]
    if metric == "state":
        if r.random() < 0.4:
            values[key] = r.choice(["execute", 6.0, 11.0, "Held", "Idle", 4.0, "nonsense", 99.0])
        return values.setdefault(key, 6.0)
    if metric == "mode":
        return r.choice(["production", "Changeover", "maintenance"])
    if metric in ("good", "bad", "again"):
        values[key] = r.randrange(3) if r.random() < 0.03 else values.get(key, 100) + r.randrange(5)
        return float(values[key])
    if metric in ("kwh", "m3"):
        values[key] = r.random() if r.random() < 0.03 else values.get(key, 12.0) + r.random() * 2
        return round(values[key], 3)
    return 70.0 + round(r.gauss(0, 1), 3) - (5.0 if r.random() < 0.2 else 0.0) + (40.0 if r.random() < 0.02 else 0.0)


class _Log:
    """Frames on their way: some are lost, some come twice, some change places."""

    def __init__(self, r):
        self.r, self.frames, self.lost = r, [], 0

    def add(self, append, frame):
        self.frames.append((append, frame))

    def send(self, append, frame):
        if self.r.random() < 0.01:
            self.lost += len(frame)
            return
        self.add(append, frame)
        if self.r.random() < 0.02 and len(self.frames) > 2:
            self.frames[-1], self.frames[-2] = self.frames[-2], self.frames[-1]
        if self.r.random() < 0.03:
            self.add(append, replace(frame))
