"""How long a state holds (architecture, "State and coverage"), one rule a test. Values hold 60 past the newest row."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.states import StateTrack, overlaid


def track(by_exception=False):
    return StateTrack(60, by_exception)


def test_a_state_holds_until_its_metrics_next_sample():
    found = track().advance([10, 30], ["held", "execute"], [(10, 30)], 40)
    assert found == [(10, 30, "held"), (30, 40, "execute")]


def test_time_before_the_first_state_is_no_ones():
    assert track().advance([], [], [(5, 5)], 40) == []


def test_other_metrics_of_the_source_keep_a_state_alive():
    assert track().advance([0], ["held"], [(0, 150)], 200) == [(0, 200, "held")]


def test_a_state_holds_at_most_valid_for_past_the_newest_row_of_its_source():
    assert track().advance([0], ["held"], [(0, 50)], 200) == [(0, 110, "held"), (110, 200, None)]


def test_after_a_silence_time_is_unknown_until_a_state_sample_comes():
    found = track().advance([0, 220], ["held", "held"], [(0, 50), (180, 250)], 260)
    assert found == [(0, 110, "held"), (110, 220, None), (220, 260, "held")]


def test_a_metric_by_exception_resumes_with_the_sources_next_row():
    found = track(by_exception=True).advance([0], ["held"], [(0, 50), (180, 250)], 260)
    assert found == [(0, 110, "held"), (110, 180, None), (180, 260, "held")]


def test_a_metric_by_exception_does_not_invent_a_value_before_its_first_sample():
    quiet = track(by_exception=True)
    assert quiet.advance([], [], [(0, 0), (100, 100)], 120) == []
    assert quiet.advance([130], ["held"], [(130, 130)], 140) == [(130, 140, "held")]


def test_a_silence_of_exactly_valid_for_breaks_nothing():
    assert track().advance([0], ["held"], [(0, 0), (60, 60)], 100) == [(0, 100, "held")]


def test_of_two_samples_at_one_moment_the_later_in_order_holds():
    assert track().advance([10, 10], ["held", "idle"], [(10, 10)], 20) == [(10, 20, "idle")]


def test_a_state_stands_past_what_is_closed_as_far_as_the_newest_row_lets_it():
    held = track()
    held.advance([0], ["held"], [(0, 20)], 30)
    assert held.standing(25, 500) == [(30, 80, "held")]
    assert held.standing(100, 500) == []


def test_nothing_stands_after_a_silence():
    held = track()
    held.advance([0], ["held"], [(0, 20)], 200)
    assert held.standing(200, 500) == []


def test_states_are_cut_where_the_mode_changes_and_an_unknown_mode_reads_as_none():
    states = [(0, 10, "execute"), (10, 20, None), (20, 40, "held")]
    modes = [(5, 12, "production"), (12, 25, None), (25, 30, "maintenance")]
    assert overlaid(states, modes) == [
        (0, 5, "execute", ""),
        (5, 10, "execute", "production"),
        (10, 12, None, "production"),
        (12, 20, None, ""),
        (20, 25, "held", ""),
        (25, 30, "held", "maintenance"),
        (30, 40, "held", ""),
    ]


def plainly(samples, rows, by_exception, upto):
    """Value by moment, by definition."""
    out = []
    for x in range(upto):
        before = [s for s in samples if s[0] <= x]
        heard = [t for t in rows if t <= x and before and t >= before[-1][0]]
        unbroken = by_exception or all(b - a <= 60 for a, b in pairwise(heard))
        out.append(before[-1][1] if heard and x - heard[-1] < 60 and unbroken else None)
    return out


TIMES = st.lists(st.integers(0, 600), unique=True, max_size=12).map(sorted)


@given(TIMES, TIMES, st.booleans(), st.lists(st.integers(0, 600), max_size=5).map(sorted))
def test_however_it_is_cut_a_track_says_what_the_definition_says(changes, others, by_exception, cuts):
    samples = [(t, f"state-{t % 3}") for t in changes]
    rows = sorted({*changes, *others})
    found, state, low = [None] * 601, track(by_exception), 0
    for upto in [*cuts, 601]:
        part = [s for s in samples if low <= s[0] < upto]
        runs = [(t, t) for t in rows if low <= t < upto]
        for a, b, value in state.advance([t for t, _ in part], [v for _, v in part], runs, upto):
            found[a:b] = [value] * (b - a)
        low = max(low, upto)
    assert found == plainly(samples, rows, by_exception, 601)
