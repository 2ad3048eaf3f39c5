"""Incidents of alarms: their names, their transitions, and when they are news."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.alarm import TRANSITIONS, first_transition, incident_id, is_news, next_transition
from pipeline.core.line_config import AlarmConfig


def test_a_raise_is_unacknowledged_and_a_return_acknowledges_by_itself():
    raised = TRANSITIONS["norm", "active"]
    assert raised == "unack"
    assert TRANSITIONS[raised, "normal"] == "norm"


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
