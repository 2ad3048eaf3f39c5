"""What a unit's books say of time and parts, one rule a test."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.states import StateTrack
from pipeline.core.unit_book import QUANTITY, TIMES, UnitBook


def book():
    return UnitBook(StateTrack(60_000), StateTrack(60_000))


def counted(readings, wrap=0.0, cuts=()):
    """Parts by base window of (t, reading), taken in slices."""
    unit = book()
    for low, high in zip([0, *cuts], [*cuts, len(readings)], strict=True):
        t, v = (np.array([r[k] for r in readings[low:high]]) for k in (0, 1))
        if len(t):
            unit.count("good", "good_count", t.astype(np.int64), v.astype(np.float64), wrap)
    return {start: parts[0] for start, parts in unit.made.items()}


def spent(unit, start, end):
    found = dict(zip((*TIMES, *QUANTITY), (*unit.times(start, end), *unit.quantities(start, end)), strict=True))
    return {name: amount for name, amount in found.items() if amount}


def test_the_first_sample_of_a_counter_counts_nothing():
    assert counted([(1_000, 500)]) == {}


def test_a_counters_increase_belongs_to_the_window_of_its_later_sample():
    assert counted([(1_000, 500), (9_999, 503), (10_000, 507)]) == {0: 3, 10_000: 4}


def test_a_counter_that_falls_was_reset_and_counts_its_new_value():
    assert counted([(1_000, 500), (2_000, 7)]) == {0: 7}


def test_a_meter_counts_whole_watt_hours_and_litres():
    unit = book()
    unit.count("kwh", "energy", np.array([1_000, 2_000, 11_000]), np.array([7.001, 7.004, 7.0050]), 0.0)
    unit.count("m3", "water", np.array([1_000, 2_000]), np.array([0.5, 1.25]), 0.0)
    assert spent(unit, 0, 10_000) == {"energy_wh": 3, "water_l": 750}
    assert spent(unit, 10_000, 20_000) == {"energy_wh": 1}


def test_a_counter_wraps_only_where_declared():
    assert counted([(1_000, 250), (2_000, 3)], wrap=256.0) == {0: 9}


def test_readings_that_no_counter_can_show_count_nothing():
    assert counted([(1, 10), (2, -4), (3, np.nan), (4, 1e300), (5, np.inf), (6, 12)]) == {0: 2}


def test_readings_beyond_a_declared_wrap_count_nothing():
    assert counted([(1, 10), (2, 70_000), (3, 12)], wrap=65_536.0) == {0: 2}


def test_resets_without_end_add_up_to_no_more_than_can_be_counted_on():
    unit, readings = book(), np.where(np.arange(6_000) % 2, 9e15, 0.0)
    unit.count("good", "good_count", np.arange(6_000) * 10, readings, 0.0)
    assert [unit.quantities(0, end)[0] for end in (10_000, 60_000)] == [1 << 53, 1 << 53]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(0, 30))
def test_parts_are_whole_and_the_same_however_the_readings_are_cut(values, cut):
    readings = [(k * 1_700, v) for k, v in enumerate(values)]
    assert counted(readings, cuts=(min(cut, len(values)),)) == counted(readings)


def test_time_without_a_known_state_is_in_no_element():
    unit = book()
    unit.book_states(unit.state.advance([4_000], ["execute"], [(4_000, 4_000)], 10_000))
    assert spent(unit, 0, 10_000) == {"apt": 6_000}


def test_a_window_counts_what_stands_past_the_closed_rows():
    unit = book()
    unit.book_states(unit.state.advance([0], ["held"], [(0, 0)], 1_000))
    assert spent(unit, 0, 120_000) == {"adet": 60_000}


def test_a_mode_that_comes_later_than_the_state_is_laid_over_it():
    unit = book()
    unit.book_states(unit.state.advance([0], ["held"], [(0, 9_000)], 10_000))
    assert spent(unit, 0, 10_000) == {"adet": 10_000}
    unit.book_modes(unit.mode.advance([4_000], ["changeover"], [(4_000, 9_000)], 10_000))
    assert spent(unit, 0, 10_000) == {"adet": 4_000, "aust": 6_000}
    assert (4_000, 69_000) in unit.changed()


def test_a_mode_that_came_before_the_state_is_laid_over_it():
    unit = book()
    unit.book_modes(unit.mode.advance([0], ["changeover"], [(0, 9_000)], 10_000))
    unit.book_states(unit.state.advance([2_000], ["held"], [(2_000, 9_000)], 10_000))
    assert spent(unit, 0, 10_000) == {"aust": 8_000}


def test_a_new_row_touches_all_that_its_state_may_still_hold():
    unit = book()
    unit.book_states(unit.state.advance([0], ["held"], [(0, 500)], 1_000))
    assert unit.changed() == [(0, 60_500)]
    assert unit.changed() == []


def test_windows_begin_with_the_earliest_row_and_one_found_later_touches_what_it_adds():
    unit = book()
    unit.seen(50_000)
    unit.changed()
    unit.seen(60_000)
    assert (unit.first, unit.changed()) == (50_000, [])
    unit.seen(20_000)
    assert (unit.first, unit.changed()) == (20_000, [(20_000, 50_000)])


def test_old_counts_are_kept_by_minutes_and_add_up_as_before():
    unit, t = book(), np.arange(1_000, 600_000, 1_000)
    unit.count("good", "good_count", t, t // 1_000 * 3.0, 0.0)
    before = [unit.quantities(start, start + 60_000) for start in range(0, 600_000, 60_000)]
    recent = [unit.quantities(start, start + 10_000) for start in range(420_000, 600_000, 10_000)]
    unit.forget(0, 425_000)
    assert len(unit.made) == 7 + 18
    assert [unit.quantities(start, start + 60_000) for start in range(0, 600_000, 60_000)] == before
    assert [unit.quantities(start, start + 10_000) for start in range(420_000, 600_000, 10_000)] == recent


def test_what_is_forgotten_is_only_what_ends_before():
    unit = book()
    unit.book_states(unit.state.advance([0, 5_000], ["held", "execute"], [(0, 29_000)], 30_000))
    unit.count("good", "good_count", np.array([1_000, 2_000, 21_000]), np.array([1.0, 2.0, 5.0]), 0.0)
    later = spent(unit, 10_000, 30_000)
    unit.forget(10_000, 10_000)
    assert spent(unit, 10_000, 30_000) == later
    assert unit.floor == 10_000
