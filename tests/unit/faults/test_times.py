"""Data that comes late, twice, in disorder or not at all, and clocks that are wrong: every sample accounted for."""

import random
from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.ledger import COLUMN
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.faults.record import record
from tests.unit.steps.logs import T0, Gateway, configuration, line_config
from tests.unit.steps.recomputation import Line
from tests.unit.steps.test_worker_laws import (
    check_elements,
    check_metrics,
    closed_panes,
    late_rows,
    newest,
    said,
)
from tests.unit.steps.wild_configs import PATH

EVERY, SECONDS = 100, 240
DAY_MS = 86_400_000
YEARS = 50 * 365 * DAY_MS


def worn(seed):
    """The entries of a log with 5 % late, 5 % repeated, 10 % reordered samples."""
    r, gateway = random.Random(seed), Gateway(PATH)
    due, good = {}, 0
    for at in range(0, SECONDS * 1000, EVERY):
        good += r.randrange(3)
        metric, value = r.choice([("temp", 70 + r.random()), ("good", float(good)), ("state", r.choice([6.0, 11.0]))])
        row = ("filler", metric, "plc", T0 + at, value, 0, 0, 0)
        kind = r.choices(["late", "duplicate", "reordered", "plain"], [5, 5, 10, 80])[0]
        if kind == "late" and not 5_000 < at < SECONDS * 1000 - 20_000:
            kind = "plain"
        delay = {"late": r.randrange(8_000, 15_000), "reordered": r.randrange(200, 1_500)}.get(kind, 0)
        due.setdefault((at + delay) // EVERY, []).append(row)
        if kind == "duplicate":
            due.setdefault((at + 700) // EVERY, []).append(row)
    entries = [configuration(line_config(PATH, alarms=()), 0, T0)]
    for k in range(max(due) + 40):
        frame = gateway.frame(due.get(k, []), T0 + k * EVERY)
        entries.append(Entry(len(entries), T0 + k * EVERY, PATH, frame))
    return entries


@pytest.mark.parametrize("seed", range(4))
def test_row_24_late_repeated_reordered_and_lost_samples_are_counted_exactly_and_figures_are_of_what_was_taken(seed):
    entries = worn(seed)
    drop = [k for k in range(20, len(entries), 97) if len(entries[k].frame)][:10]
    lost = sum(len(entries[k].frame) for k in drop)
    gone = {id(entries[k]) for k in drop}
    entries = [replace(e, offset=k) for k, e in enumerate(e for e in entries if id(e) not in gone)]
    state, everything, aside, tardy = PartitionState(), [], set(), set()
    for entry in entries:
        closed = closed_panes(state)
        state, out = step(state, [entry])
        everything += said(state, out)
        aside |= {(a.entry.offset, row) for a in (*out.late, *out.rejected) for row in a.rows}
        tardy |= late_rows(state, entry, closed) - aside
    total = dict(zip(COLUMN, state.ledger.counts.sum(axis=0).tolist(), strict=True))
    settled = sum(total[name] for name in ("stored", "duplicate", "conflict", "expired", "rejected"))
    received = sum(len(entry.frame) for entry in entries)
    assert total["received"] == received == settled + len(state.open)
    assert total["gap"] == lost
    assert (total["conflict"], total["rejected"]) == (0, 0)
    late, twice = _fates(entries)
    assert (total["expired"] + total["corrected"], total["duplicate"]) == (late, twice)
    assert late > 60
    assert twice > 60
    record(lost=total["gap"] - lost, duplicate=total["duplicate"] - twice, seconds=0.0, tier="T0", seed=seed)
    line, clock = Line(PATH, line_config(PATH, alarms=()), entries, aside, tardy), int(state.clocks.line[0])
    check_metrics(line, newest(everything), clock)
    check_elements(line, everything, clock)


def _fates(entries):
    """How many rows came late, and how many in time and again: by the source's newest time before their record."""
    top, seen, late, twice = -1, set(), 0, 0
    for entry in entries:
        frame, closed = entry.frame, (top - 2_000) // 1000 * 1000
        for index, t in zip(frame.index.tolist(), frame.t.tolist(), strict=True):
            key = frame.names[index][:2], t
            late += t < closed
            twice += t >= closed and key in seen
            seen.add(key)
        top = max(top, int(frame.t.max(initial=-1)))
    return late, twice


ATTACKS = {
    "50 years ahead": lambda t: t + YEARS,
    "50 years behind": lambda t: t - YEARS,
    "no time at all": lambda t: 0,
    "seconds for milliseconds": lambda t: t // 1000,
    "microseconds for milliseconds": lambda t: t * 1000,
    "summer time": lambda t: t + 3_600_000,
    "the end of numbers": lambda t: (1 << 63) - 1,
    "the begin of numbers": lambda t: -(1 << 63),
}


def attacked(clock, only_honest=False):
    """Two devices of a line; from the tenth second on the second one's clock is wrong for ten seconds."""
    gateway, entries = Gateway(PATH), [configuration(line_config(PATH, alarms=()), 0, T0)]
    for k in range(400):
        now = T0 + k * EVERY
        rows = [("filler", "temp", "plc-a", now, 70.0 + k % 7, 0, 0, 0)]
        wrong = 100 <= k < 200
        if not (wrong and only_honest):
            rows.append(("capper", "temp", "plc-b", clock(now) if wrong else now, 20.0 + k % 5, 0, 0, 0))
        frame = gateway.frame(rows, now)
        entries.append(Entry(len(entries), now, PATH, frame))
    return entries


def told_by(entries):
    state, found, aside = PartitionState(), [], []
    for entry in entries:
        state, out = step(state, [entry])
        found += [one for one in said(state, out) if one[0][0] not in ("ledger",)]
        aside += [(a.reason, len(a.rows)) for a in out.rejected]
        assert not out.late
    return state, found, aside


@pytest.mark.parametrize("attack", ATTACKS)
def test_row_25_a_wrong_clock_is_put_aside_with_its_reason_and_moves_no_clock(attack):
    state, found, aside = told_by(attacked(ATTACKS[attack]))
    honest, wanted, none = told_by(attacked(ATTACKS[attack], only_honest=True))
    assert aside == [("clock", 1)] * 100
    assert none == []
    assert found == wanted
    assert np.array_equal(state.clocks.line, honest.clocks.line)
    assert np.array_equal(state.clocks.clock, honest.clocks.clock)


def test_row_25_a_clock_that_drifts_by_500_ppm_is_taken_as_it_is():
    state, _, aside = told_by(attacked(lambda t: t + (t - T0) // 2_000))
    assert aside == []
    assert int(state.ledger.counts[:, COLUMN["stored"]].sum()) + len(state.open) == 800
