"""Figures of lines out of results and alerts: whole minutes, rates of the ledger, incidents and anomalies."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import alerts_json, results_json
from connectors.memory import MemoryLog
from connectors.memory_store import MemoryStore
from pipeline.core.ports import Outgoing
from pipeline.core.results import Result, Value
from pipeline.runtime.clock import VirtualClock
from pipeline.view.counts import Counts
from pipeline.view.figures import ANOMALIES, READINGS, UNITS, Figures
from pipeline.view.minute import minutes
from pipeline.view.tail import Tail, recall_states
from tests.unit.view.scenes import FILLING, NOW, alarm, anomalous, declared, elements, heard, result, unknown

HOUR = NOW // 3_600_000 * 3_600_000


def filling(began_ms: int = NOW) -> Figures:
    return Figures([declared(FILLING, "filler")], began_ms)


def minute_of(figures: Figures) -> tuple[float | None, float] | None:
    found = minutes(figures.lines.values()).get(FILLING)
    return None if found is None else (found.kpis["oee"], found.parts)


def test_the_minute_is_the_sum_of_its_six_windows_and_ratios_come_last() -> None:
    figures = filling()
    for n in range(20):
        fast = elements(FILLING, NOW + n * 10_000, pq=50 if n < 14 else n, gq=n if n >= 14 else 50)
        figures.note_results(FILLING, NOW, [heard(FILLING, NOW + n * 10_000), fast])
    parts = sum(range(14, 20))
    assert minute_of(figures) == (200 * parts / 60_000, parts)


def test_the_window_that_data_began_in_is_no_part_of_the_minute() -> None:
    figures = filling()
    figures.note_results(FILLING, NOW, [elements(FILLING, NOW, apt=100), heard(FILLING, NOW + 1000)])
    assert minute_of(figures) is None
    figures.note_results(FILLING, NOW, [elements(FILLING, NOW + 10_000), heard(FILLING, NOW + 10_000)])
    assert minute_of(figures) == (0.8, 240)


def test_an_oee_that_nobody_renews_is_not_shown_for_long() -> None:
    figures = filling()
    figures.note_results(FILLING, NOW, [heard(FILLING, NOW), elements(FILLING, NOW)])
    for n in range(1, 20):
        figures.note_results(FILLING, NOW, [heard(FILLING, NOW + n * 10_000)])
    assert minute_of(figures) is None


def test_windows_without_data_are_no_part_of_the_minute() -> None:
    figures = filling()
    figures.note_results(FILLING, NOW, [heard(FILLING, NOW), elements(FILLING, NOW)])
    for n in range(1, 4):
        figures.note_results(FILLING, NOW, [elements(FILLING, NOW + n * 10_000, pq=0, gq=0)])
    assert minute_of(figures) == (0.8, 240)


def test_the_minute_is_none_of_a_run_before_nor_of_the_time_between() -> None:
    figures, later = filling(NOW + 40_000), NOW + 50_000
    figures.note_results(FILLING, NOW + 12_000, [heard(FILLING, NOW), elements(FILLING, NOW)])
    figures.note_results(FILLING, later, [elements(FILLING, NOW + n * 10_000, pq=0, gq=0) for n in range(1, 5)])
    assert minute_of(figures) is None
    figures.note_results(FILLING, later, [heard(FILLING, NOW + 43_000)])
    assert minute_of(figures) is None
    figures.note_results(FILLING, later, [heard(FILLING, later), elements(FILLING, later)])
    assert minute_of(figures) == (0.8, 240)


def test_what_a_killed_run_left_and_the_time_until_data_come_again_are_no_part_of_the_minute() -> None:
    figures, later = filling(NOW + 40_000), NOW + 41_000
    figures.note_results(FILLING, later, [heard(FILLING, NOW + n * 10_000) for n in range(-2, 1)])
    figures.note_results(FILLING, later, [elements(FILLING, NOW + n * 10_000, pq=0, gq=0) for n in range(1, 4)])
    figures.note_results(FILLING, later, [heard(FILLING, NOW + 40_000), elements(FILLING, NOW + 40_000)])
    assert minute_of(figures) == (0.8, 240)


def test_after_a_long_hole_the_state_has_to_be_known_anew() -> None:
    figures, later = filling(), NOW + 600_000
    line = figures.lines[FILLING]
    state = result("state", f"{FILLING}/filler", NOW, {"state": "execute"}, "state")
    figures.note_results(FILLING, NOW, [heard(FILLING, NOW), state])
    figures.note_results(FILLING, later, [heard(FILLING, later)])
    assert (line.state, line.since_ms) == ("", None)
    unknown = replace(elements(FILLING, later), values={"pbt_ms": 10_000, "unclassified_ms": 10_000})
    figures.note_results(FILLING, later, [unknown])
    assert line.state == ""
    figures.note_results(FILLING, later, [elements(FILLING, later + 10_000)])
    assert (line.state, line.since_ms) == ("execute", later)
    figures.note_results(FILLING, later, [heard(FILLING, later + 600_000)])
    held = result("state", f"{FILLING}/filler", later + 601_000, {"state": "held"}, "state")
    figures.note_results(FILLING, later, [held, elements(FILLING, later + 610_000)])
    assert (line.state, line.since_ms) == ("held", later + 601_000)


def test_without_an_ideal_cycle_there_is_no_oee_and_there_are_parts() -> None:
    figures = filling()
    figures.note_results(FILLING, NOW, [heard(FILLING, NOW), elements(FILLING, NOW, cycle=None)])
    assert minute_of(figures) == (None, 240)


def row(received: int) -> dict[str, Value]:
    return {"received": received, "stored": received}


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=8))
def test_the_rate_is_what_was_received_between_the_last_two_sayings(received: list[int]) -> None:
    totals = sorted(received)
    counts = Counts()
    for n, total in enumerate(totals):
        counts.note("gw", HOUR, row(total), n == 0)
        counts.close(NOW + n * 10_000, NOW - 10_000)
    assert counts.rate == pytest.approx((totals[-1] - totals[-2]) / 10)


def test_what_was_received_before_anybody_looked_is_no_rate() -> None:
    counts = Counts()
    counts.note("gw", HOUR, row(5000), False)
    counts.close(NOW + 1000, NOW)
    assert counts.rate in (None, 0)
    counts, rates = Counts(), []
    for at, total in ((NOW - 60_000, 5000), (NOW + 500, 6000), (NOW + 10_500, 6700)):
        counts.note("gw", HOUR, row(total), False)
        counts.close(at, NOW)
        rates.append(counts.rate)
    assert rates == [None, None, 70]


def test_the_ledger_is_that_of_this_hour_over_all_gateways() -> None:
    counts = Counts()
    for gateway, hour, received in (("a", HOUR - 3_600_000, 9), ("a", HOUR, 5), ("b", HOUR, 7), ("a", HOUR, 6)):
        counts.note(gateway, hour, row(received), True)
    assert counts.hour() == {"received": 13, "stored": 13}


def test_an_alarm_is_open_until_it_is_over_and_repeats_change_nothing() -> None:
    figures, raised = filling(), alarm(f"{FILLING}/filler")
    back = replace(raised, state="norm", transition=1)
    for said in (raised, raised, back, raised, back):
        figures.note_alert(FILLING, said)
    line = figures.lines[FILLING]
    assert line.alarms == {}
    assert line.over == [back]


def test_a_shelved_alarm_bothers_nobody() -> None:
    figures, raised = filling(), alarm(f"{FILLING}/filler")
    figures.note_alert(FILLING, raised)
    figures.note_alert(FILLING, replace(raised, state="shelved", transition=1))
    assert figures.lines[FILLING].alarms == {}
    assert figures.lines[FILLING].over == []


def test_an_anomaly_lasts_from_its_first_window_to_its_return() -> None:
    figures = filling()
    for n, level in enumerate((1, 2, 0, 0)):
        said: dict[str, Value] = {"score": 4.0 + n, "level": level, "open": 1, "contributors": ""}
        figures.note_results(FILLING, NOW, [result("anomaly", FILLING, NOW + n * 10_000, said, "speed/ewma")])
    (found,) = figures.lines[FILLING].anomalies.values()
    assert (found.level, found.score, found.since_ms, found.until_ms, found.open) == (2, 5.0, NOW, NOW + 20_000, False)


def test_memory_is_bounded_for_each_line() -> None:
    figures = Figures([], NOW)
    for n in range(1000):
        figures.note_results(FILLING, NOW, [heard(FILLING, NOW, f"m{n}")])
    anomalous(figures, FILLING, [1] * 100)
    for n in range(UNITS + 10):
        unknown(figures, FILLING, f"u{n}", "x")
    line = figures.lines[FILLING]
    assert len(line.readings) == READINGS
    assert len(line.unit_states) == UNITS
    assert len(line.anomalies) == ANOMALIES


def test_the_state_is_that_of_the_unit_that_sets_the_pace_and_never_an_older_one() -> None:
    figures = filling()
    for unit, state, since in (("filler", "execute", NOW), ("capper", "held", NOW + 1), ("filler", "idle", NOW - 1)):
        figures.note_results(FILLING, NOW, [result("state", f"{FILLING}/{unit}", since, {"state": state}, "state")])
    assert (figures.lines[FILLING].state, figures.lines[FILLING].since_ms) == ("execute", NOW)


def test_states_from_before_the_tail_come_from_the_store() -> None:
    store = MemoryStore()
    for at, state in ((NOW - 50_000_000, "idle"), (NOW - 40_000_000, "execute")):
        store.write([result("state", f"{FILLING}/filler", at, {"state": state, "reason": ""}, "state")], [])
    figures = filling()
    recall_states(figures, store, NOW)
    assert (figures.lines[FILLING].state, figures.lines[FILLING].since_ms) == ("execute", NOW - 40_000_000)
    recall_states(filling(), MemoryStore(), NOW)


def test_a_state_that_nobody_knows_is_known_as_such_after_a_restart_whatever_unit_it_is_of() -> None:
    store = MemoryStore()
    said = result("state", f"{FILLING}/capper", NOW - 40_000_000, {"state": "runing", "reason": ""}, "st")
    store.write([said], [])
    figures = filling()
    recall_states(figures, store, NOW)
    assert figures.lines[FILLING].unknown_states() == [("capper", ("st", "runing", NOW - 40_000_000))]
    assert figures.lines[FILLING].state == ""


def test_the_tail_shows_what_was_said_lately_passes_over_what_it_cannot_read_and_commits_nothing() -> None:
    log = MemoryLog(VirtualClock(NOW))
    log.ensure({"results.v1": 2, "alerts.v1": 2})
    writer = log.writer()

    def said(*results: Result) -> Outgoing:
        return Outgoing("results.v1", FILLING.encode(), results_json.encode(results))

    raised = Outgoing("alerts.v1", FILLING.encode(), alerts_json.encode(alarm(f"{FILLING}/filler")))
    junk = [Outgoing(topic, b"\xff", b"\xffjunk") for topic in ("results.v1", "alerts.v1")]
    writer.write([*junk, said(heard(FILLING, NOW), elements(FILLING, NOW)), raised])
    writer.flush()
    tail = Tail(log, filling())
    tail.look()
    assert minute_of(tail.figures) == (0.8, 240)
    assert list(tail.figures.lines[FILLING].alarms) == ["low"]
    writer.write([said(heard(FILLING, NOW + 10_000), elements(FILLING, NOW + 10_000, pq=0, gq=0))])
    writer.flush()
    tail.look()
    assert minute_of(tail.figures) == (0.4, 120)
    tail.close()
    looker = log.reader("results.v1", "")
    assert [looker.committed(partition) for partition in looker.partitions] == [None, None]
