"""The life cycle of an alarm (ISA-18.2) as data, the name of an incident, and when an incident is news.

Rule: everything that decides an alarm's state is in this file. Until people can acknowledge, a return does it by
itself.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pipeline.core.line_config import AlarmConfig
from pipeline.core.results import Transition

State = Literal[
    "norm", "unack", "acked", "rtnun", "latch_unack", "latch_acked", "shelved", "suppressed", "out_of_service"
]  # all that the records of alerts may name
Event = Literal["active", "normal"]

TRANSITIONS: Mapping[tuple[State, Event], State] = {("norm", "active"): "unack", ("unack", "normal"): "norm"}


def incident_id(rule: str, equipment: str, raised_ms: int, seq: int, before: int = 0) -> str:
    """The name of one incident, the same in every channel and every replay. `before`: how many of the rule were raised
    at this ms and seq: samples without a time of their own may be many."""
    again = f"\n{before}" if before else ""
    return hashlib.sha256(f"{rule}\n{equipment}\n{raised_ms}\n{seq}{again}".encode()).hexdigest()[:20]


def first_transition(alarm: AlarmConfig, equipment: str, raised_ms: int, seq: int, before: int = 0) -> Transition:
    """The raise of an incident, with the configured words and no numbers yet."""
    name = incident_id(alarm.name, equipment, raised_ms, seq, before)
    return Transition(
        id=name,
        transition=0,
        alarm=alarm.name,
        equipment=equipment,
        priority=alarm.priority,
        state=TRANSITIONS["norm", "active"],
        previous="norm",
        event_time_ms=raised_ms,
        raised_ms=raised_ms,
        value=None,
        threshold=None,
        uom="",
        message_en=alarm.message_en,
        message_vi=alarm.message_vi,
        advice_en=alarm.advice_en,
        advice_vi=alarm.advice_vi,
        incident=name,
        revision=0,
        announced=False,
    )


def next_transition(newest: Transition, state: State, at_ms: int) -> Transition:
    """The one that follows in the same incident; event times never fall within one."""
    at_ms = max(at_ms, newest.event_time_ms)
    return replace(newest, transition=newest.transition + 1, state=state, previous=newest.state, event_time_ms=at_ms)


def is_news(append_ms: int, event_time_ms: int, horizon_ms: int) -> bool:
    """Whether people are told of what happened at this event time."""
    return append_ms - event_time_ms <= horizon_ms
