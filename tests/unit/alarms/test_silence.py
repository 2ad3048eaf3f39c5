"""Rule `silence`: running time since the newest row in time; raise and clear at append times."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alarms.silence import Silence
from pipeline.core.line_config import AlarmConfig
from pipeline.core.rule import Change, Memory, SeriesFeed

RULE = Silence(10_000)


def feed(newest: tuple[int, int] | None, running: int, append: int) -> SeriesFeed:
    return SeriesFeed(None, None, newest, append, running)


def test_it_raises_at_the_newest_row_plus_after_and_clears_at_the_next_row():
    memory, changes = RULE.step(Memory(), feed((5_000, 105_000), 14_999, 114_999))
    assert changes == []
    memory, changes = RULE.step(memory, feed((5_000, 105_000), 16_000, 116_000))
    assert changes == [Change(True, 115_000, 0, None, None)]
    memory, changes = RULE.step(memory, feed((5_000, 105_000), 90_000, 190_000))
    assert changes == []
    memory, changes = RULE.step(memory, feed((90_500, 190_500), 91_000, 191_000))
    assert changes == [Change(False, 190_500, 0, None, None)]
    assert memory.active is False


def test_an_outage_of_the_chain_makes_nobody_silent():
    assert RULE.step(Memory(), feed((5_000, 105_000), 7_000, 9_999_999))[1] == []


def test_a_series_never_seen_is_not_silent():
    assert RULE.step(Memory(), feed(None, 99_000, 99_000)) == (Memory(), [])
    assert RULE.step(Memory(heard=(1, 1)), feed(None, 99_000, 99_000))[1] == []


def test_a_rule_that_came_later_counts_from_its_coming():
    memory, changes = RULE.step(Memory(heard=(50_000, 150_000)), feed((5_000, 105_000), 50_000, 150_000))
    assert changes == []
    assert RULE.step(memory, feed((5_000, 105_000), 60_000, 160_000))[1] == [Change(True, 160_000, 0, None, None)]


def test_a_silence_that_ended_in_another_silence_is_two():
    memory, _ = RULE.step(Memory(), feed((0, 100_000), 20_000, 120_000))
    _, changes = RULE.step(memory, feed((25_000, 125_000), 40_000, 140_000))
    assert changes == [Change(False, 125_000, 0, None, None), Change(True, 135_000, 0, None, None)]


@given(st.lists(st.tuples(st.integers(1, 9_000), st.booleans()), max_size=60))
def test_with_ticks_often_enough_it_finds_exactly_the_gaps_of_the_series(ticks):
    """Each tick is a record; some bring a row. A silence is a gap with a tick at `after` or more past its row."""
    memory, found, now, rows, newest = Memory(), [], 0, [], None
    expected: list[tuple[bool, int]] = []
    for ahead, has_row in ticks:
        now += ahead
        if has_row:
            if expected and expected[-1][0]:
                expected.append((False, now))
            newest = (now, now)
            rows.append(now)
        elif newest and now - newest[0] >= RULE.after_ms and not (expected and expected[-1][0]):
            expected.append((True, newest[1] + RULE.after_ms))
        memory, changes = RULE.step(memory, feed(newest, now, now))
        found += [(change.active, change.at_ms) for change in changes]
    assert found == expected
    times = np.array([at for _, at in found], np.int64)
    assert bool(np.all(np.diff(times) >= 0))


def test_its_own_clock_is_the_log_so_that_a_dead_source_is_told():
    assert RULE.clock(feed((0, 0), 1, 777)) == 777


def test_its_sentences_and_configuration():
    assert Silence.of(AlarmConfig(name="a", kind="silence", metric="m", after_ms=1_500)) == Silence(1_500)
    assert Silence(1_500).say("m", "", Change(True, 0, 0, None, None)) == (
        "m has sent no data for 1.5 s",
        "m không gửi dữ liệu trong 1,5 s",
    )
    assert RULE.say("m", "", Change(False, 0, 0, None, None)) == ("m sends data again", "m đã gửi dữ liệu trở lại")
