"""What people are told: no repeats, states kept, heartbeats while a line's progress is young, one `chain-lost` else."""

import copy
import itertools
import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.alarm import first_transition, next_transition
from pipeline.core.line_config import AlarmConfig
from pipeline.core.results import Result, Transition
from pipeline.steps.notifier import DAY_MS, SWEEP_MS, NotifierState, Publish, step

ALARM = AlarmConfig(name="hot", kind="limit", unit="u", metric="m", message_en="Hot", message_vi="Nóng")
EVENTS, STATES, BEATS = "parkpulse/v1/alerts/", "parkpulse/v1/alarm-state/", "parkpulse/v1/heartbeat/"


def incident(raised_ms: int, line: str = "p/l", announced: bool = True) -> list[Transition]:
    raised = replace(first_transition(ALARM, f"{line}/u", raised_ms, 0), announced=announced)
    return [raised, next_transition(raised, "norm", raised_ms + 10)]


def progress(append_ms: int, line: str = "p/l") -> Result:
    values = {"watermark_ms": append_ms - 2_000, "append_ms": append_ms, "open_alarms": 1}
    return Result("progress", line, "progress", 0, 0, None, 0, values)


def under(root: str, out: list[Publish]) -> list[Publish]:
    return [message for message in out if message.topic.startswith(root)]


def test_a_transition_is_an_event_and_a_retained_state_that_a_return_empties():
    raised, cleared = incident(5)
    _, out = step(NotifierState(), [raised, cleared], [], 0)
    assert out == [
        Publish(EVENTS + "p/l/u/hot", raised, False),
        Publish(STATES + "p/l/u/hot", raised, True),
        Publish(EVENTS + "p/l/u/hot", cleared, False),
        Publish(STATES + "p/l/u/hot", None, True),
    ]


def test_what_is_not_announced_is_a_state_but_no_event():
    _, out = step(NotifierState(), incident(5, announced=False), [], 0)
    assert [(message.topic, message.body is None) for message in out] == [
        (STATES + "p/l/u/hot", False),
        (STATES + "p/l/u/hot", True),
    ]


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)), st.booleans())
def test_a_replay_from_anywhere_says_nothing_twice(cuts, starts, stored):
    log = [transition for i in range(5) for transition in incident(i * 1_000)]
    state, out = NotifierState(), []
    for start, end in zip(starts, cuts, strict=False):
        state, said = step(state, log[min(start, len(state.told) * 2) : end], [], 0)
        state = pickle.loads(pickle.dumps(state)) if stored else copy.deepcopy(state)
        out += said
    events = [(message.body.id, message.body.transition) for message in under(EVENTS, out)]
    assert len(events) == len(set(events))


def test_closed_incidents_are_forgotten_after_a_day_of_event_time_and_open_ones_never():
    old_open, old_closed = incident(0)[:1], incident(1)
    other_line = incident(2, line="p/other")
    state, _ = step(NotifierState(), [*old_open, *old_closed, *other_line], [], 0)
    state, _ = step(state, incident(2 * DAY_MS), [], SWEEP_MS)
    assert set(state.told) == {old_open[0].id, other_line[0].id, incident(2 * DAY_MS)[0].id}


@given(st.lists(st.integers(0, 3 * SWEEP_MS), max_size=200))
def test_memory_is_bounded_by_the_incidents_of_a_day_and_a_sweep(waits):
    state, now = NotifierState(), 0
    for wait in waits:
        now += wait
        state, _ = step(state, incident(now), [], now)
        assert all(now - told.event_time_ms <= DAY_MS + SWEEP_MS + 3 * SWEEP_MS for told in state.told.values())


def test_a_line_has_a_heartbeat_every_ten_seconds_while_its_progress_is_young():
    state, times = NotifierState(), []
    for now in range(0, 100_001, 700):
        state, out = step(state, [], [progress(now)] if now < 60_000 else [], now)
        times += [message.body["timestamp_ms"] for message in under(BEATS, out)]
    assert len(times) == 9
    assert all(later - earlier in range(9_300, 10_701) for earlier, later in itertools.pairwise(times))
    assert max(times) < 60_000 + 30_000


def test_a_heartbeat_says_how_far_the_line_is():
    _, out = step(NotifierState(), [], [progress(8_000), progress(7_000)], 9_000)
    body = {"timestamp_ms": 9_000, "watermark_ms": 6_000, "open_alarms": 1}
    assert out == [Publish(BEATS + "p/l", body, False)]


def test_after_a_long_sleep_heartbeats_are_not_made_up_for():
    state, _ = step(NotifierState(), [], [progress(0)], 0)
    state, out = step(state, [], [progress(500_000)], 500_000)
    assert len(under(BEATS, out)) == 1
    assert under(BEATS, step(state, [], [], 501_000)[1]) == []


def test_a_line_whose_progress_stops_has_one_chain_lost_until_it_comes_again():
    state, _ = step(NotifierState(), [], [progress(1_000), progress(30_000, "p/other")], 1_000)
    state, out = step(state, [], [], 30_999)
    assert under(EVENTS, out) == []
    state, out = step(state, [], [], 31_000)
    lost = under(EVENTS, out)[0].body
    assert (lost.alarm, lost.equipment, lost.priority, lost.state) == ("chain-lost", "p/l", 1, "unack")
    assert lost.event_time_ms == lost.raised_ms == 31_000
    assert all((lost.message_en, lost.message_vi, lost.advice_en, lost.advice_vi))
    assert [message.topic for message in out] == [EVENTS + "p/l/chain-lost", STATES + "p/l/chain-lost"]
    state, out = step(pickle.loads(pickle.dumps(state)), [], [progress(40_000, "p/other")], 41_000)
    assert [message.topic for message in out] == [BEATS + "p/other"]
    state, out = step(state, [], [progress(45_000)], 46_000)
    found = under(EVENTS, out)[0].body
    assert (found.id, found.transition, found.state, found.previous) == (lost.id, 1, "norm", "unack")
    assert found.event_time_ms == 45_000
    assert [message.topic for message in out] == [
        EVENTS + "p/l/chain-lost",
        STATES + "p/l/chain-lost",
        BEATS + "p/l",
    ]
    assert out[1].body is None


def test_the_name_of_a_chain_lost_is_the_same_after_a_restart_and_new_for_each_outage():
    def lost(append_ms: int, line: str = "p/l") -> str:
        _, out = step(NotifierState(), [], [progress(append_ms, line)], append_ms + 40_000)
        return under(EVENTS, out)[0].body.id

    assert lost(1_000) == lost(1_000)
    assert len({lost(1_000), lost(2_000), lost(1_000, "p/other")}) == 3


@given(st.lists(st.tuples(st.integers(0, 40_000), st.booleans()), max_size=40))
def test_chain_lost_and_heartbeats_exclude_each_other(looks):
    state, now, newest, lost = NotifierState(), 0, None, False
    for wait, speaks in looks:
        now += wait
        newest = now if speaks else newest
        state, out = step(state, [], [progress(now)] if speaks else [], now)
        for message in under(EVENTS, out):
            assert (message.body.state == "unack") != lost
            lost = message.body.state == "unack"
        assert lost == (newest is not None and now - newest >= 30_000)
        assert not (lost and under(BEATS, out))
