"""Kill -9 of every role, again and again, while a plant sends: nothing is lost, nothing is counted twice.

One seeded run (CRASH_SEED, printed with its schedule) feeds all tests here. The broker and the publisher stay alive;
each role dies from outside and by its own hand between the steps of its writes, every step of a checkpoint among them.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from pipeline.core.frames import decode
from tests.crash import oracle
from tests.crash.processes import Life, Process
from tests.crash.traffic import LINES, Listener, Publisher
from tests.faults.record import record

REQUIRED = os.environ.get("SERVICES") == "required"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.skipif(
        not find_mosquitto() and not REQUIRED,
        reason="no mosquitto on this machine; `apt-get install mosquitto` brings it",
    ),
]
SEED = int(os.environ.get("CRASH_SEED", "1"))
MIN_S, MAX_S = 50.0, 110.0  # of publishing, the calm end not counted
SETTLE_S = 30.0
LOW, DEADBAND, DELAY_MS = 68.0, 1.0, 500
OUTSIDE = ""
LONG_AWAY_S = 11.0
POINTS = {
    "gateway": [
        "gateway packed, nothing written",
        "gateway samples written, rejects not",
        "gateway written, not acknowledged",
        "gateway written, not acknowledged",
        OUTSIDE,
        OUTSIDE,
    ],
    "worker": [
        "worker computed, nothing written",
        "worker results written, alerts not",
        "worker alerts written, not committed",
        "checkpoint flushed, state not put",
        "checkpoint put, not flushed",
        "checkpoint torn",
        "checkpoint saved, not committed",
        "checkpoint committed",
        OUTSIDE,
        OUTSIDE,
    ],
    "historian": [
        "historian read, nothing stored",
        "historian stored, not committed",
        "historian results committed, alerts not",
        OUTSIDE,
        OUTSIDE,
    ],
    "notifier": [
        "notifier read, nothing told",
        "notifier told, not remembered",
        "notifier told, not remembered",
        "notifier remembered, not committed",
        OUTSIDE,
        OUTSIDE,
    ],
}
LENGTH_S = {"gateway": (3.0, 6.0), "worker": (2.0, 5.0), "historian": (6.0, 10.0), "notifier": (6.0, 10.0)}
PARK = """
levels = ["site", "line", "unit"]
data_dir = "data"
[gateway]
name = "gw"
[log]
partitions = 2
[[brokers]]
url = "{url}"
"""
LINE = """
path = "{path}"
pace_unit = "filler"
windows = ["1s", "10s", "1m"]
[[units]]
name = "filler"
ideal_cycle = "0.1s"
[units.metrics.state]
role = "state"
codes = {{ execute = "execute", held = "held", idle = "idle" }}
[units.metrics.good]
role = "good_count"
[units.metrics.bad]
role = "reject_count"
[units.metrics.temp]
role = "temperature"
uom = "°C"
[[alarms]]
name = "cold"
kind = "limit"
unit = "filler"
metric = "temp"
low = {low}
deadband = {deadband}
on_delay = "{delay}ms"
off_delay = "{delay}ms"
"""


def schedule(seed: int) -> dict[str, list[Life]]:
    """One life for each kill; one of the gateway's ends with a long absence."""
    dice = random.Random(seed)
    plans = {}
    for role, points in POINTS.items():
        order = dice.sample(points, len(points))
        plans[role] = [
            Life(point, round(dice.uniform(*LENGTH_S[role]), 2), round(dice.uniform(0, 1), 2)) for point in order
        ]
    at = dice.choice([i for i, life in enumerate(plans["gateway"]) if life.point == OUTSIDE])
    plans["gateway"][at] = Life(OUTSIDE, plans["gateway"][at].after_s, LONG_AWAY_S)
    return plans


def write_config(folder: Path, url: str) -> None:
    (folder / "lines").mkdir(parents=True)
    (folder / "park.toml").write_text(PARK.format(url=url), "utf-8")
    for path in LINES:
        text = LINE.format(path=path, low=LOW, deadband=DEADBAND, delay=DELAY_MS)
        (folder / "lines" / f"{path.rpartition('/')[2]}.toml").write_text(text, "utf-8")


@dataclass
class Outcome:
    """What the run left behind."""

    publisher: Publisher
    heard: list[dict]
    kills: dict[str, list[str]]
    ends: dict[str, tuple[int, float]]
    log: Path
    store: Path
    settled_s: float

    def __post_init__(self) -> None:
        self.samples = oracle.records(self.log, "samples.v1")
        self.rejects = oracle.records(self.log, "rejects.v1")
        self.late = oracle.records(self.log, "late.v1")
        self.results, self.alerts = oracle.published(self.log)
        self.steady_results, self.steady_alerts = oracle.unbroken(self.samples)
        self.stored = oracle.stored(self.store)
        self.series = oracle.rows_in_time(self.samples, oracle.put_aside(self.late, self.rejects))
        self.in_log = Counter(row[:5] for record in self.samples for row in oracle.rows(record))
        self.ledger = oracle.ledger(self.stored)

    @property
    def lost(self) -> int:
        return len(set(self.publisher.acknowledged) - self.in_log.keys())

    @property
    def repeated_results(self) -> int:
        said = Counter((*oracle.identity(r), r.revision) for r in self.results)
        return sum(n - 1 for n in said.values())

    @property
    def repeated_transitions(self) -> int:
        return sum(n - 1 for n in Counter((a.id, a.transition) for a in self.alerts).values())

    @property
    def repeated_messages(self) -> int:
        return sum(n - 1 for n in Counter((a["id"], a["transition"]) for a in self.heard).values())


