"""What a new configuration of a line changes from its place in the log on, and what it keeps."""

import random

import pytest

from pipeline.core.line_config import AlarmConfig, MetricConfig, UnitConfig
from pipeline.runtime import snapshot
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, random_log, told
from tests.unit.steps.wild_logs import wild_log

PATH = "park/line-1"
SENT = (("filler", "state", "execute"), ("filler", "condition", "held"), ("old", "state", "execute"))


def unit(name="filler", state="state"):
    return UnitConfig(
        name=name, metrics=(MetricConfig(name=state, role="state"), MetricConfig(name="good", role="good_count"))
    )


def ran(before, after, at=30, seconds=60):
    """Elements [(equipment, start from T0, apt)] and states of a line whose configuration changes at `at`."""
    gateway, state, found, states = Gateway(PATH), PartitionState(), [], []
    entries = [configuration(line_config(PATH, units=before, alarms=(), windows=(10,)), 0, T0)]
    for s in range(seconds):
        now = T0 + s * 1000
        if s == at:
            config = line_config(PATH, units=after, alarms=(), windows=(10,))
            entries.append(configuration(config, len(entries), now))
        rows = [(u, m, "plc", now, v, 0, 0) for u, m, v in SENT]
        entries.append(Entry(len(entries), now, PATH, gateway.frame(rows, now)))
    for entry in entries:
        state, out = step(state, [entry])
        for x in (x for _, results, _ in told(state, out) for x in results):
            if x.kind == "elements":
                found.append((x.equipment.removeprefix(PATH).strip("/"), x.window_start - T0, x.values["apt_ms"]))
            if x.kind == "state":
                states.append((x.equipment.removeprefix(PATH).strip("/"), x.window_start - T0, x.values["state"]))
    return found, states


def test_a_unit_that_is_gone_publishes_no_more():
    found, _ = ran((unit(), unit("old")), (unit(),))
    assert max(start for name, start, _ in found if name == "old") < 30_000
    assert max(start for name, start, _ in found if name == "filler") >= 40_000


def test_a_unit_that_stays_keeps_its_state():
    found, _ = ran((unit(), unit("old")), (unit(),))
    assert [apt for name, _, apt in found if name == "filler"] == [10_000] * 5


def test_a_unit_whose_state_is_another_metric_now_follows_that_one():
    found, states = ran((unit(),), (unit(state="condition"),))
    assert states[-1][2] == "held"
    assert [apt for name, start, apt in found if name == "filler" and start >= 40_000] == [0]


def test_behind_a_checkpoint_a_configuration_keeps_what_it_does_not_touch_and_begins_what_is_new():
    entries, _ = random_log(3)
    state, _ = step(PartitionState(), entries[:150])
    kept = snapshot.dump(state, cut="lines")
    config = state.lines[0].config
    odd = AlarmConfig(name="odd", kind="score", unit="filler", metric="temp", threshold=6.0)
    other = config.model_copy(update={"windows": (*config.windows, 900), "alarms": (*config.alarms, odd)})
    again = snapshot.load(PartitionState, kept)
    again, _ = step(again, [configuration(other, 150, entries[149].append_ms)])
    parts = snapshot.dump(again, cut="lines").parts
    touched = {name for name, part in kept.parts.items() if parts[name] != part}
    received = {"registry", "ledger"}  # the configuration's own record, and how much its line may bring
    assert touched - received == {"lines/0", "traits", "windows", "begin"}
    for width in (10_000, 60_000):
        assert repr(again.windows[width]) == repr(state.windows[width])
    assert not again.windows[900_000].n.any()
    assert again.lines[0].books == state.lines[0].books
    assert again.lines[0].alarms.entries == state.lines[0].alarms.entries


def with_units_that_come_and_go(seed):
    """A wild log in which every few records another choice of the line's units is configured."""
    r, log = random.Random(seed), wild_log(seed)
    entries = []
    for entry in log.entries:
        if r.random() < 0.04:
            units = tuple(unit for unit in log.config.units if r.random() < 0.6)
            config = log.config.model_copy(update={"units": units})
            entries.append(configuration(config, len(entries), entry.append_ms))
        entries.append(Entry(len(entries), entry.append_ms, entry.line, entry.frame))
    return entries


@pytest.mark.parametrize("seed", range(12))
def test_a_unit_that_comes_back_corrects_what_it_published_and_never_says_it_anew(seed):
    state, newest = PartitionState(), {}
    for entry in with_units_that_come_and_go(seed):
        state, out = step(state, [entry])
        for x in (x for _, results, _ in told(state, out) for x in results if x.kind in {"elements", "kpi"}):
            key = (x.kind, x.equipment, x.window_s, x.window_start)
            assert x.revision > newest[key] if key in newest else x.revision == 0, key
            newest[key] = x.revision
            if x.kind == "elements":
                times = [x.values[name] for name in ("apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms")]
                assert (sum(times), min(times) >= 0) == (x.values["pbt_ms"], True)


def drained(gone):
    """apt of the newest revision of [10 s, 20 s) of a unit whose source was cut off at 12 s and delivers at 30 s and at
    50 s; `gone`: it is not in the configuration from 35 s to 40 s."""
    config = line_config(PATH, units=(unit(), unit("old")), alarms=(), windows=(10,))
    without = config.model_copy(update={"units": (unit(),)})
    gateway, entries, newest = Gateway(PATH), [configuration(config, 0, T0)], {}
    for s in range(70):
        now = T0 + s * 1000
        if gone and s in {35, 40}:
            entries.append(configuration(without if s == 35 else config, len(entries), now))
        rows = [("filler", "state", "plc", now, "execute", 0, 0)]
        brought = range(s, s + 1) if s < 12 else {30: range(12, 15), 50: range(15, 51)}.get(s, range(0))
        rows += [("old", "state", "other", T0 + at * 1000, "execute", 0, 0) for at in brought]
        entries.append(Entry(len(entries), now, PATH, gateway.frame(rows, now)))
    state = PartitionState()
    for entry in entries:
        state, out = step(state, [entry])
        for x in (x for _, results, _ in told(state, out) for x in results if x.kind == "elements"):
            if x.equipment.endswith("/old") and x.window_start == T0 + 10_000:
                newest[x.revision] = x.values["apt_ms"]
    return newest[max(newest)]


def test_a_unit_that_comes_back_keeps_what_its_windows_held():
    assert drained(gone=False) == 10_000
    assert drained(gone=True) == 10_000


def test_a_unit_that_is_gone_is_forgotten_when_its_windows_are_beyond_the_horizon():
    config = line_config(PATH, units=(unit(), unit("old")), alarms=(), windows=(10,))
    config = config.model_copy(update={"time": config.time.model_copy(update={"correction_horizon_ms": 60_000})})
    gateway, state = Gateway(PATH), PartitionState()
    kept = []
    for s in range(0, 400):
        now = T0 + s * 1000
        if s in {0, 30}:
            units = config.units if s == 0 else config.units[:1]
            entry = configuration(config.model_copy(update={"units": units}), 2 * s, now)
            state, _ = step(state, [entry])
        rows = [(name, "state", "plc", now, "execute", 0, 0) for name in ("filler", "old")]
        state, _ = step(state, [Entry(2 * s + 1, now, PATH, gateway.frame(rows, now))])
        kept.append("old" in state.lines[0].issues)
    assert kept[1:200] == [True] * 199
    assert not kept[-1]
    assert not state.lines[0].gone
