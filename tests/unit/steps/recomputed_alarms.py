"""Alarms, computed plainly from the rows of a `Line`, tick by tick, with no code of the pipeline.

A tick is a record at which results left; how far the line's clock and the panes of its sources had come there is the
engine's word. Running time is counted here.
"""

from itertools import pairwise
from typing import NamedTuple

RECORD_ADDS_MS = 2_000  # running time, at most


class Tick(NamedTuple):
    """`clock` of the line; `closed[source]` = event time up to which its panes are closed."""

    offset: int
    append: int
    clock: int
    closed: dict


class Seen(NamedTuple):
    """What a rule sees at a tick: its new rows [(t, v, |z|)]; `closed` None where the series was never seen; `newest`
    = (running, append) at the newest row in time."""

    rows: list
    closed: int | None
    newest: tuple | None
    running: int
    append: int


class Said(NamedTuple):
    """What is checked of one transition. `value` and `threshold` are those of the raise."""

    transition: int
    previous: str
    state: str
    event_time_ms: int
    raised_ms: int
    value: float | None
    threshold: float | None
    announced: bool
    reason: str


def alarms(line, ticks, configs):
    """(unit, alarm) -> [Said] in order. `configs` = [(offset, configuration)]; an alarm keeps its metric."""
    watched = {(a.unit, a.name): a.metric for _, config in configs for a in config.alarms}
    return {key: _alarm(configs, ticks, _seen(line, ticks, key[0], metric), key) for key, metric in watched.items()}


def _alarm(configs, ticks, seen, key):
    said, alarm, rule, incident = [], None, None, None
    for tick, now in zip(ticks, seen, strict=True):
        config = [config for offset, config in configs if offset <= tick.offset][-1]
        wanted = next((a for a in config.alarms if (a.unit, a.name) == key), None)
        if wanted != alarm:
            if incident:
                at = _own_time(alarm, now) // 1000 * 1000
                said.append(_next(incident, "norm", at, reason="configuration"))
            since = None if tick is ticks[0] else (now.running, now.append)
            alarm, incident = wanted, None
            rule = None if wanted is None else RULES[wanted.kind](wanted, since)
        for active, at, value, threshold in rule.step(now) if rule else ():
            if active:
                announced = now.append - at <= config.time.announce_horizon_ms
                incident = Said(0, "norm", "unack", at, at, value, threshold, announced, "")
                said.append(incident)
            elif incident:
                said.append(_next(incident, "norm", at))
                incident = None
        if incident and not incident.announced:
            at = _own_time(alarm, now)
            if now.append - at <= config.time.announce_horizon_ms:
                incident = _next(incident, "unack", at // 1000 * 1000, announced=True)
                said.append(incident)
    return said


def _next(last, state, at, **more):
    at = max(at, last.event_time_ms)
    return last._replace(transition=last.transition + 1, previous=last.state, state=state, event_time_ms=at, **more)


def _own_time(alarm, seen):
    """How far an alarm has come in its own time: of its series' source, but of the log for a silence."""
    return seen.append if alarm.kind == "silence" else seen.closed


def _seen(line, ticks, unit, metric):
    """[Seen] by tick."""
    at, now = {}, 0
    for before, entry in pairwise([line.entries[0], *line.entries]):
        now += min(max(entry.append_ms - before.append_ms, 0), RECORD_ADDS_MS)
        at[entry.offset] = (now, entry.append_ms)
    left = line.numbers(unit, metric)
    scores = [score for *_, score, _ in line.scored(unit, metric)] or [0.0] * len(left)
    rows = [(t, v, score) for (t, v), score in zip(left, scores, strict=True)]
    for tick in ticks:
        closed = tick.closed.get(line.home.get((unit, metric)))
        heard = [offset for offset in line.came[unit, metric] if offset <= tick.offset]
        newest = at[max(heard)] if heard else None
        upto = closed if heard else None
        due = [row for row in rows if upto is not None and row[0] < upto]
        rows = rows[len(due) :]
        yield Seen(due, upto, newest, *at[tick.offset])


class Limit:
    def __init__(self, alarm, _):
        self.alarm, self.active, self.begun, self.value = alarm, False, None, None

    def step(self, seen):
        for t, v, _ in seen.rows:
            yield from self._due(t)
            if self._turns(v):
                self.begun, self.value = (t if self.begun is None else self.begun), v
            else:
                self.begun = None
        if seen.closed is not None:
            yield from self._due(seen.closed)

    def _turns(self, v):
        return v > self.alarm.low + self.alarm.deadband if self.active else v <= self.alarm.low

    def _due(self, now):
        delay = self.alarm.off_delay_ms if self.active else self.alarm.on_delay_ms
        if self.begun is not None and now >= self.begun + delay:
            self.active, due, self.begun = not self.active, self.begun + delay, None
            yield self.active, due, self.value, self.alarm.low


class Score:
    def __init__(self, alarm, _):
        self.alarm, self.newest = alarm, None

    def step(self, seen):
        for t, _, z in seen.rows:
            if z >= self.alarm.threshold:
                yield from self._over(t)
                if self.newest is None:
                    yield True, t, z, self.alarm.threshold
                self.newest = t
        if seen.closed is not None:
            yield from self._over(seen.closed)

    def _over(self, now):
        if self.newest is not None and now >= self.newest + self.alarm.off_delay_ms:
            over, self.newest = self.newest + self.alarm.off_delay_ms, None
            yield False, over, None, None


class Silence:
    """`since`: (running, append) from which a rule counts that began in the midst of the log."""

    def __init__(self, alarm, since):
        self.after, self.heard, self.active = alarm.after_ms, since, False

    def step(self, seen):
        if seen.newest is None:
            return
        heard = max(seen.newest, self.heard or seen.newest)
        if self.active and heard != self.heard:
            self.active = False
            yield False, heard[1], None, None
        self.heard = heard
        if not self.active and seen.running - heard[0] >= self.after:
            self.active = True
            yield True, heard[1] + self.after, None, None


RULES = {"limit": Limit, "score": Score, "silence": Silence}
