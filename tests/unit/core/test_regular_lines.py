"""Records of regular lines taken together leave the clocks as records taken one by one."""

from copy import deepcopy

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.event_time import NEVER, Clocks, Records
from pipeline.core.line_config import TimeConfig
from pipeline.core.line_times import LineTimes
from pipeline.core.regular_lines import Together, take

LINES, SOURCES = 3, 3
SOURCE_LINE = np.tile(np.arange(LINES, dtype=np.int32), SOURCES)
TIME = TimeConfig(allowed_lateness_ms=500, idle_timeout_ms=3_000, max_hold_ms=20_000)
COLUMNS = ("newest", "top", "clock", "moved", "since", "behind", "running", "append", "line", "tick", "someone_behind")


def begun():
    clocks, times = Clocks(), LineTimes()
    clocks.cover(len(SOURCE_LINE), LINES)
    for line in range(LINES):
        times.set(line, TIME)
    return clocks, times


def random_records(rng, now, wild):
    """[(line, append, ended, [(source, counted, top)])] and the time behind them; wild: outages, ends, jumps."""
    records = []
    for _ in range(int(rng.integers(1, 30))):
        now += int(rng.integers(0, 5_000 if wild and rng.random() < 0.1 else 200))
        line = int(rng.integers(LINES))
        runs = []
        for source in np.flatnonzero(line == SOURCE_LINE).tolist():
            for _ in range(int(rng.integers(0, 3))):
                top = now - int(rng.integers(0, 60_000 if wild and rng.random() < 0.1 else 1_500))
                bad = wild and rng.random() < 0.1
                runs.append((source, NEVER, NEVER) if bad else (source, min(top, now - 100), top))
        records.append((line, now, wild and rng.random() < 0.05, runs))
    return records, now


def columns(records):
    runs = [(k, *run) for k, (*_, runs) in enumerate(records) for run in runs]
    heads = [np.array([record[k] for record in records]) for k in range(3)]
    return heads, [np.array([run[k] for run in runs], np.int64) for k in range(4)]


def one_by_one(clocks, times, records):
    """(line's clock before and behind, running behind, tick, clocks of its runs' sources before) by record."""
    found = []
    for line, append, ended, runs in records:
        before, own = int(clocks.line[line]), [int(clocks.clock[source]) for source, _, _ in runs]
        some = [np.array([run[k] for run in runs], np.int64) for k in range(3)]
        head = np.array([line]), np.array([append]), np.array([ended])
        tick = clocks.observe(Records(*head, np.zeros(len(runs), np.int64), *some), times, SOURCE_LINE)
        found.append((before, int(clocks.line[line]), int(clocks.running[line]), bool(tick[0]), own))
    return found


@given(st.integers(0, 1 << 32), st.lists(st.booleans(), min_size=1, max_size=4))
def test_regular_lines_come_as_far_together_as_one_record_after_the_other(seed, passes):
    rng, now = np.random.default_rng(seed), 1_000_000
    clocks, times = begun()
    for _ in range(4):
        some, now = random_records(rng, now + 1_000, wild=False)
        one_by_one(clocks, times, [(line, now, False, [(s, now, now)]) for s, line in enumerate(SOURCE_LINE)] + some)
    for wild in passes:
        records, now = random_records(rng, now, wild)
        plain = deepcopy(clocks)
        found = one_by_one(plain, times, records)
        (line, append, ended), (record, *runs) = columns(records)
        rank = np.array([int(np.count_nonzero(line[:k] == line[k])) for k in range(len(line))])
        lines, sources = take(clocks, Together(line, rank, append, ended, record, *runs), times, SOURCE_LINE)
        regular = dict(zip(lines.code.tolist(), lines.regular.tolist(), strict=True))
        for k, (before, behind, running, tick, own) in enumerate(found):
            if regular[int(line[k])]:
                told = (table.take(lines.cell[k]) for table in (lines.before, lines.clock, lines.running, lines.tick))
                assert tuple(told) == (before, behind, running, tick)
                assert sources.run_clock[record == k].tolist() == own
        one_by_one(clocks, times, [one for one in records if not regular[one[0]]])
        assert {c: getattr(clocks, c).tolist() for c in COLUMNS} == {c: getattr(plain, c).tolist() for c in COLUMNS}


def test_lines_whose_sources_go_on_are_regular_and_one_that_ends_a_run_is_not():
    clocks, times = begun()
    for s in range(8):
        beats = [(line, 1_000 * s, False, [(source, 1_000 * s, 1_000 * s)]) for source, line in enumerate(SOURCE_LINE)]
        one_by_one(clocks, times, beats)
    line, source = np.arange(LINES), np.arange(LINES)
    now = np.full(LINES, 8_000)
    some = Together(line, np.zeros(LINES, np.int64), now, np.array([False, True, False]), line, source, now, now)
    lines, _ = take(clocks, some, times, SOURCE_LINE)
    assert lines.regular.tolist() == [True, False, True]