def await_that(
    fact: Callable[[], bool], what: str, seconds: float, processes: list[Process], pause: float = 0.02
) -> None:
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until, f"did not come true in {seconds:.0f} s: {what}"
        for process in processes:
            process.look()
        time.sleep(pause)


def in_ledger(log: Path, store: Path) -> bool:
    """The ledger of the store says all that the log holds, and that nothing waits."""
    samples = oracle.records(log, "samples.v1")
    frames = [decode(record.value) for record in samples]
    total = oracle.ledger(oracle.stored(store))
    return total["waiting"] == 0 and total["received"] == sum(len(f) + f.rejects for f in frames)


def run(folder: Path, say: Callable[[str], None]) -> Outcome:
    plans = schedule(SEED)
    say(f"CRASH_SEED={SEED}: each life as end@age, then seconds away")
    for role, lives in plans.items():
        ends = (f"{life.point or 'from outside'} @{life.after_s}, {life.away_s}" for life in lives)
        say(f"  {role}: {'; '.join(ends)}")
    config = folder / "config"
    log, store = config / "data" / "log", config / "data" / "store.sqlite"
    with embedded_broker(folder / "broker", kind="mosquitto") as broker:
        write_config(config, broker.url)
        processes = {role: Process(role, config, plan) for role, plan in plans.items()}
        everyone = list(processes.values())
        listener, publisher = Listener(broker.port), Publisher(broker.port, SEED)
        try:
            processes["gateway"].look()
            publisher.await_subscriber()
            publisher.start()
            begun = time.monotonic()
            await_that(lambda: all(p.settled for p in everyone), "all planned kills are done", MAX_S, everyone)
            await_that(lambda: time.monotonic() - begun > MIN_S, "a run of some length", MIN_S + 1, everyone)
            publisher.finish()
            calm = time.monotonic()
            patience = calm + SETTLE_S  # what is not settled by then, the tests find
            await_that(
                lambda: time.monotonic() > patience or in_ledger(log, store), "settled", 2 * SETTLE_S, everyone, 0.5
            )
            settled_s = round(time.monotonic() - calm, 2)
            ends = {"gateway": processes["gateway"].end()}
            for role, inputs in (
                ("worker", ("samples.v1",)),
                ("historian", ("results.v1", "alerts.v1")),
                ("notifier", ("results.v1", "alerts.v1")),
            ):
                rest = [p for p in everyone if p.role not in ends]
                for topic in inputs:
                    await_that(lambda r=role, t=topic: oracle.lag(log, r, t) == 0, f"{role} read {topic}", 15, rest)
                ends[role] = processes[role].end()
            time.sleep(0.5)  # what the broker took last is on its way to the listener
        finally:
            for process in everyone:
                process.destroy()
            publisher.close()
            listener.close()
        kills = {role: process.kills for role, process in processes.items()}
        return Outcome(publisher, listener.heard, kills, ends, log, store, settled_s)


def report(found: Outcome, say: Callable[[str], None]) -> None:
    publisher = found.publisher
    rate = publisher.messages / publisher.seconds
    fates = ("duplicate", "expired", "rejected")
    rows = [
        ("messages acknowledged by the broker", f"{publisher.messages} ({rate:.0f}/s)"),
        ("samples acknowledged by the broker", len(publisher.acknowledged)),
        ("lost", found.lost),
        ("rows in the log more than once", sum(n - 1 for n in found.in_log.values())),
        (f"ledger: {' / '.join(fates)}", " / ".join(str(found.ledger[fate]) for fate in fates)),
        ("results published / repeated", f"{len(found.results)} / {found.repeated_results}"),
        ("transitions in the log / repeated", f"{len(found.alerts)} / {found.repeated_transitions}"),
        ("transitions over MQTT / repeated", f"{len(found.heard)} / {found.repeated_messages}"),
        ("incidents", len({a.id for a in found.alerts})),
        *((f"kills of {role}", len(kills)) for role, kills in found.kills.items()),
        ("seconds to end after SIGTERM, at most", f"{max(seconds for _, seconds in found.ends.values()):.1f}"),
    ]
    for name, value in rows:
        say(f"  {name:<42}{value:>24}")


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(text, flush=True)

    say("")
    outcome = run(tmp_path_factory.mktemp("crash"), say)
    report(outcome, say)
    return outcome


def test_every_role_was_killed_as_planned_under_load(found):
    for role, points in POINTS.items():
        assert Counter(found.kills[role]) == Counter(point or "from outside" for point in points)
        assert len(found.kills[role]) >= 4
    assert found.publisher.messages / found.publisher.seconds >= 1_000


