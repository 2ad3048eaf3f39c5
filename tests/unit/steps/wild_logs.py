"""Random logs of one line with all that goes wrong in a plant: see `wild_log`."""

import random
from dataclasses import dataclass, field, replace

from pipeline.core.frames import END
from pipeline.core.line_config import AlarmConfig, LineConfig, MetricConfig, TimeConfig, UnitConfig
from pipeline.steps.plan import Entry
from tests.unit.steps.logs import T0, Gateway, configuration

PATH = "park/line-1"
CODES = {"6": "execute", "11": "held", "4": "idle"}
CHANCE = {"state": 0.25, "mode": 0.04, "good": 0.5, "bad": 0.3, "temp": 0.8, "again": 0.2}
TIME = TimeConfig(
    idle_timeout_ms=2_000, max_hold_ms=8_000, max_clock_skew_ms=10_000, valid_for_ms=6_000, announce_horizon_ms=20_000
)


def wild_config(r):
    def unit(name):
        return UnitConfig(
            name=name,
            ideal_cycle_ms=150.0,
            metrics=(
                MetricConfig(name="state", role="state", codes=CODES, by_exception=r.random() < 0.4),
                MetricConfig(name="mode", role="mode", by_exception=r.random() < 0.4),
                MetricConfig(name="good", role="good_count"),
                MetricConfig(name="bad", role="reject_count"),
                MetricConfig(name="again", role="rework_count"),
                MetricConfig(name="temp", role="temperature", hold_ms=r.choice([400, 3_000, 10_000])),
            ),
        )

    alarms = (
        AlarmConfig(name="cold", kind="limit", unit="filler", metric="temp", low=68.0, on_delay_ms=1_000),
        AlarmConfig(name="quiet", kind="silence", unit="capper", metric="temp", after_ms=5_000),
    )
    return LineConfig(
        path=PATH,
        pace_unit="filler",
        count_unit=r.choice(["filler", "capper"]),
        windows=(1, 10, 60),
        usable_quality=r.choice([(0,), (0, 7)]),
        units=(unit("filler"), unit("capper")),
        alarms=alarms,
        time=TIME,
    )


@dataclass
class Source:
    """A device: how late its clock is, how often it sends, when it is off and when it is cut off and stores."""

    name: str
    skew: int
    rate: float
    quiet: tuple[int, int]
    cut: tuple[int, int]
    wrong: tuple[int, int]
    drain: int
    series: list[tuple[str, str]] = field(default_factory=list)
    store: list[tuple] = field(default_factory=list)


@dataclass
class WildLog:
    """`lost`: rows of frames that never came; `sent`: rows and repeats that did."""

    entries: list[Entry]
    config: LineConfig
    lost: int
    sent: int


def wild_log(seed, seconds=60, every=500, longest=25):
    """Sources ahead, behind, sparse, silent, cut off and drained, with wrong clocks; series that come by two sources;
    frames lost, repeated and swapped; an outage of the chain; bad quality, conflicts, resets; a new configuration."""
    r = random.Random(seed)
    config = wild_config(r)
    span = seconds * 1000
    sources = [_source(r, name, span, longest * 1000) for name in ("plc-a", "plc-b", "")][: r.choice([1, 2, 3, 3])]
    for unit in ("filler", "capper"):
        home = r.choice(sources)
        for metric in CHANCE:
            (r.choice(sources) if r.random() < 0.2 else home).series.append((unit, metric))
    if r.random() < 0.3:
        r.choice(sources).series.append(("filler", "temp"))
    sources[0].series.append(("probe", "volt"))
    gateways = [Gateway(PATH, name) for name in ("gw-1", "gw-2")]
    outage = _span(r, span, longest * 1000) if r.random() < 0.3 else (0, 0)
    made, log, values = [], _Log(r), {}
    log.add(T0, configuration(config, 0, T0).frame)
    change = r.randrange(span) if r.random() < 0.4 else None
    for at in range(0, span, every):
        if change is not None and at <= change < at + every:
            alarms = (replace_alarm(config.alarms[0]), *config.alarms[1:])
            log.add(T0 + at, configuration(config.model_copy(update={"alarms": alarms}), 0, T0 + at).frame)
        for k, source in enumerate(sources):
            rows = _rows(r, source, at, values)
            made += rows
            if rows and r.random() < 0.1:
                rows += r.sample(made, min(len(made), 3))
            if rows and r.random() < 0.05:
                victim = r.choice(rows)
                rows.append((*victim[:4], 1.5, *victim[5:]))
            source.store += rows
            if source.cut[0] <= at < source.cut[1]:
                continue
            rows, source.store = source.store[: source.drain], source.store[source.drain :]
            r.shuffle(rows)
            late = outage[1] if outage[0] <= at < outage[1] else at
            gateway = gateways[k % 2]
            log.send(T0 + late, gateway.frame(rows, T0 + at))
    end = max(T0 + span, *(append for append, _ in log.frames))
    for source in sources:
        while source.store:
            rows, source.store = source.store[: source.drain], source.store[source.drain :]
            log.send(end, gateways[0].frame(rows, end))
    for k in range(1, 12):
        for gateway in gateways:
            log.add(end + k * 1000, gateway.frame([], end + k * 1000))
    log.add(end + 12_000, gateways[0].frame([], end + 12_000, END if r.random() < 0.5 else 0))
    entries, newest = [], 0
    for i, (append, frame) in enumerate(log.frames):
        newest = max(newest, append)
        entries.append(Entry(i, newest, PATH, frame))
    return WildLog(entries, config, log.lost, sum(len(e.frame) for e in entries))


def replace_alarm(alarm):
    return alarm.model_copy(update={"low": 66.0})


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


def _rows(r, source, at, values):
    if source.quiet[0] <= at < source.quiet[1] or r.random() > source.rate:
        return []
    rows = []
    for unit, metric in source.series:
        if r.random() > CHANCE.get(metric, 0.5):
            continue
        t = T0 + at + source.skew - (r.randrange(3_000) if r.random() < 0.2 else r.randrange(400))
        if source.wrong[0] <= at < source.wrong[1]:
            t += r.choice([100_000, -30_000])
        q = r.choice([1, 2, 7]) if r.random() < 0.05 else 0
        v = _value(r, (unit, metric), values)
        rows.append((unit, metric, source.name, t, v, q, 0))
        if r.random() < 0.05:
            rows.append((unit, metric, source.name, t, _value(r, (unit, metric), values), q, r.randrange(3)))
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
    return 70.0 + round(r.gauss(0, 1), 3) - (5.0 if r.random() < 0.2 else 0.0)


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
