"""What leaves a worker: results by identity, and the transitions of alarms.

A result's identity is (kind, equipment, name, window_s, window_start, product); publishing it again changes nothing,
correcting it raises `revision`; a store keeps the highest.
"""

from dataclasses import dataclass
from typing import Literal

ResultKind = Literal["metric", "elements", "kpi", "anomaly", "state", "ledger", "score", "progress"]
Value = float | int | str | None


@dataclass(slots=True)
class Result:
    """One result, never changed once made (not frozen: making one would cost five times as much).

    `equipment` is the full path (line, or line + "/" + unit); `window_start` is ms since the epoch.

    values by kind: metric count, mean, min, max, last, sd · score ewma, score · elements `<name>_ms` (int) and
    quantities · kpi one field a KPI, null where undefined · state state, reason · ledger the counts of one hour ·
    progress watermark_ms, append_ms, open_alarms. A null float is a value that does not exist.
    """

    kind: ResultKind
    equipment: str
    name: str
    window_s: int
    window_start: int
    product: str | None
    revision: int
    values: dict[str, Value]
    coverage: float | None = None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alarm's state, the body of an alert. (id, transition) names it once and for all.

    `state` and `previous`: norm, unack, acked, rtnun, latch_unack, latch_acked, shelved, suppressed, out_of_service.
    `raised_ms` = end of on_delay of the incident's raise; `reason` = "" or "configuration"; `announced`: consumers
    that tell people (MQTT, mail) drop a transition with announced = False, the store keeps it.
    """

    id: str
    transition: int
    alarm: str
    equipment: str
    priority: int
    state: str
    previous: str
    event_time_ms: int
    raised_ms: int
    value: float | None
    threshold: float | None
    uom: str
    message_en: str
    message_vi: str
    advice_en: str
    advice_vi: str
    incident: str
    revision: int
    announced: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LineResults:
    """What the record at `offset` of the log made a line publish."""

    line: str
    offset: int
    results: list[Result]
    alerts: list[Transition]
