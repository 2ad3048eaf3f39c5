"""The book of alarms: incidents, numbering, announcing, changed rules; the same however rows are cut into ticks."""

import copy
import math
import pickle
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alarms.silence import Silence
from pipeline.core.alarm import incident_id
from pipeline.core.line_config import AlarmConfig, LineConfig, MetricConfig, UnitConfig
from pipeline.core.results import Transition
from pipeline.core.rule import AlarmFeed, SeriesRows
from pipeline.steps import alarms
from pipeline.steps.alarms import AlarmBook, open_alarms, step_alarms

Row = tuple[int, float, int]  # t, v, seq
KEY = ("filler", "overpressure")
LOW = AlarmConfig(
    name="pressure-low", kind="limit", unit="filler", metric="overpressure", low=15.0, deadband=1.0, on_delay_ms=2_000,
    off_delay_ms=1_000, priority=1, advice_en="Look.", advice_vi="Xem.",
)  # fmt: skip
HIGH = AlarmConfig(name="pressure-high", kind="limit", unit="filler", metric="overpressure", high=20.0, message_en="Up")
QUIET = AlarmConfig(name="quiet", kind="silence", unit="filler", metric="overpressure", after_ms=10_000)
UNIT = UnitConfig(name="filler", metrics=(MetricConfig(name="overpressure", uom="mbar"),))
LINE = LineConfig(path="park/line-1", units=(UNIT,), alarms=(LOW, HIGH))
HORIZON = LINE.time.announce_horizon_ms
STEPS = st.lists(
    st.tuples(st.integers(0, 2_500), st.sampled_from([10.0, 14.0, 15.0, 15.5, 17.0, 20.0, 25.0, math.nan])), max_size=60
)


def tick(
    rows: Sequence[Row] = (),
    clock: int | None = None,
    append: int = 0,
    running: int = 0,
    newest: tuple[int, int] | None = None,
) -> AlarmFeed:
    t, v, seq = zip(*rows, strict=True) if rows else ((), (), ())
    number, sure = np.array(v, np.float64), np.ones(len(rows), np.bool_)
    series = SeriesRows(np.array(t, np.int64), number, sure, np.array(seq, np.uint64), np.zeros(len(rows)))
    clocks = {} if clock is None else {KEY: clock}
    return AlarmFeed({KEY: series} if rows else {}, clocks, {} if newest is None else {KEY: newest}, append, running)


