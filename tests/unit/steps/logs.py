"""Random logs of one or more lines for tests of the worker, and a plain recomputation of metric windows."""

import numpy as np

from connectors.codecs import results_json, windows_json
from connectors.codecs.windows_json import Heads
from pipeline.core.frames import END, Frame, FrameName, Kind
from pipeline.core.line_config import AlarmConfig, LineConfig, MetricConfig, TimeConfig, UnitConfig
from pipeline.steps.plan import Entry

T0 = 1_780_000_000_000


def line_config(path="park/line-1", **changes):
    codes = {"6": "execute", "11": "held", "4": "idle"}
    unit = UnitConfig(
        name="filler",
        ideal_cycle_ms=150.0,
        metrics=(
            MetricConfig(name="state", role="state", codes=codes),
            MetricConfig(name="mode", role="mode"),
            MetricConfig(name="good", role="good_count"),
            MetricConfig(name="bad", role="reject_count"),
            MetricConfig(name="temp", role="temperature", uom="°C"),
        ),
    )
    alarm = AlarmConfig(name="cold", kind="limit", unit="filler", metric="temp", low=68.0, on_delay_ms=1000)
    defaults = {"path": path, "pace_unit": "filler", "count_unit": "filler", "windows": (1, 10, 60)}
    return LineConfig(**(defaults | {"units": (unit,), "alarms": (alarm,), "time": TimeConfig()} | changes))


def configuration(config, offset, append_ms):
    frame = Frame(Kind.CONFIGURATION, 0, 0, append_ms, "gw", 1, 0, 0, 0, body=config.to_json())
    return Entry(offset, append_ms, config.path, frame)


class Gateway:
    """Writes frames of one line with right numbers and totals."""

    def __init__(self, path, name="gw"):
        self.path, self.name, self.number, self.rows = path, name, 0, 0

    def frame(self, rows, ingest_ms, flags=0):
        """rows: (unit, metric, source, t, v or text, q, seq)."""
        names = sorted({(r[0], r[1], r[2]) for r in rows})
        texts = sorted({r[4] for r in rows if isinstance(r[4], str)})
        rows = sorted(rows, key=lambda r: (r[0], r[1], r[3]))
        self.number += 1
        self.rows += len(rows)
        return Frame(
            Kind.DATA if rows else Kind.HEARTBEAT, flags, 0, ingest_ms, self.name, 1, self.number, self.rows, 0,
            tuple(FrameName(*n) for n in names), tuple(texts),
            np.array([names.index((r[0], r[1], r[2])) for r in rows], np.uint16),
            np.array([r[3] for r in rows], np.int64),
            np.array([np.nan if isinstance(r[4], str) else r[4] for r in rows], np.float64),
            np.array([texts.index(r[4]) if isinstance(r[4], str) else 0xFFFF for r in rows], np.uint16),
            np.array([r[5] for r in rows], np.uint8),
            None,
            np.array([r[6] for r in rows], np.uint64),
        )  # fmt: skip


def random_log(seed, seconds=40, lines=2, sources=("", "b"), outage=False, **changes):
    """Entries of a log: frames every ~200 ms, rows out of order by up to 1.5 s, duplicates, conflicts, an END."""
    rng = np.random.default_rng(seed)
    entries, sent = [], []
    gateways = [Gateway(f"park/line-{k}") for k in range(lines)]
    for gw in gateways:
        entries.append(configuration(line_config(gw.path, **changes), len(entries), T0))
    held = []
    for now in range(T0, T0 + seconds * 1000, 200):
        for gw in gateways:
            rows = []
            for source in sources:
                unit = "filler" if not source else f"u{source}"
                for metric in ("temp", "state", "good", "bad", "mode"):
                    if rng.random() > {"temp": 0.9, "state": 0.2, "good": 0.3, "bad": 0.2, "mode": 0.02}[metric]:
                        continue
                    t = now - int(rng.integers(0, 1500))
                    rows.append((unit, metric, source, t, _value(rng, metric, now), 0, 0))
            if rows and rng.random() < 0.3:
                rows.append(rows[0])
            if rows and rng.random() < 0.05:
                rows.append((*rows[0][:4], "other" if isinstance(rows[0][4], str) else 1.5, *rows[0][5:]))
            cut = outage and gw is gateways[0] and seconds * 250 < now - T0 < seconds * 600
            away = [r for r in rows if cut and r[2] == "b"]
            held += away
            rows = [r for r in rows if r not in away]
            if not cut and held and gw is gateways[0]:
                rows, held = held + rows, []
            entries.append(Entry(len(entries), now, gw.path, gw.frame(rows, now)))
            sent += [(gw.path, *r) for r in rows]
    for gw in gateways:
        entries.append(Entry(len(entries), now + 200, gw.path, gw.frame([], now + 200, END)))
    return entries, sent


def _value(rng, metric, now):
    if metric == "state":
        return ["execute", 6.0, "held", "Idle"][int(rng.integers(4))]
    if metric == "mode":
        return ["production", "changeover"][int(rng.integers(2))]
    if metric in ("good", "bad"):
        return float((now - T0) // 150)
    return 70.0 + float(np.round(rng.normal(), 3)) - 5.0 * ((now // 7000) % 3 == 0)


def told(state, out):
    """[(line, results, alerts)] of one step in log order: everything that leaves, windows read back from their JSON."""
    heads, found = Heads(), {}
    for own in windows_json.encode(out.windows, heads):
        _, results, _ = found.setdefault(own.offset, (state.registry.paths[own.line], [], []))
        results += results_json.decode(b"[%b]" % b",".join(own.pieces))
    for said in out.results:
        _, results, alerts = found.setdefault(said.offset, (said.line, [], []))
        results += said.results
        alerts += said.alerts
    return [found[offset] for offset in sorted(found)]
