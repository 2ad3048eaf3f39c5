"""The laws of the worker on wild logs: what leaves equals a recomputation at once, through any cut and any crash."""

import random
from itertools import pairwise
from typing import NamedTuple

import pytest

from connectors.folder_shelf import FolderShelf
from pipeline.core.frames import END
from pipeline.core.ledger import FIELDS
from pipeline.core.line_config import LineConfig
from pipeline.runtime import snapshot
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import configuration, told
from tests.unit.steps.recomputation import Line
from tests.unit.steps.recomputed_alarms import Said, Tick, alarms
from tests.unit.steps.recomputed_anomalies import anomalies
from tests.unit.steps.recomputed_elements import element_windows, is_short, tells
from tests.unit.steps.wild_configs import PATH
from tests.unit.steps.wild_logs import wild_log

STATISTICS = ("count", "mean", "min", "max", "last", "sd")
SETTLED = ("stored", "duplicate", "conflict", "expired", "rejected", "waiting")


def said(state, out):
    """[(identity, revision, content)] of what one step says."""
    found = []
    for _, results, alerts in told(state, out):
        for x in results:
            key = (x.kind, x.equipment, x.name, x.window_s, x.window_start, x.product)
            found.append((key, x.revision, (tuple(x.values.items()), x.coverage, x.formula)))
        found += [(("alert", a.id), a.transition, a) for a in alerts]
    return found


def unbroken(log):
    state, everything, aside, late, ticks, second = PartitionState(), [], set(), set(), [], None
    for entry in log.entries:
        closed = closed_panes(state)
        state, out = step(state, [entry])
        everything += said(state, out)
        aside |= {(a.entry.offset, row) for a in (*out.late, *out.rejected) for row in a.rows}
        late |= late_rows(state, entry, closed) - aside
        clocks = state.clocks
        if (known := bool((clocks.top > 0).any())) and (entry.frame.flags & END or clocks.tick[0] != second):
            ticks.append(Tick(entry.offset, entry.append_ms, int(clocks.line[0]), closed_panes(state)))
        second = clocks.tick[0] if known else None
    return state, everything, Fates(aside, late), ticks


class Fates(NamedTuple):
    """(offset, row) of rows that were put aside, and of the others that were not in time."""

    aside: set
    late: set


