"""Limits that look at samples as they come: as a plain loop finds them, through any cut and any crash."""

from dataclasses import replace

import pytest

from pipeline.core.line_config import AlarmConfig, LineConfig
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps import recomputed_alarms
from tests.unit.steps.logs import Gateway, configuration, line_config, told
from tests.unit.steps.recomputation import Line
from tests.unit.steps.recomputed_alarms import Limit, Said, Seen, Tick
from tests.unit.steps.test_worker_laws import crashing, unbroken
from tests.unit.steps.wild_configs import PATH
from tests.unit.steps.wild_logs import wild_log

KEY = ("filler", "cold")


class Early(Limit):
    """A record's rows bring time up to the newest usable one."""

    def step(self, seen):
        yield from super().step(seen._replace(closed=None))
        if seen.closed is not None:
            yield from self._due(max([seen.closed // 1000 * 1000, *(t for t, *_ in seen.rows)]))


def early_log(seed):
    """A wild log whose limit looks at rows as they come."""
    log = wild_log(seed)
    entries = [
        entry if not entry.frame.body else configuration(_early(entry.frame.body), entry.offset, entry.append_ms)
        for entry in log.entries
    ]
    configs = [(e.offset, LineConfig.model_validate_json(e.frame.body)) for e in entries if e.frame.body]
    return replace(log, entries=entries, config=configs[0][1], configs=configs)


def _early(body):
    config = LineConfig.model_validate_json(body)
    alarms = [a.model_copy(update={"on_arrival": True}) if a.kind == "limit" else a for a in config.alarms]
    return config.model_copy(update={"alarms": tuple(alarms)})


def arrivals(line, log, aside):
    """(offset, append, newest time, [(t, v)] of the usable ones) of the records that bring newer rows of `temp`."""
    newest, numbers = None, set()
    for entry in log.entries:
        frame = entry.frame
        number = (frame.gateway, frame.boot, frame.number)
        repeat, _ = number in numbers, numbers.add(number)
        rows = []
        for i in range(0 if repeat else len(frame)):
            name = frame.names[frame.index[i]]
            if (name.unit, name.metric) == ("filler", "temp") and (entry.offset, i) not in aside:
                rows.append((int(frame.t[i]), float(frame.v[i]), 0 if frame.q is None else int(frame.q[i])))
        fresh = []
        for t, v, q in sorted(rows, key=lambda row: row[0]):
            if newest is None or t > newest:
                newest = t
                fresh.append((t, v, q))
        if fresh:
            yield entry.offset, entry.append_ms, newest, [(t, v, 0.0) for t, v, q in fresh if line.usable(q)]


def events(line, log, ticks, aside):
    """[(Tick, Seen)]: records with rows and ticks in order; a rule that is new or changed begins with a tick."""
    came, found = list(arrivals(line, log, aside)), []
    for tick in ticks:
        while came and came[0][0] <= tick.offset:
            offset, append, newest, rows = came.pop(0)
            if found and _rule(log, offset) == _rule(log, found[-1][0].offset):
                found.append((Tick(offset, append, 0, {}), Seen(rows, newest, None, 0, append)))
        closed = tick.closed.get(line.home.get(("filler", "temp")))
        heard = any(offset <= tick.offset for offset in line.came["filler", "temp"])
        found.append((tick, Seen([], closed if heard else None, None, 0, tick.append)))
    return found


def _rule(log, offset):
    config = [config for at, config in log.configs if at <= offset][-1]
    return next((a for a in config.alarms if (a.unit, a.name) == KEY), None)


@pytest.mark.parametrize("seed", range(24))
def test_a_limit_on_arrival_finds_what_a_plain_loop_over_records_finds_through_any_cut_and_any_crash(seed, monkeypatch):
    monkeypatch.setitem(recomputed_alarms.RULES, "limit", Early)
    log = early_log(seed)
    _, everything, fates, ticks = unbroken(log)
    line = Line(PATH, log.config, log.entries, *fates)
    merged = events(line, log, ticks, fates.aside | fates.late)
    wanted = recomputed_alarms._alarm(log.configs, [at for at, _ in merged], [seen for _, seen in merged], KEY)
    heard, raised = [], None
    for key, _, content in everything:
        if key[0] == "alert" and content.alarm == "cold":
            raised = content if content.transition == 0 else raised
            own = {name: getattr(content, name) for name in Said._fields}
            heard.append(Said(**own | {"value": raised.value, "threshold": raised.threshold}))
    assert heard == wanted
    identified = {(key, revision): content for key, revision, content in everything}
    again = {}
    for key, revision, content in crashing(log, seed):
        assert again.setdefault((key, revision), content) == content
    assert again == identified


def test_a_limit_on_arrival_is_raised_by_the_record_that_breaks_it_and_others_once_their_second_is_closed():
    early = AlarmConfig(name="early", kind="limit", unit="filler", metric="temp", high=90.0, on_arrival=True)
    config = line_config(alarms=(early, early.model_copy(update={"name": "usual", "on_arrival": False})))
    gateway, state, raised = Gateway(config.path), PartitionState(), {}
    start = 1_780_000_000_000
    state, _ = step(state, [configuration(config, 0, start)])
    for k in range(1, 90):
        now = start + k * 100
        rows = [("filler", "temp", "", now, 95.0 if k >= 30 else 70.0, 0, 0)]
        state, out = step(state, [Entry(k, now, config.path, gateway.frame(rows, now))])
        for _, _, alerts in told(state, out):
            raised |= {alert.alarm: k for alert in alerts if alert.state == "unack"}
    assert raised["early"] == 30
    assert raised["usual"] >= 50  # its second, and what lateness allows
