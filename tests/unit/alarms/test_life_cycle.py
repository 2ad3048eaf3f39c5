"""The ISA-18.2 life cycle: the tables are legal, and overlays hide a state without losing it."""

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.alarm import (
    ACTIVE,
    LATCHED,
    OVERLAYS,
    TRANSITIONS,
    Event,
    LifeCycle,
    State,
    Variant,
    first_transition,
    incident_id,
    is_news,
    next_state,
    next_transition,
)
from pipeline.core.line_config import AlarmConfig

EVENTS = get_args(Event)
STATES = get_args(State)
VARIANTS = get_args(Variant)
MOVES = st.lists(
    st.one_of(
        st.sampled_from([("after", event) for event in EVENTS]),
        st.sampled_from([(verb, overlay) for verb in ("overlaid", "uncovered") for overlay in OVERLAYS]),
    ),
    max_size=30,
)


def moved(life: LifeCycle, moves: list[tuple[str, str]]) -> list[LifeCycle]:
    """The alarm after each move that was not refused."""
    lives = [life]
    for verb, what in moves:
        life = getattr(life, verb)(what) or life
        lives.append(life)
    return lives


def test_a_raise_is_unacknowledged_in_every_variant():
    assert all(next_state(variant, "norm", "active") == "unack" for variant in VARIANTS)


def test_a_return_acknowledges_by_itself_only_where_it_is_told_to():
    assert next_state("auto_ack", "unack", "normal") == "norm"
    assert next_state("plain", "unack", "normal") == "rtnun"
    assert next_state("latching", "unack", "normal") == "latch_unack"


def test_a_latched_alarm_is_reset_only_when_acknowledged_and_normal():
    for state in STATES:
        assert (next_state("latching", state, "reset") == "norm") == (state == "latch_acked")
    assert not any(event == "reset" for variant in ("plain", "auto_ack") for _, event in TRANSITIONS[variant])


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_table_is_legal(variant):
    for (state, event), after in TRANSITIONS[variant].items():
        assert not {state, after} & set(OVERLAYS)
        if event == "active":
            assert after == "unack"
        if event == "normal":
            assert state in ACTIVE
            assert after not in ACTIVE
        if event == "ack":
            assert (state in ACTIVE) == (after in ACTIVE)
            assert next_state(variant, after, "ack") in (after, None)
    assert set(STATES) - set(OVERLAYS) >= set(TRANSITIONS[variant].values())
    assert variant == "latching" or not LATCHED & set(TRANSITIONS[variant].values())


@given(st.sampled_from(VARIANTS), MOVES)
def test_what_is_shown_follows_the_condition_and_the_overlays(variant, moves):
    for life in moved(LifeCycle(variant), moves):
        if life.overlays:
            assert life.state == min(life.overlays, key=OVERLAYS.index)
        else:
            assert (life.state in ACTIVE) == life.active


def test_all_orders_of_removing_overlays_show_the_next_by_precedence():
    for order in itertools.permutations(OVERLAYS):
        life = LifeCycle()
        for overlay in order:
            life = life.overlaid(overlay)
        shown = [life.state]
        for overlay in OVERLAYS:
            life = life.uncovered(overlay)
            shown.append(life.state)
        assert shown == [*OVERLAYS, "norm"]


@pytest.mark.parametrize(
    ("variant", "before", "meanwhile", "after"),
    [
        ("plain", [], ["active"], "unack"),
        ("plain", ["active", "ack"], [], "unack"),
        ("plain", ["active", "normal"], [], "rtnun"),
        ("plain", ["active", "normal"], ["active", "normal"], "rtnun"),
        ("plain", ["active"], ["normal"], "norm"),
        ("auto_ack", ["active"], ["normal"], "norm"),
        ("latching", ["active"], ["normal"], "latch_unack"),
        ("latching", [], ["active", "normal"], "latch_unack"),
        ("latching", ["active", "ack", "normal"], [], "latch_unack"),
        ("latching", [], [], "norm"),
    ],
)
def test_without_its_last_overlay_an_alarm_is_where_its_condition_left_it(variant, before, meanwhile, after):
    life = moved(LifeCycle(variant), [("after", event) for event in before])[-1].overlaid("shelved")
    assert life.state == "shelved"
    life = moved(life, [("after", event) for event in meanwhile])[-1].uncovered("suppressed")
    assert life.uncovered("shelved").state == after


def test_what_the_table_does_not_hold_is_refused():
    assert LifeCycle().after("ack") is None
    assert LifeCycle().after("normal") is None
    assert LifeCycle().overlaid("shelved").after("ack") is None


@given(st.tuples(st.text(), st.text(), st.integers(), st.integers()), st.data())
def test_an_incident_has_the_same_name_everywhere_and_another_for_each_part(parts, data):
    name = incident_id(*parts)
    assert name == incident_id(*parts)
    assert len(name) == 20
    other = (*parts[:2], parts[2] + data.draw(st.integers(1, 9)), parts[3])
    assert incident_id(*other) != name


def test_news_is_what_is_not_older_than_the_horizon():
    assert is_news(1_000, 0, 1_000)
    assert not is_news(1_001, 0, 1_000)


def test_event_times_never_fall_within_an_incident():
    alarm = AlarmConfig(name="a", kind="limit", metric="m")
    raised = first_transition(alarm, "l", 100, 3)
    cleared = next_transition(raised, "norm", 50)
    assert (cleared.transition, cleared.previous, cleared.state, cleared.event_time_ms) == (1, "unack", "norm", 100)
    assert cleared.id == raised.id == raised.incident
