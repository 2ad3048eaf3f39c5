"""The book of all alarms of a line: rules find conditions, the life cycle makes states, incidents get names.

Rules: at most one open incident per alarm; its transitions are numbered from 0 without holes; its clear is announced
exactly if the incident was. A rule that changed or went ends its open incident first and starts fresh from its place
in the log. The book is a value: `step_alarms` returns a new one and leaves the old as it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import pipeline.alarms
from pipeline.core.alarm import TRANSITIONS, first_transition, is_news, next_transition
from pipeline.core.discovery import plugin_files
from pipeline.core.event_time import NEVER
from pipeline.core.line_config import AlarmConfig, LineConfig
from pipeline.core.results import Transition
from pipeline.core.rule import PANE_MS, AlarmFeed, Change, Memory, Rule

RETURNED = TRANSITIONS["unack", "normal"]


@cache
def rules() -> Mapping[str, Callable[[AlarmConfig], Rule]]:
    """kind -> how to make its rule of an alarm's configuration, for every file in `pipeline/alarms`."""
    return {
        kind: value.of
        for kind, module in plugin_files(pipeline.alarms)
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "of")
    }


@dataclass(frozen=True, slots=True)
class AlarmEntry:
    """One alarm: its configuration, what its rule keeps, the newest transition of its open incident; when and by which
    seq its newest incident was raised, and how many before it at the same."""

    alarm: AlarmConfig
    memory: Memory
    open: Transition | None = None
    raised: tuple[int, int, int] = (NEVER, 0, 0)


@dataclass(frozen=True, slots=True)
class AlarmBook:
    """The alarms of one line by (unit, alarm). `started`: a new rule begins at its tick, not with its series."""

    entries: dict[tuple[str, str], AlarmEntry] = field(default_factory=dict)
    started: bool = False


def open_alarms(book: AlarmBook) -> int:
    return sum(entry.open is not None for entry in book.entries.values())


def step_early(book: AlarmBook, line: LineConfig, feed: AlarmFeed) -> tuple[AlarmBook, list[Transition]]:
    """Rows of one record, for the alarms that look at rows as they come. One that is new or changed begins with the
    tick behind it."""
    entries, out = dict(book.entries), list[Transition]()
    wanted = {(alarm.unit, alarm.name): alarm for alarm in line.alarms if alarm.is_early}
    for key, alarm in wanted.items():
        entry = entries.get(key)
        if entry is not None and entry.alarm == alarm and (alarm.unit, alarm.metric) in feed.rows:
            entries[key], transitions = _step_entry(entry, line, feed)
            out += transitions
    return replace(book, entries=entries), out


def step_alarms(book: AlarmBook, line: LineConfig, feed: AlarmFeed) -> tuple[AlarmBook, list[Transition]]:
    """One tick of one line."""
    wanted = {(alarm.unit, alarm.name): alarm for alarm in line.alarms if alarm.kind in rules()}
    out: list[Transition] = []
    kept: dict[tuple[str, str], AlarmEntry] = {}
    for key, entry in book.entries.items():
        if wanted.get(key) == entry.alarm:
            kept[key] = entry
        elif entry.open is not None:
            out.append(_ended(entry.open, entry.alarm, feed))
    blank = Memory(heard=(feed.running_ms, feed.append_ms)) if book.started else Memory()
    entries: dict[tuple[str, str], AlarmEntry] = {}
    for key, alarm in wanted.items():
        own = replace(feed, rows={}) if alarm.is_early else feed
        entry, transitions = _step_entry(kept.get(key, AlarmEntry(alarm, blank)), line, own)
        entries[key] = entry
        out += transitions
    return AlarmBook(entries, started=True), out


def _step_entry(entry: AlarmEntry, line: LineConfig, feed: AlarmFeed) -> tuple[AlarmEntry, list[Transition]]:
    rule = rules()[entry.alarm.kind](entry.alarm)
    seen = feed.of(entry.alarm.unit, entry.alarm.metric)
    memory, changes = rule.step(entry.memory, seen)
    newest, out, last = entry.open, list[Transition](), entry.raised
    horizon = line.time.announce_horizon_ms
    for change in changes:
        if change.active:
            last = (change.at_ms, change.seq, last[2] + 1 if last[:2] == (change.at_ms, change.seq) else 0)
            raised = _raised(entry.alarm, line, rule, change, last[2])
            newest = replace(raised, announced=is_news(feed.append_ms, change.at_ms, horizon))
            out.append(newest)
        elif newest is not None:
            out.append(_cleared(newest, rule, entry.alarm.metric, change))
            newest = None
    if newest is not None and not newest.announced:
        clock = rule.clock(seen)
        if clock is not None and is_news(feed.append_ms, clock, horizon):
            newest = _still(newest, clock)
            out.append(newest)
    return AlarmEntry(entry.alarm, memory, newest, last), out


def _raised(alarm: AlarmConfig, line: LineConfig, rule: Rule, change: Change, before: int) -> Transition:
    equipment = f"{line.path}/{alarm.unit}" if alarm.unit else line.path
    uom = _uom(line, alarm)
    message_en, message_vi = rule.say(alarm.metric, uom, change)
    return replace(
        first_transition(alarm, equipment, change.at_ms, change.seq, before),
        value=change.value,
        threshold=change.threshold,
        uom=uom,
        message_en=alarm.message_en or message_en,
        message_vi=alarm.message_vi or message_vi,
    )


def _cleared(newest: Transition, rule: Rule, metric: str, change: Change) -> Transition:
    message_en, message_vi = rule.say(metric, newest.uom, change)
    back = next_transition(newest, RETURNED, change.at_ms)
    return replace(back, value=change.value, message_en=message_en, message_vi=message_vi)


def _still(newest: Transition, clock: int) -> Transition:
    """The incident was no news when it was raised; it is still open, and now it is."""
    return replace(next_transition(newest, "unack", clock // PANE_MS * PANE_MS), announced=True)


def _ended(newest: Transition, alarm: AlarmConfig, feed: AlarmFeed) -> Transition:
    clock = rules()[alarm.kind](alarm).clock(feed.of(alarm.unit, alarm.metric))
    at_ms = newest.event_time_ms if clock is None else clock // PANE_MS * PANE_MS
    words = ("the rule was changed or removed", "quy tắc đã được thay đổi hoặc gỡ bỏ")
    ended = next_transition(newest, RETURNED, at_ms)
    return replace(ended, message_en=words[0], message_vi=words[1], reason="configuration")


def _uom(line: LineConfig, alarm: AlarmConfig) -> str:
    metrics = (metric for unit in line.units if unit.name == alarm.unit for metric in unit.metrics)
    return next((metric.uom for metric in metrics if metric.name == alarm.metric), "")
