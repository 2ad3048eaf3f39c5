"""Rule `limit`: found in event time, the same however rows are cut into ticks, equal to a plain pass over samples."""

import copy
import math
import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alarms.limit import Limit
from pipeline.core.line_config import AlarmConfig
from pipeline.core.rule import Change, Memory, SeriesFeed, SeriesRows
from tests.unit.calls import calls_of

Row = tuple[int, float, bool, int]  # t, v, usable, seq
VALUES = st.sampled_from([0.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, math.nan, math.inf])
ROWS = st.lists(st.tuples(st.integers(0, 1_500), VALUES, st.booleans() | st.just(True)), max_size=60)
DELAYS = st.integers(0, 3_000)
RULES = st.builds(
    Limit,
    low=st.sampled_from([None, 5.0]),
    high=st.sampled_from([None, 10.0]),
    deadband=st.sampled_from([0.0, 1.0, 2.0]),
    on_delay_ms=DELAYS,
    off_delay_ms=DELAYS,
)


def columns(rows: list[Row]) -> SeriesRows:
    t, v, usable, seq = zip(*rows, strict=True) if rows else ((), (), (), ())
    number = np.array(v, np.float64)
    return SeriesRows(
        np.array(t, np.int64), number, np.array(usable, np.bool_), np.array(seq, np.uint64), np.zeros(len(number))
    )


def feed(rows: list[Row], clock: int | None) -> SeriesFeed:
    return SeriesFeed(columns(rows) if rows else None, clock, None, 0, 0)


def timed(steps: list[tuple[int, float, bool]]) -> list[Row]:
    """Rows in canonical order; rows of one ms differ by seq."""
    t, rows = 0, []
    for i, (ahead, v, usable) in enumerate(steps):
        t += ahead
        rows.append((t, v, usable, i + 1))
    return rows


