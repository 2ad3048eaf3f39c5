"""The log's time as a gateway knows it: trusted clocks stamp themselves, wrong ones the log's, jumps nothing wild."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline.steps.log_time
from pipeline.steps.log_time import LogTime

HOUR = 3_600_000
NOW = 1_780_000_000_000
TIMES = st.integers(NOW - HOUR, NOW + HOUR)


def test_its_example_holds() -> None:
    assert doctest.testmod(pipeline.steps.log_time).failed == 0


def test_a_gateway_that_has_not_written_yet_stamps_its_own_time() -> None:
    assert (LogTime().stamp(NOW), LogTime().trouble) == (NOW, "")


@given(TIMES, st.integers(0, HOUR), st.integers(-60_000, 60_000), TIMES)
def test_a_clock_within_the_skew_of_what_passed_while_it_wrote_is_stamped_as_it_is(
    began: int, took: int, off: int, own: int
) -> None:
    time = LogTime(60_000).learn(began, began + took, (began if off < 0 else began + took) + off)
    assert (time.stamp(own), time.trouble) == (own, "")


@pytest.mark.parametrize(
    ("off", "said"), [(HOUR, "3600 s behind"), (-HOUR, "3600 s ahead of"), (60_001, "60 s behind")]
)
def test_a_clock_that_is_off_by_more_gives_way_to_the_log_and_is_said(off: int, said: str) -> None:
    time = LogTime(60_000).learn(NOW, NOW, NOW + off)
    assert [time.stamp(NOW + passed) - NOW - off for passed in (-70, 0, 250)] == [-70, 0, 250]
    assert f"got {said} the log's time; expected at most 60 s" in time.trouble
    assert time.learn(NOW + off + 50, NOW + off + 60, NOW + off + 55) == LogTime(60_000).learn(
        NOW + off + 50, NOW + off + 60, NOW + off + 55
    )


def test_a_clock_set_back_under_a_log_that_stands_still_stamps_the_time_at_which_the_log_stands() -> None:
    time = LogTime(60_000).learn(NOW, NOW + 5 - HOUR, NOW)
    assert time.stamp(NOW + 200 - HOUR) == NOW + 195
    time = time.learn(NOW + 200 - HOUR, NOW + 205 - HOUR, NOW)
    assert time.stamp(NOW + 205 - HOUR) == NOW
    assert time.learn(NOW - 60_000, NOW - 60_000, NOW).trouble == ""


@given(TIMES, TIMES, TIMES, st.lists(TIMES, min_size=2))
def test_while_it_is_off_a_stamp_is_never_further_from_the_log_than_the_skew_and_never_falls(
    began: int, ended: int, log: int, own: list[int]
) -> None:
    time = LogTime(60_000).learn(began, ended, log)
    stamps = [time.stamp(at) for at in sorted(own)]
    assert stamps == sorted(stamps)
    if time.trouble:
        assert all(abs(stamp - log) <= 60_000 for stamp in stamps)
