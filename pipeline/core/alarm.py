"""The life cycle of an alarm (ISA-18.2) as data, the name of an incident, and when an incident is news.

Rules: everything that decides an alarm's state is in this file; an event that the tables do not hold is refused.
While an alarm is shelved, suppressed or out of service its condition is watched on; only what is shown changes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from pipeline.core.line_config import AlarmConfig
from pipeline.core.results import Transition

State = Literal[
    "norm", "unack", "acked", "rtnun", "latch_unack", "latch_acked", "shelved", "suppressed", "out_of_service"
]
Event = Literal["active", "normal", "ack", "reset"]
Overlay = Literal["out_of_service", "suppressed", "shelved"]
Variant = Literal["plain", "auto_ack", "latching"]

OVERLAYS: tuple[Overlay, ...] = get_args(Overlay)  # by precedence: the first that is set is shown

Table = Mapping[tuple[State, Event], State]
_RAISED: dict[tuple[State, Event], State] = {
    ("norm", "active"): "unack",
    ("unack", "ack"): "acked",
    ("acked", "ack"): "acked",
}
TRANSITIONS: Mapping[Variant, Table] = {
    "plain": {
        **_RAISED,
        ("unack", "normal"): "rtnun",
        ("acked", "normal"): "norm",
        ("rtnun", "ack"): "norm",
        ("rtnun", "active"): "unack",
    },
    "auto_ack": {**_RAISED, ("unack", "normal"): "norm", ("acked", "normal"): "norm"},
    "latching": {
        **_RAISED,
        ("unack", "normal"): "latch_unack",
        ("acked", "normal"): "latch_acked",
        ("latch_unack", "ack"): "latch_acked",
        ("latch_acked", "ack"): "latch_acked",
        ("latch_unack", "active"): "unack",
        ("latch_acked", "active"): "unack",
        ("latch_acked", "reset"): "norm",
    },
}
ACTIVE: frozenset[State] = frozenset({"unack", "acked"})
LATCHED: frozenset[State] = frozenset({"latch_unack", "latch_acked"})


def next_state(variant: Variant, state: State, event: Event) -> State | None:
    """The state after an event; None where the event is refused."""
    return TRANSITIONS[variant].get((state, event))


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """One alarm. `entered` is its state when the first overlay was set (its state, while there is none);
    `active` the condition now; `was_active` whether the condition was true at any time since."""

    variant: Variant = "auto_ack"
    entered: State = "norm"
    active: bool = False
    was_active: bool = False
    overlays: frozenset[Overlay] = frozenset()

    @property
    def state(self) -> State:
        """What is shown: the overlay of highest precedence, else the alarm's own state."""
        return next((overlay for overlay in OVERLAYS if overlay in self.overlays), self.entered)

    def after(self, event: Event) -> "LifeCycle | None":
        """The alarm after its condition changed or a person acted; None where that is refused."""
        active = event == "active" or (self.active and event != "normal")
        if self.overlays:
            seen = replace(self, active=active, was_active=self.was_active or active)
            return seen if event in ("active", "normal") else None
        state = next_state(self.variant, self.entered, event)
        return None if state is None else replace(self, entered=state, active=active)

    def overlaid(self, overlay: Overlay) -> "LifeCycle":
        """Shelved, suppressed by design, or taken out of service; the three are independent of each other."""
        was = self.was_active if self.overlays else self.active or self.entered in LATCHED
        return replace(self, overlays=self.overlays | {overlay}, was_active=was)

    def uncovered(self, overlay: Overlay) -> "LifeCycle":
        """One overlay less: the next one shows; without any, the alarm is where its condition has left it."""
        if overlay not in self.overlays:
            return self
        rest = self.overlays - {overlay}
        return replace(self, overlays=rest) if rest else replace(self, overlays=rest, entered=self._resumed())

    def _resumed(self) -> State:
        if self.active:
            return "unack"
        if self.variant == "latching" and self.was_active:
            return "latch_unack"
        return "rtnun" if self.entered == "rtnun" else "norm"


def incident_id(rule: str, equipment: str, raised_ms: int, seq: int) -> str:
    """The name of one incident, the same in every channel and every replay."""
    return hashlib.sha256(f"{rule}\n{equipment}\n{raised_ms}\n{seq}".encode()).hexdigest()[:20]


def first_transition(alarm: AlarmConfig, equipment: str, raised_ms: int, seq: int) -> Transition:
    """The raise of an incident, with the configured words and no numbers yet."""
    name = incident_id(alarm.name, equipment, raised_ms, seq)
    return Transition(
        id=name,
        transition=0,
        alarm=alarm.name,
        equipment=equipment,
        priority=alarm.priority,
        state="unack",
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
