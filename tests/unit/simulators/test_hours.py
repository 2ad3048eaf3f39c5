"""The plant's working hours: by hand for a week, minute by minute against plain rules, and as configured."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.services.broker import EmbeddedBroker
from pipeline.cli.simulate import hours_of
from pipeline.config.read import read_config
from pipeline.core.calendar import planned
from simulators.bundled import HOURS
from simulators.demo import prepare
from simulators.hours import Hours, Shift
from tests.bundled import CONFIG

MINUTE = 60_000
VIETNAM = timezone(timedelta(hours=7))


def ms(text: str, zone: timezone = VIETNAM) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def span(start: str, end: str) -> tuple[int, int]:
    return ms(start), ms(end)


def test_a_night_before_a_holiday_is_worked_to_its_end_and_the_holiday_is_not() -> None:
    assert HOURS.planned(*span("2026-09-01T22:00", "2026-09-03T06:10")) == [
        span("2026-09-01T22:00", "2026-09-01T23:50"),
        span("2026-09-02T00:05", "2026-09-02T02:30"),
        span("2026-09-02T03:00", "2026-09-02T06:00"),
        span("2026-09-03T06:00", "2026-09-03T06:10"),
    ]


def test_shifts_that_follow_one_another_are_one_span_of_work_but_two_shifts() -> None:
    around = span("2026-08-31T13:00", "2026-08-31T15:00")
    assert HOURS.planned(*around) == [around]
    assert HOURS.shifts_over(*around) == [
        span("2026-08-31T06:00", "2026-08-31T14:00"),
        span("2026-08-31T14:00", "2026-08-31T22:00"),
    ]


@pytest.mark.parametrize(
    "t, rest",
    [
        ("2026-08-31T07:00", ("2026-08-31T09:30", "2026-08-31T09:45")),
        ("2026-08-31T09:40", ("2026-08-31T09:40", "2026-08-31T09:45")),
        ("2026-08-31T09:45", ("2026-08-31T11:30", "2026-08-31T12:00")),
        ("2026-09-02T05:00", ("2026-09-02T06:00", "2026-09-03T06:00")),
        ("2026-09-06T04:00", ("2026-09-06T06:00", "2026-09-07T06:00")),
        ("2026-09-06T12:00", ("2026-09-06T12:00", "2026-09-07T06:00")),
    ],
)
def test_the_next_rest_is_the_first_time_without_work(t: str, rest: tuple[str, str]) -> None:
    assert HOURS.rest_after(ms(t)) == span(*rest)


def test_who_works_round_the_clock_never_rests_but_on_a_far_holiday() -> None:
    through = Hours("Asia/Ho_Chi_Minh", (Shift(0, 1440),))
    assert through.rest_after(ms("2026-08-31T07:00")) is None
    free = Hours("Asia/Ho_Chi_Minh", (Shift(0, 1440),), frozenset({date(2027, 1, 1)}))
    assert free.rest_after(ms("2026-08-31T07:00")) == span("2027-01-01T00:00", "2027-01-02T00:00")


def test_a_shift_over_a_change_of_the_clocks_is_as_long_as_it_is() -> None:
    night = Hours("Europe/Berlin", (Shift(22 * 60, 30 * 60, ((27 * 60, 27 * 60 + 30),)),))
    ((start, end),) = night.shifts_over(ms("2026-10-25T00:00", UTC), ms("2026-10-25T01:00", UTC))
    assert (start, end) == (ms("2026-10-24T20:00", UTC), ms("2026-10-25T05:00", UTC))
    assert sum(b - a for a, b in night.planned(start, end)) == (9 * 60 - 30) * MINUTE


def plainly(minute: int) -> bool:
    """Is this minute since the epoch worked in the bundled park, by its rules word by word?"""
    at = datetime.fromtimestamp(minute * 60, VIETNAM)
    clock = f"{at:%H:%M}"
    begun = at.date() if clock >= "06:00" else at.date() - timedelta(days=1)
    breaks = ("09:30", "09:45"), ("11:30", "12:00"), ("17:40", "18:10"), ("23:50", "24:00"), ("00:00", "00:05")
    resting = any(low <= clock < high for low, high in (*breaks, ("02:30", "03:00")))
    return begun.weekday() < 6 and begun not in HOURS.holidays and not resting


@given(st.integers(ms("2026-01-01T00:00") // MINUTE, ms("2027-01-03T00:00") // MINUTE), st.integers(1, 1500))
def test_planned_time_is_what_the_rules_say_minute_by_minute(first: int, count: int) -> None:
    worked = [minute for minute in range(first, first + count) if plainly(minute)]
    found = HOURS.planned(first * MINUTE, (first + count) * MINUTE)
    assert [m for a, b in found for m in range(a // MINUTE, b // MINUTE)] == worked


def test_the_configuration_of_the_bundled_park_says_the_same_hours_and_simulate_takes_them_from_it() -> None:
    assert hours_of(read_config(CONFIG)) == HOURS


def test_without_shifts_simulate_works_round_the_clock(tmp_path: Path) -> None:
    (tmp_path / "park.toml").write_text("holidays = [2026-09-02]\n", "utf-8")
    assert hours_of(read_config(tmp_path)) is None


def test_the_demo_has_the_same_shifts_and_works_through(tmp_path: Path) -> None:
    start, end = span("2026-08-31T06:00", "2026-09-08T06:00")
    for line in prepare(tmp_path, EmbeddedBroker("mosquitto", 1883, "5"), "en").lines:
        assert line.calendar is not None
        assert [(s.begin, s.end) for s in line.calendar.shifts] == [shift[:2] for shift in HOURS.shifts]
        assert planned(line.calendar, start, end) == ((start, end),)
