"""Rule `score`: raised at the first unusual sample, over when none was for `off_delay`, however ticks cut the rows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alarms.score import Score
from pipeline.core.line_config import AlarmConfig
from pipeline.core.rule import Change, Memory, SeriesFeed, SeriesRows
from tests.unit.calls import calls_of

RULE = Score(6.0, 60_000)


def feed(rows, clock):
    """rows: (t, |z|, usable)."""
    t, z, usable = zip(*rows, strict=True) if rows else ((), (), ())
    size = len(rows)
    series = SeriesRows(
        np.array(t, np.int64),
        np.full(size, 70.0),
        np.array(usable, np.bool_),
        np.array(t, np.uint64),
        np.array(z, np.float64),
    )
    return SeriesFeed(series if rows else None, clock, None, 0, 0)


def run(rule, rows, clocks):
    memory, out, done = Memory(), [], 0
    for clock in clocks:
        closed = sum(row[0] < clock // 1000 * 1000 for row in rows)
        memory, changes = rule.step(memory, feed(rows[done:closed], clock))
        out += changes
        done = closed
    return out


def plain(rule, rows, end):
    """The reference: one sample after the other."""
    out, newest = [], None
    for t, z, usable in rows:
        if not usable or z < rule.threshold:
            continue
        if newest is not None and t >= newest + rule.off_delay_ms:
            out.append((False, newest + rule.off_delay_ms))
            newest = None
        if newest is None:
            out.append((True, t))
        newest = t
    if newest is not None and end // 1000 * 1000 >= newest + rule.off_delay_ms:
        out.append((False, newest + rule.off_delay_ms))
    return out


def test_it_raises_at_the_first_unusual_sample_and_clears_when_none_was_for_off_delay():
    rows = [(1_000, 2.0, True), (2_000, 6.0, True), (30_000, 9.0, True), (89_999, 1.0, True)]
    assert run(RULE, rows, [95_000]) == [
        Change(True, 2_000, 2_000, 6.0, 6.0),
        Change(False, 90_000, 30_000, None, None),
    ]


def test_it_stands_while_its_sources_clock_stands():
    assert len(run(RULE, [(2_000, 7.0, True)], [61_900])) == 1
    assert len(run(RULE, [(2_000, 7.0, True)], [62_000])) == 2


def test_unusable_samples_raise_nothing():
    assert run(RULE, [(2_000, 99.0, False)], [200_000]) == []


@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.sampled_from([0.0, 5.9, 6.0, 40.0]), st.booleans()), max_size=40),
    st.lists(st.integers(0, 100_000), max_size=12),
    st.sampled_from([0, 1, 2_000, 5_000]),
)
def test_any_cut_into_ticks_finds_what_a_plain_pass_finds(steps, cuts, off_delay):
    rows, t = [], 0
    for ahead, z, usable in steps:
        t += ahead + 1
        rows.append((t, z, usable))
    rule, end = Score(6.0, off_delay), 200_000
    found = run(rule, rows, [*sorted(cuts), end])
    assert [(change.active, change.at_ms) for change in found] == plain(rule, rows, end)
    assert found == run(rule, rows, [end])


def test_its_sentences_hold_the_number_in_both_languages():
    assert RULE.say("motor_i", "A", Change(True, 0, 0, 7.26, 6.0)) == (
        "motor_i is unusual: 7.3 standard deviations off",
        "motor_i bất thường: lệch 7,3 độ lệch chuẩn",
    )
    assert RULE.say("motor_i", "A", Change(False, 0, 0, None, None))[0] == "motor_i is as usual again"


def test_a_rule_is_made_from_its_configuration():
    alarm = AlarmConfig(name="a", kind="score", metric="m", threshold=5.0, off_delay_ms=4)
    assert Score.of(alarm) == Score(5.0, 4)


def test_samples_beside_an_unusual_one_cost_no_more_calls():
    def calls(samples):
        seen = feed([(1 + i, 7.0 if i == 20 else 1.0, True) for i in range(samples)], 20_000)
        return calls_of(lambda: RULE.step(Memory(), seen))

    assert calls(5_000) == calls(50)
