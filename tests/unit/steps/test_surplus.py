"""Series that are too many for their line: rejected and kept, and nothing else is any different."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.frames import FrameName
from pipeline.core.line_config import MetricConfig, TimeConfig, UnitConfig
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, random_log, told

PATH = "park/line-1"
TABLES = {}  # equal names are one object, as they are when read from a log
SETTLED = ("stored", "duplicate", "conflict", "expired", "rejected", "waiting")


def bound(most):
    return TimeConfig(max_series=most)


def flooded(entries, rng):
    """The same log, where a device puts a number into the names of its metrics."""
    out, more = [], {}
    for entry in entries:
        frame, size = entry.frame, int(rng.integers(0, 4))
        if len(frame) and size:
            new = [FrameName("flood", f"m{rng.integers(60)}", str(rng.integers(3))) for _ in range(size)]
            seq = np.arange(size, dtype=np.uint64)
            more[entry.line] = more.get(entry.line, 0) + size
            frame = replace(
                frame,
                names=(*frame.names, *new),
                index=np.append(frame.index, len(frame.names) + np.arange(size)).astype(np.uint16),
                t=np.append(frame.t, frame.ingest_ms - rng.integers(0, 1500, size)),
                v=np.append(frame.v, rng.random(size)),
                text=np.append(frame.text, np.full(size, 0xFFFF)).astype(np.uint16),
                q=np.append(frame.q, np.zeros(size)).astype(np.uint8),
                seq=np.append(frame.seq, seq).astype(np.uint64),
            )
        out.append(replace(entry, frame=replace(frame, total_rows=frame.total_rows + more.get(entry.line, 0))))
    return out


def without(entry, rows):
    frame, rows = entry.frame, list(rows)
    columns = ("index", "t", "v", "text", "q", "seq")
    return replace(entry, frame=replace(frame, **{name: np.delete(getattr(frame, name), rows) for name in columns}))


def run(entries, size):
    """What each line says, and which rows are too many: offset -> their places."""
    state, said, surplus = PartitionState(), {}, {}
    for k in range(0, len(entries), size):
        state, out = step(state, entries[k : k + size])
        for line, results, alerts in told(state, out):
            said.setdefault(line, []).extend([*results, *alerts])
        surplus |= {aside.entry.offset: aside.rows for aside in out.rejected if aside.reason == "too_many"}
    return state, said, surplus


def but_ledgers(said):
    return {line: [x for x in own if getattr(x, "kind", "") != "ledger"] for line, own in said.items()}


@pytest.mark.parametrize("seed", range(6))
def test_series_too_many_change_nothing_but_the_ledger_however_the_log_is_cut(seed):
    entries = flooded(random_log(seed, outage=seed % 2 == 1, time=bound(12))[0], np.random.default_rng(seed))
    _, said, surplus = run(entries, 1)
    assert surplus
    assert run(entries, 7)[1:] == run(entries, len(entries))[1:] == (said, surplus)
    clean = [without(entry, surplus[entry.offset]) if entry.offset in surplus else entry for entry in entries]
    assert but_ledgers(run(clean, 5)[1]) == but_ledgers(said)
    newest = {}
    for x in (x for own in said.values() for x in own if getattr(x, "kind", "") == "ledger"):
        assert x.values["received"] == sum(x.values[name] for name in SETTLED)
        newest[x.equipment, x.window_start] = x.values
    assert sum(values["rejected"] for values in newest.values()) == sum(map(len, surplus.values()))


@pytest.mark.parametrize("seed", range(3))
def test_a_line_has_so_many_series_as_it_may_and_what_it_declares_has_room_always(seed):
    entries = flooded(random_log(seed, time=bound(3))[0], np.random.default_rng(seed))
    state, said, _ = run(entries, 3)
    for line, code in state.registry.lines.items():
        names = {(unit, metric) for own, unit, metric in state.registry.series if own == code}
        declared = {("filler", metric.name) for metric in line_config().units[0].metrics}
        assert declared <= names
        assert len(names - declared) <= 3 + 1
        assert len(state.registry.named[code]) <= 2 * (3 + len(declared))
        assert any(getattr(x, "kind", "") == "elements" for x in said[line])


def sent(gateway, offset, metrics):
    rows = [("u", metric, "", T0 + offset * 1_000, 1.0, 0, 0) for metric in metrics]
    frame = gateway.frame(rows, T0 + offset * 1_000)
    return Entry(offset, T0 + offset * 1_000, PATH, replace(frame, names=TABLES.setdefault(frame.names, frame.names)))


def rejected(state, entry):
    state, out = step(state, [entry])
    return state, [(aside.reason, aside.rows) for aside in out.rejected]


def test_what_was_too_much_has_room_once_the_configuration_gives_it_or_declares_it():
    gateway, state = Gateway(PATH), PartitionState()
    state, _ = step(state, [configuration(line_config(time=bound(2)), 0, T0)])
    state, out = rejected(state, sent(gateway, 1, "abcd"))
    assert out == [("too_many", (2, 3))]
    unit = UnitConfig(name="u", metrics=(MetricConfig(name="d"),))
    state, _ = step(state, [configuration(line_config(time=bound(2), units=(unit,)), 2, T0 + 2_000)])
    state, out = rejected(state, sent(gateway, 3, "abcd"))
    assert out == [("too_many", (2,))]
    state, _ = step(state, [configuration(line_config(time=bound(4)), 4, T0 + 4_000)])
    state, out = rejected(state, sent(gateway, 5, "abcd"))
    assert out == []


def test_a_device_that_never_stops_to_make_up_names_fills_no_memory():
    state, gateway = PartitionState(), Gateway(PATH)
    state, _ = step(state, [configuration(line_config(time=bound(100)), 0, T0)])
    for k in range(1, 40):
        frame = sent(gateway, k, [f"m{k}_{i}" for i in range(500)])
        state, _ = step(state, [frame])
    assert len(state.registry.series) == len(state.registry.labels) == 101
    assert len(state.registry.named[0]) <= 200
    assert len(state.registry.sources) <= 2


def test_the_first_series_of_a_line_are_those_of_its_frames_in_log_order():
    gateway, state = Gateway(PATH), PartitionState()
    state, _ = step(state, [configuration(line_config(time=bound(3)), 0, T0)])
    state, _ = step(state, [sent(gateway, 1, "zy"), sent(gateway, 2, "abz")])
    taken = {metric for _, unit, metric in state.registry.series if unit == "u"}
    assert taken == {"y", "z", "a"}
