"""Single rules of the worker at the edges: clocks of gateways, counters that lie, new rules, the end of a run."""

from collections import Counter
from dataclasses import replace

import pytest

from pipeline.core.frames import END
from pipeline.core.line_config import AlarmConfig
from pipeline.core.samples import UNDATED
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, told

DAY_MS = 86_400_000


class Log:
    """A log of one line that grows by rows or configurations."""

    def __init__(self, **changes):
        self.config = line_config(**changes)
        self.gateway, self.entries = Gateway(self.config.path), []
        self.configure(self.config, T0)

    def configure(self, config, append_ms):
        self.entries.append(configuration(config, len(self.entries), append_ms))

    def add(self, append_ms, rows, ingest_ms=None, flags=0):
        frame = self.gateway.frame(rows, append_ms if ingest_ms is None else ingest_ms, flags)
        self.entries.append(Entry(len(self.entries), append_ms, self.config.path, frame))

    def run(self, state=None):
        state, out = step(state or PartitionState(), self.entries)
        return state, out, [x for _, results, alerts in told(state, out) for x in (*results, *alerts)]


def row(metric, t, value):
    return ("filler", metric, "", t, value, 0, 0)


def test_a_gateway_whose_clock_is_ahead_moves_no_clock_of_a_line():
    log = Log()
    for k in range(100):
        now = T0 + 1_000 * k
        told_ms = now + 10 * DAY_MS if k == 50 else now  # a receipt nobody can have had yet
        log.add(now, [row("temp", told_ms, 60.0)], told_ms)
    last = log.entries[51]
    log.entries[51] = replace(last, frame=replace(last.frame, row_flags=(last.frame.q | UNDATED)))
    state, out, _ = log.run()
    assert (out.counts.get("late", 0), out.counts["clock"]) == (0, 1)
    assert int(state.clocks.line[0]) < T0 + 101_000


def test_a_counter_that_falls_from_the_largest_reading_again_and_again_stops_nobody():
    log = Log(windows=(10, 60))
    for k in range(2_000):
        now = T0 + 60 * k
        log.add(now, [row("state", now, "execute"), row("good", now, 9e15 if k % 2 else 0.0)])
    log.add(T0 + 200_000, [], flags=END)
    _, _, said = log.run()
    assert max(x.values["gq"] for x in said if getattr(x, "kind", "") == "elements") == 1 << 53


@pytest.mark.parametrize("is_watched_before", [False, True])
def test_a_new_silence_rule_counts_from_its_begin_whoever_watched_the_metric_before(is_watched_before):
    quiet = AlarmConfig(name="quiet", kind="silence", unit="filler", metric="temp", after_ms=5_000)
    other = AlarmConfig(name="hot", kind="limit", unit="filler", metric="temp", high=1e6)
    before = (other,) if is_watched_before else ()
    log = Log(alarms=before)
    for k in range(60):
        now = T0 + 1_000 * k
        if k == 20:
            log.configure(line_config(alarms=(*before, quiet)), now)
        log.add(now + 100, [row("state", now, "execute")] + ([row("temp", now, 70.0)] if k < 15 else []))
    raised = [x.event_time_ms for x in log.run()[2] if hasattr(x, "alarm")]
    assert len(raised) == 1
    assert T0 + 24_000 < raised[0] < T0 + 26_000


def test_a_silence_rule_on_a_metric_that_never_came_says_nothing():
    log = Log(alarms=())
    for k in range(60):
        now = T0 + 1_000 * k
        if k == 20:
            quiet = AlarmConfig(name="quiet", kind="silence", unit="filler", metric="never", after_ms=5_000)
            log.configure(line_config(alarms=(quiet,)), now)
        log.add(now + 100, [row("state", now, "execute")])
    assert [x for x in log.run()[2] if hasattr(x, "alarm")] == []


def test_a_text_where_a_role_needs_a_number_is_put_aside_and_no_sign_of_life():
    log = Log(alarms=(AlarmConfig(name="quiet", kind="silence", unit="filler", metric="temp", after_ms=5_000),))
    for k in range(30):
        now = T0 + 1_000 * k
        rows = [row("state", now, "execute"), row("temp", now, 61.5 if k < 10 else "61,5"), row("good", now, "11")]
        log.add(now, [*rows, row("note", now, "a text that nobody declared")])
    _, out, said = log.run()
    assert {aside.reason for aside in out.rejected} == {"no_number"}
    assert sum(len(aside.rows) for aside in out.rejected) == out.counts["no_number"] == 20 + 30
    assert [x.alarm for x in said if hasattr(x, "alarm")] == ["quiet"]
    ledger = [x.values for x in said if getattr(x, "kind", "") == "ledger"][-1]
    assert ledger["rejected"] >= 30


def test_the_end_of_a_run_that_begins_ten_seconds_says_its_ledger_once():
    log = Log()
    for k in range(9):
        log.add(T0 + 1_000 * k, [row("temp", T0 + 1_000 * k, 60.0)])
    log.add(T0 + 10_000, [], flags=END)
    said = Counter((x.revision, x.window_start) for x in log.run()[2] if getattr(x, "kind", "") == "ledger")
    assert set(said.values()) == {1}


def test_progress_tells_the_alarms_that_are_open_after_its_record():
    hot = AlarmConfig(name="hot", kind="limit", unit="filler", metric="temp", high=50.0)
    log = Log(alarms=(hot,))
    for k in range(40):
        log.add(T0 + 500 * k, [row("temp", T0 + 500 * k, 60.0 if k > 15 else 40.0)])
    _, _, said = log.run()
    place = next(k for k, x in enumerate(said) if hasattr(x, "alarm"))
    told_ms = said[place].event_time_ms
    progress = [x for x in said if getattr(x, "kind", "") == "progress"]
    assert [x.values["open_alarms"] for x in progress] == [int(x.values["watermark_ms"] > told_ms) for x in progress]
