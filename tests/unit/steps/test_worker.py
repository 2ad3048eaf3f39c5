"""The laws of the worker on random logs: cuts do not matter, metrics and times equal a plain recomputation."""

import numpy as np
import pytest

from pipeline.core.line_config import TimeConfig
from pipeline.core.polled import Entry, gathered
from pipeline.core.senders import Senders
from pipeline.steps.bounds import crowded
from pipeline.steps.partition import PartitionState
from pipeline.steps.slice import met
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, random_log, told


def run(entries, cuts, late=None):
    state, said = PartitionState(), []
    for low, high in zip([0, *cuts], [*cuts, len(entries)], strict=True):
        state, out = step(state, entries[low:high])
        said += [(line, x) for line, results, alerts in told(state, out) for x in (*results, *alerts)]
        if late is not None:
            late |= {(aside.entry.offset, row) for aside in out.late for row in aside.rows}
    return said


def rows_in_time(entries, late):
    """First value of each identity, among the rows that were not late, from the frames themselves."""
    first = {}
    for entry in entries:
        f = entry.frame
        for i in range(len(f)):
            name = f.names[f.index[i]]
            if (entry.offset, i) not in late and not np.isnan(f.v[i]):
                first.setdefault((f"{entry.line}/{name.unit}", name.metric, int(f.t[i])), float(f.v[i]))
    return first


def store(said):
    newest = {}
    for _, x in said:
        if hasattr(x, "kind"):
            key = (x.kind, x.equipment, x.name, x.window_s, x.window_start)
            if key not in newest or x.revision >= newest[key].revision:
                newest[key] = x
        else:
            newest["alert", x.id, x.transition] = x
    return newest


@pytest.mark.parametrize("seed", range(12))
def test_however_a_log_is_cut_into_slices_each_line_says_the_same(seed):
    entries, _ = random_log(seed, outage=seed % 2 == 1)
    rng = np.random.default_rng(seed)
    whole = run(entries, [])
    single = run(entries, list(range(1, len(entries))))
    some = run(entries, sorted(set(rng.integers(1, len(entries), 15).tolist())))
    for line in {line for line, _ in whole}:
        said = [x for name, x in whole if name == line]
        assert said == [x for name, x in single if name == line]
        assert said == [x for name, x in some if name == line]


@pytest.mark.parametrize("seed", range(3))
def test_a_source_never_keeps_more_open_rows_than_its_bound_however_the_log_is_cut(seed):
    entries, _ = random_log(seed, time=TimeConfig(max_open_rows=9))
    late = set()
    whole, single = run(entries, [], late), run(entries, list(range(1, len(entries))))
    assert [x for name, x in whole if name.endswith("1")] == [x for name, x in single if name.endswith("1")]
    assert late
    state = PartitionState()
    for entry in entries:
        state, _ = step(state, [entry])
        rows = state.open.all()
        source = state.registry.source_of[rows.series]
        still = source[rows.t >= state.clocks.clock[source] // 1000 * 1000]
        assert np.bincount(still, minlength=1).max() <= 9


@pytest.mark.parametrize("seed", range(3))
def test_what_waits_of_each_source_is_counted_as_it_comes_and_goes(seed):
    entries, _ = random_log(seed, outage=seed == 1, time=TimeConfig(max_open_rows=9 if seed == 2 else 1_000_000))
    state = PartitionState()
    for entry in entries:
        state, _ = step(state, [entry])
        source = state.registry.source_of[state.open.all().series]
        assert state.open.waiting.tolist() == np.bincount(source, minlength=len(state.open.waiting)).tolist()


def test_a_source_is_compared_with_its_bound_and_not_what_all_sources_have_open():
    gateways = [Gateway(f"park/line-{k}") for k in range(4)]
    config = TimeConfig(max_open_rows=50)
    entries = [configuration(line_config(gw.path, time=config), k, T0) for k, gw in enumerate(gateways)]
    for gw in gateways:
        rows = [(source, "temp", source, T0 + k, 70.0, 0, 0) for source in "abcd" for k in range(20)]
        entries.append(Entry(len(entries), T0, gw.path, gw.frame(rows, T0)))
    state, _ = step(PartitionState(), entries)
    assert len(state.open) == 4 * 80
    one = Entry(len(entries), T0 + 1, gateways[0].path, gateways[0].frame([], T0 + 1))
    assert not crowded(state, met(state, gathered([one], Senders()))).any()
    few = gateways[0].frame([("a", "temp", "a", T0 + 1, 70.0, 0, 0)] * 31, T0 + 1)
    more = Entry(len(entries), T0 + 1, gateways[0].path, few)
    assert crowded(state, met(state, gathered([one, more], Senders()))).all()


@pytest.mark.parametrize("seed", range(6))
def test_metric_windows_equal_a_plain_recomputation(seed):
    entries, _ = random_log(seed, outage=seed % 2 == 1)
    late = set()
    found = store(run(entries, [7, 100], late))
    first = rows_in_time(entries, late)
    assert (len(late) > 0) == (seed % 2 == 1)
    for width in (1, 10, 60):
        groups = {}
        for (equipment, metric, t), v in sorted(first.items()):
            groups.setdefault((equipment, metric, t // (width * 1000) * width * 1000), []).append(v)
        windows = {(*k[1:3], k[4]): x for k, x in found.items() if k[0] == "metric" and k[3] == width}
        end = entries[-1].append_ms // 60_000 * 60_000 if width == 60 else entries[-1].append_ms // 10_000 * 10_000
        wanted = {k: v for k, v in groups.items() if k[2] + width * 1000 <= end - 2_000}
        assert wanted.keys() <= windows.keys()
        for key, window in windows.items():
            values = groups[key]
            assert window.values["count"] == len(values)
            assert (window.values["min"], window.values["max"]) == (min(values), max(values))
            assert window.values["last"] == values[-1]
            assert window.values["mean"] == pytest.approx(np.mean(values), rel=1e-9)
            assert window.values["sd"] == pytest.approx(np.std(values), rel=1e-9, abs=1e-9)
            assert 0 <= window.coverage <= 1


@pytest.mark.parametrize("seed", range(4))
def test_times_of_a_window_always_sum_to_planned_time_and_the_ledger_closes(seed):
    entries, sent = random_log(seed, outage=seed % 2 == 1)
    found = store(run(entries, []))
    elements = [x for key, x in found.items() if key[0] == "elements"]
    assert elements
    for x in elements:
        parts = ("apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms")
        assert sum(x.values[p] for p in parts) == x.values["pbt_ms"] == x.window_s * 1000
        assert min(x.values[p] for p in parts) >= 0
    ledgers = [x.values for key, x in found.items() if key[0] == "ledger"]
    assert sum(v["received"] for v in ledgers) == len(sent)
    for v in ledgers:
        settled = ("stored", "duplicate", "conflict", "expired", "rejected", "waiting")
        assert v["received"] == sum(v[name] for name in settled)
        assert v["waiting"] == 0
        assert v["gap"] == 0