def run(rule: Limit, rows: list[Row], clocks: list[int]) -> list[Change]:
    """One tick a clock; each brings the rows of the panes that have closed since the last one."""
    memory, out, done = Memory(), [], 0
    for clock in clocks:
        closed = sum(row[0] < clock // 1000 * 1000 for row in rows)
        memory, changes = rule.step(memory, feed(rows[done:closed], clock))
        out += changes
        done = closed
    return out


def plain(rule: Limit, rows: list[Row], end: int) -> list[Change]:
    """The reference: one sample after the other, the delay looked at before and after each."""
    out: list[Change] = []
    active, begun, value = False, None, 0.0

    def timer(now: int) -> None:
        nonlocal active, begun
        due = begun[0] + (rule.off_delay_ms if active else rule.on_delay_ms) if begun else None
        if due is not None and now >= due:
            high = rule.high is not None and value >= rule.high
            broken = None if active else rule.high if high else rule.low
            out.append(Change(not active, due, begun[1], value, broken))
            active, begun = not active, None

    for t, v, usable, seq in rows:
        if not usable or not math.isfinite(v):
            continue
        timer(t)
        above = rule.high is not None and v >= rule.high
        below = rule.low is not None and v <= rule.low
        calm_high = rule.high is None or v < rule.high - rule.deadband
        calm_low = rule.low is None or v > rule.low + rule.deadband
        if (calm_high and calm_low) if active else (above or below):
            begun, value = begun or (t, seq), v
        else:
            begun = None
        timer(t)
    timer(end)
    return out


@given(RULES, ROWS, st.lists(st.integers(0, 100_000), max_size=30))
def test_any_cut_into_ticks_finds_what_a_plain_pass_finds(rule, steps, cuts):
    rows = timed(steps)
    end = (rows[-1][0] // 1000 + 1) * 1000 if rows else 0
    clocks = [*sorted(clock for clock in cuts if clock < end), end, end + 700, end + 5_000]
    found = run(rule, rows, clocks)
    assert found == plain(rule, rows, end + 5_000)
    assert found == run(rule, rows, [end + 5_000])


@given(RULES, ROWS)
def test_conditions_take_turns_and_numbers_are_numbers(rule, steps):
    rows = timed(steps)
    found = run(rule, rows, [200_000])
    assert [change.active for change in found] == [i % 2 == 0 for i in range(len(found))]
    assert [change.at_ms for change in found] == sorted(change.at_ms for change in found)
    assert all(math.isfinite(change.value) for change in found)


@given(RULES, ROWS)
def test_unusable_rows_change_nothing(rule, steps):
    rows = timed(steps)
    usable = [row for row in rows if row[2] and math.isfinite(row[1])]
    assert run(rule, rows, [200_000]) == run(rule, usable, [200_000])


@given(RULES, ROWS, st.integers(0, 60))
def test_memory_survives_a_checkpoint(rule, steps, cut):
    rows = timed(steps)
    memory, first = rule.step(Memory(), feed(rows[:cut], 0))
    for kept in (pickle.loads(pickle.dumps(memory)), copy.deepcopy(memory)):
        assert kept == memory
        _, rest = rule.step(kept, feed(rows[cut:], 200_000))
        assert first + rest == run(rule, rows, [200_000])


def test_it_raises_when_the_clock_reaches_the_end_of_the_delay():
    rule = Limit(high=10.0, on_delay_ms=5_000)
    memory, changes = rule.step(Memory(), feed([(1_000, 12.0, True, 7)], 5_999))
    assert changes == []
    memory, changes = rule.step(memory, feed([], 6_000))
    assert changes == [Change(True, 6_000, 7, 12.0, 10.0)]
    assert rule.step(memory, feed([], 60_000))[1] == []


def test_it_raises_when_a_later_sample_proves_the_delay():
    rule = Limit(low=15.0, on_delay_ms=3_000)
    rows = [(0, 14.0, True, 1), (1_000, 12.3, True, 2), (9_000, 20.0, True, 3)]
    assert rule.step(Memory(), feed(rows, 0))[1][0] == Change(True, 3_000, 1, 12.3, 15.0)


def test_a_sample_in_an_open_pane_can_still_break_the_delay():
    rule = Limit(high=10.0, on_delay_ms=1_300)
    memory, changes = rule.step(Memory(), feed([(9_000, 12.0, True, 1)], 10_500))
    assert changes == []
    assert rule.step(memory, feed([(10_200, 1.0, True, 2)], 12_000))[1] == []


def test_a_value_inside_the_deadband_neither_clears_nor_raises():
    rule = Limit(high=10.0, deadband=2.0)
    values = [8.5, 10.0, 8.5, 8.0, 7.9, 8.5]
    rows = [(i * 1_000, v, True, i) for i, v in enumerate(values)]
    changes = rule.step(Memory(), feed(rows, 9_000))[1]
    assert [(change.active, change.at_ms) for change in changes] == [(True, 1_000), (False, 4_000)]


def test_from_one_side_to_the_other_is_one_incident():
    rule = Limit(low=5.0, high=10.0, on_delay_ms=2_000)
    rows = [(0, 11.0, True, 1), (1_000, 4.0, True, 2), (2_000, 7.0, True, 3)]
    changes = rule.step(Memory(), feed(rows, 9_000))[1]
    assert changes == [Change(True, 2_000, 1, 4.0, 5.0), Change(False, 2_000, 3, 7.0, None)]


def test_a_series_never_seen_or_a_rule_without_limits_finds_nothing():
    assert Limit(high=1.0).step(Memory(), feed([], None)) == (Memory(), [])
    assert Limit().step(Memory(), feed([(0, 5.0, True, 1)], 9_000))[1] == []


def test_its_sentences_hold_the_numbers_in_both_languages():
    low, high = Limit(low=15.0), Limit(high=1_200_000.0)
    assert low.say("overpressure", "mbar", Change(True, 0, 0, 12.3, 15.0)) == (
        "overpressure 12.3 mbar is below 15",
        "overpressure 12,3 mbar thấp hơn 15",
    )
    assert high.say("flow", "", Change(True, 0, 0, 1_234_567.0, 1_200_000.0)) == (
        "flow 1234567 is above 1200000",
        "flow 1234567 cao hơn 1200000",
    )
    assert low.say("overpressure", "mbar", Change(True, 0, 0, 15.0, 15.0))[0] == "overpressure 15 mbar has reached 15"
    assert low.say("overpressure", "mbar", Change(False, 0, 0, 16.5, None)) == (
        "overpressure 16.5 mbar is back to normal",
        "overpressure 16,5 mbar đã trở lại bình thường",
    )


def test_a_rule_is_made_from_its_configuration():
    alarm = AlarmConfig(name="a", kind="limit", metric="m", low=1.0, deadband=0.5, on_delay_ms=3, off_delay_ms=4)
    assert Limit.of(alarm) == Limit(1.0, None, 0.5, 3, 4)


def test_crossings_that_a_delay_swallows_cost_no_more_calls():
    rule = Limit(high=10.0, on_delay_ms=3_000)

    def calls(crossings: int) -> int:
        rows = [(i, 11.0 if i % 2 else 4.0, True, i) for i in range(2 * crossings)]
        seen = feed(rows, 20_000)
        return calls_of(lambda: rule.step(Memory(), seen))

    assert calls(5_000) == calls(50)