def run(rows: list[Row], clocks: list[int], append: int, store: bool = False) -> tuple[AlarmBook, list[Transition]]:
    book, out, done = AlarmBook(), [], 0
    for clock in clocks:
        closed = sum(row[0] < clock // 1000 * 1000 for row in rows)
        book, transitions = step_alarms(book, LINE, tick(rows[done:closed], clock, append))
        book = pickle.loads(pickle.dumps(book)) if store else book
        out += transitions
        done = closed
    return book, out


def by_alarm(transitions: list[Transition]) -> dict[str, list[Transition]]:
    found = defaultdict(list)
    for transition in transitions:
        found[transition.alarm].append(transition)
    return found


def timed(steps: list[tuple[int, float]]) -> list[Row]:
    t, rows = 0, []
    for i, (ahead, v) in enumerate(steps):
        t += ahead
        rows.append((t, v, i + 1))
    return rows


@given(STEPS, st.lists(st.integers(0, 150_000), max_size=20), st.sampled_from([0, 10**9]))
def test_any_cut_into_ticks_and_any_checkpoint_give_the_same_transitions(steps, cuts, append):
    rows = timed(steps)
    book, out = run(rows, [*sorted(cuts), 200_000], append, store=True)
    whole_book, whole = run(rows, [200_000], append)
    assert by_alarm(out) == by_alarm(whole)
    assert book == whole_book


@given(STEPS, st.lists(st.integers(0, 150_000), max_size=20), st.integers(0, 10**6 + HORIZON))
def test_an_incident_has_one_raise_at_most_one_clear_and_numbers_without_holes(steps, cuts, append):
    book, out = run(timed(steps), [*sorted(cuts), 200_000], append)
    incidents = defaultdict(list)
    for transition in out:
        incidents[transition.id].append(transition)
    for chain in incidents.values():
        assert [transition.transition for transition in chain] == list(range(len(chain)))
        assert [transition.previous for transition in chain] == ["norm", *[x.state for x in chain[:-1]]]
        assert [transition.state for transition in chain].count("norm") <= 1
        told = [transition.announced for transition in chain]
        assert told == sorted(told)
        assert told[-1] == told[max(0, len(told) - 2)] or chain[-1].state == "unack"
        assert len({transition.raised_ms for transition in chain}) == 1
        times = [transition.event_time_ms for transition in chain]
        assert times == sorted(times)
    assert open_alarms(book) == sum(chain[-1].state != "norm" for chain in incidents.values())
    for found in by_alarm(out).values():
        raised = [transition.id for transition in found if transition.transition == 0]
        assert len(raised) == len(set(raised))
    assert all(math.isfinite(transition.value) and math.isfinite(transition.threshold) for transition in out)


@given(STEPS)
def test_a_step_leaves_the_book_it_was_given_as_it_was(steps):
    book, _ = run(timed(steps), [60_000], 0)
    before = copy.deepcopy(book)
    step_alarms(book, replace_alarms(HIGH), tick([(100_000, 30.0, 99)], 200_000))
    assert book == before


def replace_alarms(*wanted: AlarmConfig) -> LineConfig:
    return LINE.model_copy(update={"alarms": wanted})


def test_a_raise_and_its_clear_say_all_there_is_to_say():
    rows = [(0, 14.0, 5), (1_000, 12.3, 6), (5_000, 16.5, 7)]
    _, out = step_alarms(AlarmBook(), LINE, tick(rows, 9_000, 9_000))
    name = incident_id("pressure-low", "park/line-1/filler", 2_000, 5)
    raised = Transition(
        id=name, transition=0, alarm="pressure-low", equipment="park/line-1/filler", priority=1, state="unack",
        previous="norm", event_time_ms=2_000, raised_ms=2_000, value=12.3, threshold=15.0, uom="mbar",
        message_en="overpressure 12.3 mbar is below 15", message_vi="overpressure 12,3 mbar thấp hơn 15",
        advice_en="Look.", advice_vi="Xem.", incident=name, revision=0, announced=True,
    )  # fmt: skip
    cleared = replace(
        raised, transition=1, state="norm", previous="unack", event_time_ms=6_000, value=16.5,
        message_en="overpressure 16.5 mbar is back to normal",
        message_vi="overpressure 16,5 mbar đã trở lại bình thường",
    )  # fmt: skip
    assert out == [raised, cleared]


def test_configured_words_go_before_default_ones():
    _, out = step_alarms(AlarmBook(), LINE, tick([(0, 25.0, 1)], 1_000))
    assert (out[0].message_en, out[0].message_vi) == ("Up", "overpressure 25 mbar cao hơn 20")


def test_an_old_incident_is_announced_when_its_source_has_caught_up():
    append = 10 * HORIZON
    book, out = step_alarms(AlarmBook(), LINE, tick([(0, 25.0, 1)], 5_000, append))
    assert [(x.transition, x.announced) for x in out] == [(0, False)]
    book, out = step_alarms(book, LINE, tick([], append - HORIZON - 1, append))
    assert out == []
    book, out = step_alarms(book, LINE, tick([], append - HORIZON, append))
    assert [(x.transition, x.state, x.previous, x.announced) for x in out] == [(1, "unack", "unack", True)]
    book, out = step_alarms(book, LINE, tick([], append - 5, append))
    assert out == []
    _, out = step_alarms(book, LINE, tick([(append - 10, 17.0, 2)], append, append))
    assert [(x.transition, x.state, x.announced) for x in out] == [(2, "norm", True)]


def test_an_old_incident_that_has_ended_is_never_announced():
    rows = [(0, 25.0, 1), (1_000, 17.0, 2)]
    book, out = step_alarms(AlarmBook(), LINE, tick(rows, 5_000, 10 * HORIZON))
    assert [(x.state, x.announced) for x in out] == [("unack", False), ("norm", False)]
    assert step_alarms(book, LINE, tick([], 10 * HORIZON, 10 * HORIZON))[1] == []


def test_a_clear_long_after_an_announced_raise_is_announced():
    book, _ = step_alarms(AlarmBook(), LINE, tick([(0, 25.0, 1)], 1_000, 1_000))
    _, out = step_alarms(book, LINE, tick([(2_000, 17.0, 2)], 3_000, 10 * HORIZON))
    assert [(x.state, x.announced) for x in out] == [("norm", True)]


def test_a_changed_or_removed_rule_ends_its_incident_and_starts_fresh():
    changed = HIGH.model_copy(update={"high": 21.0})
    book, first = step_alarms(AlarmBook(), LINE, tick([(0, 25.0, 1)], 1_000))
    for line in (replace_alarms(LOW, changed), replace_alarms(LOW)):
        after, out = step_alarms(book, line, tick([], 7_400))
        assert [(x.id, x.transition, x.state, x.reason) for x in out] == [(first[0].id, 1, "norm", "configuration")]
        assert out[0].event_time_ms == 7_000
        assert open_alarms(after) == 0
    _, out = step_alarms(book, replace_alarms(LOW, changed), tick([(7_500, 25.0, 2)], 9_000))
    assert [(x.transition, x.state, x.threshold) for x in out] == [(1, "norm", 20.0), (0, "unack", 21.0)]
    assert out[1].id != out[0].id


def test_another_rule_that_changed_touches_no_incident():
    book, _ = step_alarms(AlarmBook(), LINE, tick([(0, 25.0, 1)], 1_000))
    line = replace_alarms(HIGH, LOW.model_copy(update={"low": 3.0}))
    after, out = step_alarms(book, line, tick([], 2_000))
    assert (out, open_alarms(after)) == ([], 1)


def test_a_silence_is_raised_and_cleared_at_append_times():
    line = replace_alarms(QUIET)
    book, out = step_alarms(AlarmBook(), line, tick(append=9_000, running=9_000, newest=(1_000, 1_000)))
    assert out == []
    book, out = step_alarms(book, line, tick(append=12_000, running=12_000, newest=(1_000, 1_000)))
    assert [(x.transition, x.state, x.event_time_ms, x.announced) for x in out] == [(0, "unack", 11_000, True)]
    assert open_alarms(book) == 1
    book, out = step_alarms(book, line, tick(append=15_000, running=15_000, newest=(14_500, 14_500)))
    assert [(x.transition, x.state, x.event_time_ms, x.announced) for x in out] == [(1, "norm", 14_500, True)]


def test_a_silence_over_an_outage_of_the_chain_is_told_at_once():
    line = replace_alarms(QUIET)
    late = 10 * HORIZON
    _, out = step_alarms(AlarmBook(), line, tick(append=late, running=12_000, newest=(1_000, 1_000)))
    assert [(x.transition, x.announced) for x in out] == [(0, False), (1, True)]


def test_a_changed_silence_rule_gets_an_incident_of_another_name():
    book, first = step_alarms(AlarmBook(), replace_alarms(QUIET), tick(append=12_000, running=12_000, newest=(0, 0)))
    line = replace_alarms(QUIET.model_copy(update={"priority": 1}))
    book, out = step_alarms(book, line, tick(append=13_000, running=13_000, newest=(0, 0)))
    assert [(x.transition, x.reason) for x in out] == [(1, "configuration")]
    _, out = step_alarms(book, line, tick(append=23_000, running=23_000, newest=(0, 0)))
    assert [(x.transition, x.event_time_ms) for x in out] == [(0, 23_000)]
    assert out[0].id != first[0].id


def test_alarms_of_kinds_unknown_here_wait():
    line = replace_alarms(AlarmConfig(name="s", kind="moon", metric="m"))
    assert step_alarms(AlarmBook(), line, tick()) == (AlarmBook(started=True), [])


def test_each_kind_has_the_file_of_its_name():
    files = {path.stem for path in Path(alarms.__file__).parents[1].joinpath("alarms").glob("[a-z]*.py")}
    assert set(alarms.rules()) == files
    assert alarms.rules()["silence"](QUIET) == Silence(10_000)


def test_incidents_of_one_millisecond_have_names_of_their_own():
    """Samples without a time of their own have that of their receipt, and no seq: many stand at one."""
    line = replace_alarms(HIGH)
    book, out = step_alarms(AlarmBook(), line, tick([(500, 25.0, 0), (500, 10.0, 0), (500, 26.0, 0)], 1_000))
    book, later = step_alarms(book, line, tick([(500, 10.0, 0), (500, 27.0, 0)], 2_000))
    assert [(x.state, x.value) for x in (*out, *later)] == [
        ("unack", 25.0), ("norm", 10.0), ("unack", 26.0), ("norm", 10.0), ("unack", 27.0)
    ]  # fmt: skip
    assert len({x.id for x in (*out, *later)}) == 3
    assert out[0].id == incident_id("pressure-high", "park/line-1/filler", 500, 0)
    assert open_alarms(book) == 1
