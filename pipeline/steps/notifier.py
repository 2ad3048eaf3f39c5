"""What people are told over MQTT: transitions of alarms, the newest state of each alarm, a heartbeat of each line.

Rules: a repeat of (id, transition) says nothing; what is not announced is no event but still a state; a line's
heartbeat stops when its progress is 30 s old by the notifier's clock, and then the line has one alert, `chain-lost`.
Memory is the newest transition of each incident; closed ones are forgotten after a day of their equipment's event time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pipeline.core.alarm import first_transition, next_transition
from pipeline.core.line_config import AlarmConfig
from pipeline.core.results import Result, Transition, Value

ROOT = "parkpulse/v1"
BEAT_MS = 10_000
LOST_MS = 30_000
DAY_MS = 86_400_000
SWEEP_MS = 3_600_000


class Publish(NamedTuple):
    """One message to send; a body of None is an empty payload."""

    topic: str
    body: Transition | dict[str, Value] | None
    retain: bool


class Told(NamedTuple):
    """The newest transition that an incident was published with."""

    transition: int
    equipment: str
    event_time_ms: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """One line: its newest progress, when its next heartbeat is due, its `chain-lost` while that is open."""

    append_ms: int
    watermark_ms: int
    open_alarms: int
    beat_due_ms: int
    lost: Transition | None = None


@dataclass(frozen=True, slots=True)
class NotifierState:
    told: dict[str, Told] = field(default_factory=dict)
    lines: dict[str, Pulse] = field(default_factory=dict)
    sweep_due_ms: int = 0


def step(
    state: NotifierState, alerts: Sequence[Transition], progress: Sequence[Result], now_ms: int
) -> tuple[NotifierState, list[Publish]]:
    """One look at what came, and at the clock."""
    out: list[Publish] = []
    told = dict(state.told)
    for alert in alerts:
        before = told.get(alert.id)
        if before is None or alert.transition > before.transition:
            told[alert.id] = Told(alert.transition, alert.equipment, alert.event_time_ms, alert.state == "norm")
            out += _publish_alert(alert)
    lines: dict[str, Pulse] = {}
    for line, pulse in _newest(state.lines, progress, now_ms).items():
        lines[line], said = _watch(line, pulse, now_ms)
        out += said
    if now_ms < state.sweep_due_ms:
        return NotifierState(told, lines, state.sweep_due_ms), out
    return NotifierState(_remembered(told), lines, now_ms + SWEEP_MS), out


def _publish_alert(alert: Transition) -> list[Publish]:
    where = f"{alert.equipment}/{alert.alarm}"
    standing = None if alert.state == "norm" else alert
    event = [Publish(f"{ROOT}/alerts/{where}", alert, False)] if alert.announced else []
    return [*event, Publish(f"{ROOT}/alarm-state/{where}", standing, True)]


def _remembered(told: dict[str, Told]) -> dict[str, Told]:
    newest: dict[str, int] = {}
    for entry in told.values():
        newest[entry.equipment] = max(newest.get(entry.equipment, entry.event_time_ms), entry.event_time_ms)
    return {
        name: entry
        for name, entry in told.items()
        if not entry.closed or newest[entry.equipment] - entry.event_time_ms <= DAY_MS
    }


def _newest(lines: dict[str, Pulse], progress: Sequence[Result], now_ms: int) -> dict[str, Pulse]:
    """The pulse of each line with the newest of its progress."""
    pulses = dict(lines)
    for result in progress:
        append, watermark, count = (_whole(result, name) for name in ("append_ms", "watermark_ms", "open_alarms"))
        before = pulses.get(result.equipment)
        if before is None:
            pulses[result.equipment] = Pulse(append, watermark, count, now_ms)
        elif append >= before.append_ms:
            pulses[result.equipment] = replace(before, append_ms=append, watermark_ms=watermark, open_alarms=count)
    return pulses


def _whole(result: Result, name: str) -> int:
    value = result.values.get(name)
    return value if isinstance(value, int) else 0


def _watch(line: str, pulse: Pulse, now_ms: int) -> tuple[Pulse, list[Publish]]:
    """The heartbeat of a line whose progress is young; else its one `chain-lost`."""
    if now_ms - pulse.append_ms >= LOST_MS:
        if pulse.lost is not None:
            return pulse, []
        lost = _chain_lost(line, pulse.append_ms)
        return replace(pulse, lost=lost), _publish_alert(lost)
    out: list[Publish] = []
    if pulse.lost is not None:
        out += _publish_alert(_found(pulse.lost, pulse.append_ms))
        pulse = replace(pulse, lost=None)
    if now_ms >= pulse.beat_due_ms:
        late = now_ms - pulse.beat_due_ms >= BEAT_MS
        pulse = replace(pulse, beat_due_ms=(now_ms if late else pulse.beat_due_ms) + BEAT_MS)
        body: dict[str, Value] = {"timestamp_ms": now_ms, "watermark_ms": pulse.watermark_ms}
        out.append(Publish(f"{ROOT}/heartbeat/{line}", body | {"open_alarms": pulse.open_alarms}, False))
    return pulse, out


def _chain_lost(line: str, append_ms: int) -> Transition:
    alarm = AlarmConfig(
        name="chain-lost",
        kind="chain-lost",
        metric="progress",
        priority=1,
        message_en=f"{line}: no results for {LOST_MS // 1000} s; its alarms are not watched now",
        message_vi=f"{line}: không có kết quả trong {LOST_MS // 1000} s; cảnh báo hiện không được theo dõi",
        advice_en="Check that gateway, log and worker of this line are running; /readyz of each says what is wrong.",
        advice_vi="Kiểm tra gateway, log và worker của dây chuyền này có đang chạy; /readyz của từng phần nêu lỗi.",
    )
    return replace(first_transition(alarm, line, append_ms + LOST_MS, 0), announced=True)


def _found(lost: Transition, append_ms: int) -> Transition:
    words = (f"{lost.equipment}: results come again", f"{lost.equipment}: đã có kết quả trở lại")
    return replace(next_transition(lost, "norm", append_ms), message_en=words[0], message_vi=words[1])