def test_every_role_ends_cleanly_when_told_to(found):
    assert {role: code for role, (code, _) in found.ends.items()} == dict.fromkeys(POINTS, 0)
    assert max(seconds for _, seconds in found.ends.values()) < 10


def test_the_run_saw_a_redelivery_a_repeated_result_and_a_repeated_transition(found):
    assert found.ledger["duplicate"] > 0
    assert found.repeated_results > 0
    assert found.repeated_transitions > 0
    assert found.repeated_messages > 0


def test_row_01_nothing_that_the_broker_took_is_lost(found):
    assert not found.publisher.refused
    assert found.lost == 0
    again = sum(n - 1 for n in found.in_log.values())
    record(lost=found.lost, duplicate=again, seconds=found.settled_s, tier="T1", seed=SEED)
    assert set(found.publisher.unreadable) <= {record.value for record in found.rejects}
    assert len(found.publisher.unreadable) > 0


def test_the_ledger_accounts_for_every_row_of_the_log(found):
    settled = ("stored", "duplicate", "conflict", "expired", "rejected", "waiting")
    assert found.ledger["received"] == sum(found.ledger[name] for name in settled)
    assert found.ledger["stored"] == sum(len(rows) for rows in found.series.values())
    assert found.ledger["expired"] == sum(len(oracle.rows(r)) for r in {r.value: r for r in found.late}.values())
    assert (found.ledger["conflict"], found.ledger["waiting"], found.ledger["gap"]) == (0, 0, 0)


def test_metric_windows_equal_a_plain_recomputation_over_the_log(found):
    wanted = oracle.windows(found.series)
    windows = {(k[1], k[2], k[3], k[4]): json.loads(v[3]) for k, v in found.stored.items() if k[0] == "metric"}
    assert windows.keys() <= wanted.keys()
    assert {k for k in wanted if k[2] == 1} <= windows.keys()
    assert len({k for k in windows if k[2] == 10}) > 3 * len(LINES) * 12
    for key, values in windows.items():
        for name in ("count", "min", "max", "last"):
            assert values[name] == wanted[key][name], (key, name)
        for name in ("mean", "sd"):
            assert values[name] == pytest.approx(wanted[key][name], rel=1e-9, abs=1e-9), (key, name)


def test_times_sum_to_the_window_and_parts_to_the_counter(found):
    by_unit: dict[str, list[tuple[int, dict]]] = {}
    for key, content in found.stored.items():
        if key[0] == "elements" and key[3] == 10:
            by_unit.setdefault(key[1], []).append((key[4], json.loads(content[3])))
    assert set(by_unit) == {f"{line}/filler" for line in LINES} | set(LINES)
    for equipment, windows in by_unit.items():
        windows.sort(key=lambda window: window[0])
        starts = [start for start, _ in windows]
        assert starts == list(range(starts[0], starts[-1] + 1, 10_000))
        for _, values in windows:
            times = ("apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms")
            assert sum(values[name] for name in times) == values["pbt_ms"] == 10_000
        unit = equipment if equipment.endswith("/filler") else f"{equipment}/filler"
        counter = [(t, v) for t, _, v in found.series[unit, "good"] if t < starts[-1] + 10_000]
        assert sum(values["gq"] for _, values in windows) == counter[-1][1] - counter[0][1]


def test_row_11_the_store_equals_an_unbroken_run_over_the_same_log(found):
    wanted = oracle.newest(found.steady_results)
    assert {key[0] for key in wanted} >= {"metric", "elements", "kpi", "ledger", "score"}
    assert found.stored.keys() == wanted.keys()
    assert {key: (found.stored[key], wanted[key]) for key in wanted if found.stored[key] != wanted[key]} == {}
    assert set(oracle.stored_alerts(found.store)) == {(a.id, a.transition) for a in found.steady_alerts}
    record(lost=0, duplicate=0, seconds=found.settled_s, tier="T1", seed=SEED)


def test_what_was_published_twice_had_one_content(found):
    said = {(oracle.identity(r), oracle.content(r)) for r in found.results}
    assert len(said) == len({(key, content[0]) for key, content in said})
    assert said == {(oracle.identity(r), oracle.content(r)) for r in found.steady_results}
    assert set(map(repr, found.alerts)) == set(map(repr, found.steady_alerts))


def test_every_incident_is_told_once_after_repeats_are_dropped(found):
    wanted = {
        (f"{line}/filler", t, state)
        for line in LINES
        for t, state in oracle.incidents(found.series[f"{line}/filler", "temp"], LOW, DEADBAND, DELAY_MS)
    }
    logged = {(a.id, a.transition): (a.equipment, a.event_time_ms, a.state) for a in found.alerts}
    heard = {
        (a["id"], a["transition"]): (a["equipment"], a["event_time_ms"], a["state"])
        for a in found.heard
        if a["alarm"] == "cold"
    }
    assert len(wanted) >= 2 * 4 * len(LINES)
    for told in (logged, heard):
        assert set(told.values()) == wanted
        assert len(told) == len(wanted)
        raises = Counter(id_ for id_, transition in told if transition == 0)
        assert set(raises.values()) == {1}
        assert raises.keys() == {id_ for id_, _ in told}
