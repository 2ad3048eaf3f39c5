"""Lines that are configured and have not sent: they say progress, and their first source finds the line as it would be
without the wait."""

import pytest

from pipeline.core.ledger import COLUMN
from pipeline.core.line_config import TimeConfig
from pipeline.steps import notifier
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, told

PATH = "park/line-1"
YEAR_MS = 365 * 86_400_000
AT_ALL_AGES = TimeConfig(max_age_ms=2 * YEAR_MS)


def log(seconds, first=None, back_ms=0, time=None):
    """A heartbeat each second, and from `first` on a row, of `back_ms` ago; the gateway knows the line before."""
    gateway, entries = Gateway(PATH), []
    for s in range(seconds):
        now = T0 + 1000 * s
        if s == 2:
            config = line_config(PATH, time=time or TimeConfig(), windows=(10,))
            entries.append(configuration(config, len(entries), now))
        rows = (
            [("filler", "temp", "plc", now - back_ms, 60.0 + s % 7, 0, 0)] if first is not None and s >= first else []
        )
        entries.append(Entry(len(entries), now, PATH, gateway.frame(rows, now)))
    return entries


def said(entries, size=1):
    state, found = PartitionState(), []
    for at in range(0, len(entries), size):
        state, out = step(state, entries[at : at + size])
        found += [x for _, results, _ in told(state, out) for x in results]
    return state, found


def progress(entries, size=1):
    """[(append from T0, start from T0, watermark from T0, revision)]"""
    return [
        (x.values["append_ms"] - T0, x.window_start - T0, x.values["watermark_ms"] - T0, x.revision)
        for x in said(entries, size)[1]
        if x.kind == "progress"
    ]


def test_a_configured_line_that_never_sends_says_progress_from_its_configuration_on():
    assert progress(log(35)) == [
        (2_000, 0, 2_000, 0),
        (10_000, 10_000, 10_000, 0),
        (20_000, 20_000, 20_000, 0),
        (30_000, 30_000, 30_000, 0),
    ]


def test_a_line_that_no_record_configures_has_nothing_to_say_before_its_first_source():
    entries = [entry for entry in log(35) if not entry.frame.body]
    assert progress(entries) == []


def test_its_clock_goes_on_with_the_running_time_an_outage_is_none():
    entries = log(35)
    later = [
        Entry(e.offset, e.append_ms + (600_000 if e.append_ms > T0 + 5_000 else 0), PATH, e.frame) for e in entries
    ]
    assert [(start, watermark) for _, start, watermark, _ in progress(later)] == [
        (0, 2_000), (10_000, 10_000), (20_000, 20_000), (30_000, 30_000),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [2, 7, 1_000])
def test_however_the_log_is_cut_the_same_is_said(size):
    for entries in (log(60), log(90, first=40), log(90, first=40, back_ms=YEAR_MS, time=AT_ALL_AGES)):
        assert progress(entries, size) == progress(entries)


def test_the_first_source_sets_the_lines_clock_anew_and_what_it_says_again_is_a_correction():
    found = progress(log(90, first=25))
    assert [(start, revision) for _, start, _, revision in found if revision == 0] == [
        (start, 0) for start in range(0, 90_000 - 2_000, 10_000)
    ]
    corrected = [(append, start, watermark) for append, start, watermark, revision in found if revision > 0]
    assert corrected == [(25_000, 20_000, 23_000)]
    newest = {}
    for _, start, _, revision in found:
        assert revision > newest.get(start, -1)
        newest[start] = revision


def test_old_data_are_replayed_into_a_line_that_waited_as_into_one_that_did_not():
    waited = log(150, first=70, back_ms=YEAR_MS, time=AT_ALL_AGES)
    state, found = said(waited)
    assert state.ledger.counts.sum(axis=0)[COLUMN["stored"]] > 70
    windows = [x.window_start - T0 + YEAR_MS for x in found if x.kind == "metric"]
    assert windows == list(range(70_000, 140_000, 10_000))
    steps = [start + YEAR_MS for _, start, _, revision in progress(waited) if start < 0 and revision == 0]
    assert steps == list(range(60_000, 150_000, 10_000))


def test_a_replay_that_passes_the_time_of_the_wait_never_says_a_step_twice_with_one_revision():
    entries, gateway = log(60), Gateway(PATH, "other")
    for k in range(60):
        now = T0 + 60_000 + 1000 * k
        rows = [("filler", "temp", "plc", T0 - 100_000 + 3_500 * k, 60.0, 0, 0)]
        entries.append(Entry(len(entries), now, PATH, gateway.frame(rows, now)))
    found = progress(entries)
    assert len({(start, revision) for _, start, _, revision in found}) == len(found)
    assert {start for _, start, _, revision in found if revision} == set(range(0, 60_000, 10_000))


def test_its_heartbeat_beats_until_the_chain_is_lost():
    state, topics = notifier.NotifierState(), []
    results = [x for x in said(log(60))[1] if x.kind == "progress"]
    for s in range(120):
        now = T0 + 1000 * s
        new = [x for x in results if now - 1000 < x.values["append_ms"] <= now]
        state, out = notifier.step(state, [], new, now)
        topics += [(s, message.topic.split("/")[2]) for message in out if not message.retain]
    assert [s for s, topic in topics if topic == "heartbeat"] == [2, 12, 22, 32, 42, 52, 62, 72]
    assert [s for s, topic in topics if topic == "alerts"] == [80]
