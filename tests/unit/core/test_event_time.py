"""The rules of clocks (architecture, "Time"), one a test. Times are ms; a record is (append, source -> newest row)."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.event_time import NEVER, Clocks, Records
from pipeline.core.line_config import TimeConfig
from pipeline.core.line_times import LineTimes

TIME = TimeConfig(allowed_lateness_ms=2_000, idle_timeout_ms=3_000, max_hold_ms=60_000)


class LineClock:
    """One line of `Clocks`, by names of its sources."""

    def __init__(self):
        self.clocks, self.times, self.names = Clocks(), LineTimes(), {}
        self.times.set(0, TIME)
        self.clocks.cover(0, 1)

    def observe(self, append, runs, ended=False):
        for name, _, _ in runs:
            self.names.setdefault(name, len(self.names))
        self.clocks.cover(len(self.names), 1)
        source_line = np.zeros(len(self.names), np.int32)
        columns = [np.array([run[k] for run in runs], np.int64) for k in (1, 2)]
        source = np.array([self.names[name] for name, _, _ in runs], np.int64)
        records = Records(
            np.array([0]), np.array([append]), np.array([ended]), np.zeros(len(runs), np.int64), source, *columns
        )
        return bool(self.clocks.observe(records, self.times, source_line)[0])

    def end(self, append):
        return self.observe(append, [], ended=True)

    @property
    def clock(self):
        return int(self.clocks.line[0])

    @property
    def running(self):
        return int(self.clocks.running[0])

    @property
    def tick(self):
        return int(self.clocks.tick[0])

    @property
    def sources(self):
        known = {name: k for name, k in self.names.items() if self.clocks.top[k] != NEVER}
        return {name: source(self, name) for name in known}


def source(line, name):
    c, k = line.clocks, line.names[name]
    return SimpleNamespace(clock=int(c.clock[k]), top=int(c.top[k]), behind=bool(c.behind[k]))


def saw(clock, append, **newest):
    return clock.observe(append, [(name, t, t) for name, t in newest.items()])


def running(seconds, skews, clock=None, begin=0):
    """A line whose sources send once a second, each with its own skew."""
    clock = clock or LineClock()
    for s in range(begin, begin + seconds):
        saw(clock, s * 1000, **{name: s * 1000 + skew for name, skew in skews.items()})
    return clock


def test_a_sources_clock_is_its_newest_event_time_less_the_allowed_lateness():
    clock = LineClock()
    saw(clock, 0, a=10_500)
    assert source(clock, "a").clock == 8_500


def test_rows_ahead_of_their_ingest_time_count_as_that_time():
    clock = LineClock()
    clock.observe(0, [("a", 10_000, 55_000)])
    assert source(clock, "a").clock == 8_000
    assert source(clock, "a").top == 55_000


def test_an_older_row_moves_no_clock():
    clock = running(10, {"a": 0})
    before = source(clock, "a").clock, clock.clock
    saw(clock, 9_500, a=1_000)
    assert (source(clock, "a").clock, clock.clock) == before


def test_a_source_that_has_not_moved_on_for_longer_than_idle_timeout_pauses_and_closes_its_newest_pane():
    clock = LineClock()
    saw(clock, 0, a=10_500)
    saw(clock, 2_000)
    saw(clock, 3_000)
    assert source(clock, "a").clock == 8_500
    saw(clock, 3_001)
    assert source(clock, "a").clock == 11_000


def test_rows_that_are_not_newer_do_not_end_a_pause():
    clock = LineClock()
    for append in (0, 1_000, 2_000, 3_000, 4_000):
        saw(clock, append, a=10_500)
    assert source(clock, "a").clock == 11_000


def test_a_record_adds_at_most_two_seconds_of_running_time_so_an_outage_of_the_chain_makes_nobody_pause():
    clock = running(10, {"a": 0})
    before = clock.running
    saw(clock, 3_600_000)
    assert clock.running == before + 2_000
    assert source(clock, "a").clock == 7_000


def test_append_time_that_steps_back_adds_no_running_time():
    clock = running(10, {"a": 0})
    before = clock.running
    saw(clock, 1_000)
    saw(clock, 9_000)
    assert clock.running == before


def test_the_lines_clock_is_the_least_of_its_steady_sources():
    clock = running(20, {"a": 0, "b": -5_000})
    assert clock.clock == source(clock, "b").clock == 12_000


def test_a_source_holds_the_line_only_when_it_has_moved_on_for_idle_timeout():
    clock = running(10, {"a": 0})
    for s in range(10, 20):
        saw(clock, s * 1000, a=s * 1000, b=s * 1000 - 3_000)
        assert clock.clock == (s * 1000 - 2_000 if s < 13 else max(10_000, s * 1000 - 5_000))


def test_a_source_that_pauses_holds_nobody():
    clock = running(10, {"a": 0, "b": 0})
    running(10, {"a": 0}, clock, begin=10)
    assert clock.clock == source(clock, "a").clock == 17_000


def test_a_source_further_behind_than_max_hold_holds_nobody():
    clock = running(20, {"a": 0, "b": -60_001})
    assert clock.clock == 17_000


def test_a_source_exactly_max_hold_behind_still_holds():
    clock = running(20, {"a": 0, "b": -60_000})
    assert not source(clock, "b").behind


def test_a_source_once_behind_holds_again_only_within_half_of_max_hold():
    clock = running(20, {"a": 0, "b": -70_000})
    assert source(clock, "b").behind
    saw(clock, 20_000, a=20_000, b=-20_001)
    assert source(clock, "b").behind
    saw(clock, 20_100, a=20_100, b=-9_900)
    assert not source(clock, "b").behind


def test_without_a_steady_source_the_line_has_the_greatest_clock_and_goes_on_with_the_running_time():
    clock = running(10, {"a": 0, "b": -4_000})
    for append in (10_000, 11_000, 12_000, 13_000):
        saw(clock, append)
    paused = clock.clock
    assert paused == source(clock, "a").clock == 10_000
    saw(clock, 14_500)
    assert clock.clock == paused + 1_500
    saw(clock, 99_000)
    assert clock.clock == paused + 3_500


def test_a_line_that_went_on_alone_waits_for_its_source_and_never_goes_back():
    clock = running(10, {"a": 0})
    for s in range(10, 30):
        saw(clock, s * 1000)
    alone = clock.clock
    for s in range(30, 40):
        saw(clock, s * 1000, a=s * 1000 - 20_000)
        assert clock.clock >= alone


def test_a_line_without_any_source_has_no_clock_and_no_tick():
    clock = LineClock()
    assert not saw(clock, 0)
    assert not saw(clock, 5_000)
    assert clock.clock == NEVER


def test_a_record_is_a_tick_exactly_where_the_lines_clock_passes_a_whole_second():
    clock = LineClock()
    assert saw(clock, 0, a=10_500)
    assert not saw(clock, 100, a=10_900)
    assert saw(clock, 200, a=11_000)
    assert not saw(clock, 300, a=11_100)


def test_rows_that_are_not_in_time_bring_no_source():
    clock = LineClock()
    clock.observe(0, [("a", NEVER, NEVER)])
    assert not clock.sources


def test_the_end_of_a_run_moves_every_clock_past_its_newest_row():
    clock = running(10, {"a": 0, "b": 3_000})
    assert clock.end(9_000)
    assert source(clock, "a").clock == 10_000
    assert source(clock, "b").clock == clock.clock == 13_000


RECORDS = st.lists(
    st.tuples(
        st.integers(0, 5_000),
        st.dictionaries(st.sampled_from("abc"), st.integers(-90_000, 90_000), max_size=3),
    ),
    max_size=60,
)


@given(RECORDS)
def test_no_clock_ever_goes_back_and_no_source_passes_the_end_of_its_newest_pane(records):
    clock, append, before = LineClock(), 0, {}
    for gap, newest in records:
        append += gap
        tick, was = clock.tick, clock.clock
        said = saw(clock, append, **newest)
        assert clock.clock >= was
        assert said == (clock.tick > tick)
        for code, found in clock.sources.items():
            assert found.clock >= before.get(code, NEVER)
            assert found.clock <= (found.top // 1000 + 1) * 1000
            before[code] = found.clock


@given(RECORDS)
def test_the_lines_clock_is_at_least_the_least_and_without_pause_at_most_the_greatest_of_its_sources(records):
    clock, append = LineClock(), 0
    for gap, newest in records:
        append += gap
        was = clock.clock
        saw(clock, append, **newest)
        if clock.sources:
            clocks = [found.clock for found in clock.sources.values()]
            assert clock.clock >= min(clocks)
            assert clock.clock <= max(*clocks, was + 2_000)


@given(st.lists(RECORDS, min_size=2, max_size=4))
def test_records_of_many_lines_taken_together_move_each_line_as_if_it_were_alone(lines):
    alone = [LineClock() for _ in lines]
    together, times = Clocks(), LineTimes()
    together.cover(3 * len(lines), len(lines))
    for k in range(len(lines)):
        times.set(k, TIME)
    source_line, appends = np.repeat(np.arange(len(lines)), 3).astype(np.int32), [0] * len(lines)
    for k in range(max(map(len, lines))):
        own = [line for line, records in enumerate(lines) if k < len(records)]
        runs, said = [], []
        for place, line in enumerate(own):
            gap, newest = lines[line][k]
            appends[line] += gap
            said.append(saw(alone[line], appends[line], **newest))
            runs += [(place, line * 3 + "abc".index(name), t, t) for name, t in newest.items()]
        columns = [np.array([run[column] for run in runs], np.int64) for column in range(4)]
        append, ended = np.array([appends[line] for line in own]), np.zeros(len(own), np.bool_)
        ticks = together.observe(Records(np.array(own), append, ended, *columns), times, source_line)
        assert ticks.tolist() == said
    for line, single in enumerate(alone):
        assert (together.line[line], together.running[line]) == (single.clock, single.running)
        for name, k in single.names.items():
            assert together.clock[line * 3 + "abc".index(name)] == single.clocks.clock[k]
