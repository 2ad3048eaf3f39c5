"""Shifts of park.toml as the calendar of a line's record."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.config.calendar import check_shifts, resolve_calendar
from pipeline.config.shift import ShiftSection


def shift(begin="06:00", end="14:00", **changes):
    return ShiftSection.model_validate({"name": "s", "from": begin, "to": end, **changes})


def resolved(**changes):
    return resolve_calendar([shift(**changes)], [], "Asia/Ho_Chi_Minh").shifts[0]


def test_without_shifts_there_is_no_calendar():
    assert resolve_calendar([], [date(2026, 9, 2)], "Asia/Ho_Chi_Minh") is None


def test_times_of_day_become_minutes():
    own = resolved(breaks=(("09:30", "09:45"),))
    assert (own.begin, own.end, own.breaks) == (360, 840, ((570, 585),))


def test_a_shift_that_ends_at_or_before_its_begin_ends_the_next_day():
    night = resolved(begin="22:00", end="06:00", breaks=(("01:00", "01:30"),))
    assert (night.begin, night.end, night.breaks) == (1320, 1800, ((1500, 1530),))
    assert resolved(begin="06:00", end="06:00").end == 360 + 1440


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-sat", (0, 1, 2, 3, 4, 5)),
        ("sat-mon", (0, 5, 6)),
        ("mon,wed", (0, 2)),
        ("sun", (6,)),
        ("mon-sun", tuple(range(7))),
    ],
)
def test_days_are_names_lists_and_ranges_over_the_week(text, days):
    assert resolved(days=text).days == days


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("moment", ["2026-01-15T00:00", "2026-03-29T00:59", "2026-03-29T01:00", "2026-10-04T12:00"])
def test_the_table_of_offsets_says_what_the_zone_says(zone, moment):
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    offsets = resolve_calendar([shift()], [], zone).offsets
    ms = at.timestamp() * 1000
    assert [minutes for since, minutes in offsets if since <= ms][-1] * 60 == at.astimezone(
        ZoneInfo(zone)
    ).utcoffset().total_seconds()


def slips(*shifts):
    return [slip.line("park.toml") for slip in check_shifts(shifts)]


def test_a_break_outside_its_shift_is_a_slip():
    [said] = slips(shift(breaks=(("15:00", "15:15"),)))
    assert "shifts[0].breaks[0]" in said
    assert "inside 06:00 to 14:00" in said


def test_shifts_that_overlap_are_a_slip():
    assert (
        slips(shift("06:00", "14:00", name="a"), shift("14:00", "22:00", name="b"), shift("22:00", "06:00", name="c"))
        == []
    )
    assert len(slips(shift("06:00", "14:00", name="a"), shift("13:00", "22:00", name="b"))) == 1
    assert slips(shift("06:00", "14:00", name="a", days="mon-fri"), shift("06:00", "14:00", name="b", days="sat")) == []
    assert len(slips(shift("22:00", "06:00", name="a", days="sun"), shift("05:00", "07:00", name="b", days="mon"))) == 1


def test_a_shift_that_overlaps_several_is_one_slip():
    [said] = slips(
        shift("06:00", "14:00", name="a"), shift("14:00", "22:00", name="b"), shift("12:00", "16:00", name="c")
    )
    assert "shifts[2]: overlaps shift 'a', 'b' on some day" in said


def test_two_shifts_of_one_name_are_a_slip():
    assert len(slips(shift("06:00", "14:00"), shift("14:00", "22:00"))) == 1