def closed_panes(state):
    """Event time up to which panes are closed, by source."""
    clocks = state.clocks
    known = [(name, code) for (_, name), code in state.registry.sources.items() if clocks.top[code] > 0]
    return {name: int(clocks.clock[code]) // 1000 * 1000 for name, code in known}


def late_rows(state, entry, closed):
    """Rows of a record that belong to panes closed before it: by the source that brought their series first."""
    frame, home = entry.frame, dict(zip(state.registry.names, state.registry.source_of.tolist(), strict=False))
    names = {code: name for (_, name), code in state.registry.sources.items()}
    sources = [names[home[name.unit, name.metric]] for name in frame.names]
    return {
        (entry.offset, i)
        for i, (name, t) in enumerate(zip(frame.index.tolist(), frame.t.tolist(), strict=True))
        if t < closed.get(sources[name], t)
    }


def newest(everything):
    store = {}
    for key, revision, content in everything:
        if key not in store or revision > store[key][0]:
            store[key] = (revision, content)
    return {key: content for key, (_, content) in store.items()}


def crashing(log, seed, shelf=None):
    """Polls of any size; after a crash on from an older checkpoint, silently up to the commit, then aloud."""
    r = random.Random(seed)
    state, at, committed, everything = PartitionState(), 0, 0, []
    state.history.shelf = shelf
    kept, crashes = [(0, snapshot.dump(state))], 0
    while at < len(log.entries):
        poll = log.entries[at : at + r.randrange(1, 25)]
        if at < committed:
            poll = poll[: committed - at]
        state, out = step(state, poll)
        found = said(state, out) if at >= committed else []
        if crashes < 3 and r.random() < 0.1:
            everything += found[: r.randrange(len(found) + 1)]
            at, checkpoint = r.choice(kept[-3:])
            state = snapshot.load(PartitionState, checkpoint)
            state.history.shelf = shelf
            assert state.history.is_whole()
            crashes += 1
            continue
        everything += found
        at += len(poll)
        if r.random() < 0.7:
            committed = max(committed, at)
        if committed == at and r.random() < 0.2:
            state.history.put_away()
            kept.append((at, snapshot.dump(state)))
    return everything


def check_elements(line, everything, clock):
    store, wanted = newest(everything), element_windows(line, clock)
    found = {(k[1], k[3] * 1000, k[4]): v for k, v in store.items() if k[0] == "elements"}
    assert found.keys() <= wanted.keys()
    for key, (values, must) in wanted.items():
        assert key in found or not must, (key, values)
        if key in found:
            assert dict(found[key][0]) == values, key
            busy = values["pbt_ms"]
            assert found[key][1] == (pytest.approx(1 - values["unclassified_ms"] / busy) if busy else None), key
    for key, revision, content in everything:
        if key[0] == "elements" and revision == 0:
            assert tells(dict(content[0]), is_short(line.config, key[4], key[3] * 1000)), key


def check_alarms(line, ticks, log, everything):
    found = {}
    for key, _, content in everything:
        if key[0] == "alert":
            found.setdefault((content.equipment, content.alarm), []).append(content)
    wanted = {(f"{PATH}/{unit}", name): all_said for (unit, name), all_said in alarms(line, ticks, log.configs).items()}
    assert found.keys() <= wanted.keys()
    for key, all_said in wanted.items():
        heard, raised = [], None
        for x in found.get(key, []):
            raised = x if x.transition == 0 else raised
            assert x.id == raised.id
            own = {name: getattr(x, name) for name in Said._fields}
            heard.append(Said(**own | {"value": raised.value, "threshold": raised.threshold}))
        assert heard == all_said, key


def check_anomalies(line, ticks, everything):
    for width in (1_000, 10_000):
        found = {}
        for key, revision, content in everything:
            if key[0] == "anomaly" and key[3] * 1000 == width:
                values = dict(content[0])
                assert (revision, key[2]) == (0, f"{values['contributors']}/ewma")
                said_of = found.setdefault((key[1], values["contributors"]), [])
                said_of.append((key[4], values["score"], values["level"], values["open"]))
        assert found == anomalies(line, ticks, width)


def check_metrics(line, store, clock):
    for width in (s * 1000 for s in line.config.windows):
        windows, scores = line.metric_windows(width), line.score_windows(width)
        by_kind = {"metric": {}, "score": {}}
        for k, v in store.items():
            if k[0] in by_kind and k[3] * 1000 == width:
                by_kind[k[0]][k[1], k[2], k[4]] = v
        assert by_kind["metric"].keys() <= windows.keys()
        assert by_kind["score"].keys() <= scores.keys()
        for key, (*exact, coverage) in windows.items():
            if key not in by_kind["metric"]:
                assert key[2] + width > clock, key
                continue
            values, found = dict(by_kind["metric"][key][0]), by_kind["metric"][key][1]
            assert [values[n] for n in ("count", "min", "max", "last")] == [exact[k] for k in (0, 2, 3, 4)], key
            assert found == pytest.approx(coverage, abs=1e-12), key
            for k in (1, 5):
                assert values[STATISTICS[k]] == (None if exact[0] == 0 else pytest.approx(exact[k], rel=1e-9, abs=1e-9))
        for key, score in scores.items():
            if key in by_kind["score"]:
                assert tuple(dict(by_kind["score"][key][0]).values()) == score, key
            else:
                assert key[2] + width > clock, key


def check_ledger(log, line, state, everything):
    rows = [dict(content[0]) for key, _, content in everything if key[0] == "ledger"]
    assert rows
    for row in rows:
        assert row["received"] == sum(row[name] for name in SETTLED)
        assert min(row.values()) >= 0
    last = [dict(content[0]) for key, content in newest(everything).items() if key[0] == "ledger"]
    counted = dict(zip(FIELDS, state.ledger.counts.sum(axis=0).tolist(), strict=True))
    assert (counted["received"], counted["gap"], counted["undated"]) == (log.sent, log.lost, line.undated)
    assert len(state.open) or counted["stored"] == sum(len(samples) for samples in line.series.values())
    assert sum(row["received"] for row in last) == log.sent


def check_progress(log, ticks, everything):
    """Every 10 s of the clock that its configuration (here its first record) started, then of that of its sources."""
    first, running, waited, wanted, newest_step = ticks[0].offset if ticks else len(log.entries), 0, set(), [], -1
    for before, entry in pairwise([log.entries[0], *log.entries[:first]]):
        running += min(entry.append_ms - before.append_ms, 2_000)
        clock = log.entries[0].append_ms + running
        if clock // 10_000 not in waited:
            waited.add(clock // 10_000)
            wanted.append((clock // 10_000, 0, clock, entry.append_ms))
    for tick in ticks:
        if tick.clock // 10_000 > newest_step:
            newest_step = tick.clock // 10_000
            revision = tick.offset if newest_step in waited else 0
            wanted.append((newest_step, revision, tick.clock, tick.append))
    found = [
        (k[4] // 10_000, revision, *(v for _, v in x[0][:2])) for k, revision, x in everything if k[0] == "progress"
    ]
    assert found == wanted


def check_order(everything):
    """A change of state that a late sample undid and another one brought back is said again, as it was."""
    before, raised, states = {}, {}, {}
    for key, revision, content in everything:
        first = key not in before and key[0] != "score"  # a score may be new in a window that is not
        again = key[0] == "state" and states.get((key, revision)) == content
        assert revision == 0 if first else revision > before.get(key, -1) or again, key
        before[key], states[key, revision] = max(revision, before.get(key, 0)), content
        if key[0] == "alert":
            assert revision == raised.get(key, -1) + 1
            raised[key] = revision
            assert (content.previous == "norm") == (revision == 0)


# Seeds that found something: a series that a record behind the tick brings first; a shift that had ended when the
# first row of its unit was found.
FOUND = (1167, 3381)


def check(seed, shelf=None, **shape):
    log = wild_log(seed, **shape)
    state, everything, fates, ticks = unbroken(log)
    clock = int(state.clocks.line[0])
    line, store = Line(PATH, log.config, log.entries, *fates), newest(everything)
    check_order(everything)
    check_elements(line, everything, clock)
    check_metrics(line, store, clock)
    check_alarms(line, ticks, log, everything)
    check_anomalies(line, ticks, everything)
    check_ledger(log, line, state, everything)
    check_progress(log, ticks, everything)
    identified = {(key, revision): content for key, revision, content in everything}
    again = {}
    for key, revision, content in crashing(log, seed, shelf):
        assert again.setdefault((key, revision), content) == content
    assert again == identified


@pytest.mark.parametrize("seed", [*range(24), *FOUND])
def test_what_leaves_equals_a_recomputation_at_once_through_any_cut_and_any_crash(seed):
    check(seed)


@pytest.mark.parametrize("seed", range(3))
def test_so_it_does_with_rows_that_are_minutes_late_and_with_the_horizon_on_the_disk(seed, tmp_path):
    check(seed, FolderShelf(tmp_path), seconds=480, every=2_000, longest=200)


def aside(entries, size):
    """(offset, rows, reason) of what a log's steps of `size` records put aside."""
    state, found = PartitionState(), []
    for at in range(0, len(entries), size):
        state, out = step(state, entries[at : at + size])
        found += [(a.entry.offset, a.rows, a.reason) for a in (*out.late, *out.rejected)]
    return sorted(found)


@pytest.mark.parametrize("seed", [43, 60])
def test_what_is_put_aside_is_the_same_rows_of_each_record_through_any_cut(seed):
    entries = wild_log(seed).entries
    single = aside(entries, 1)
    assert {reason for *_, reason in single} == {"late", "clock"}
    assert aside(entries, 1_000) == aside(entries, 7) == single


def with_lengths_that_come_and_go(seed):
    """A wild log whose metric windows of 10 s and 1 min are configured, left out and configured again."""
    r, log, lengths, entries = random.Random(seed), wild_log(seed, seconds=90), (1,), []
    places = set(r.sample(range(len(log.entries) * 3 // 4), 3))
    for k, entry in enumerate(log.entries):
        if k == 0 or k in places:
            lengths = r.choice([(1, 10), (1, 60), (1, 10, 60)] if lengths == (1,) else [(1,), (10,)])
            config = log.config.model_copy(update={"windows": lengths})
            entries.append(configuration(config, len(entries), entry.append_ms))
        if not entry.frame.body:
            entries.append(Entry(len(entries), entry.append_ms, PATH, entry.frame))
    return log.config, entries


@pytest.mark.parametrize("seed", range(16))
def test_a_new_window_length_begins_with_its_first_whole_window(seed):
    config, entries = with_lengths_that_come_and_go(seed)
    state, aside, late, lengths, begun, said_of = PartitionState(), set(), set(), (), {}, []
    for entry in entries:
        if entry.frame.body:
            closed = {name: int(state.clocks.clock[c]) for (_, name), c in state.registry.sources.items()}
            before, lengths = lengths, LineConfig.model_validate_json(entry.frame.body).windows
            begun |= dict.fromkeys(set(lengths) - set(before), (len(said_of), closed, set(state.registry.names)))
        before = closed_panes(state)
        state, out = step(state, [entry])
        aside |= {(a.entry.offset, row) for a in (*out.late, *out.rejected) for row in a.rows}
        late |= late_rows(state, entry, before) - aside
        said_of += [x for x in said(state, out) if x[0][0] in {"metric", "score"}]
        assert {key[3] for key, *_ in said(state, out) if key[0] == "metric"} <= set(lengths)
    line, clock = Line(PATH, config, entries, aside, late), int(state.clocks.line[0])
    for width in {10, 60} & set(lengths):
        since, closed, known = begun[width]
        store = newest(x for x in said_of[since:] if x[0][3] == width)
        for kind, windows in (
            ("metric", line.metric_windows(width * 1000)),
            ("score", line.score_windows(width * 1000)),
        ):
            found = {(k[1], k[2], k[4]): content[0][0][1] for k, content in store.items() if k[0] == kind}
            whole = {key: values for key, values in windows.items() if key[2] >= _begin(line, key, closed, known)}
            assert found.keys() <= whole.keys()
            assert found.keys() >= {key for key in whole if key[2] + width * 1000 <= clock}
            assert found == {key: whole[key][0] for key in found}


def _begin(line, key, closed, known):
    """The begin of a length's first window of a series: what was closed of its source before is not in it."""
    name = (key[0].removeprefix(PATH).strip("/"), key[1])
    return closed[line.home[name]] // 1000 * 1000 if name in known else -(1 << 60)
