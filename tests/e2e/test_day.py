"""A day of all lines, with shifts, breaks and a holiday, against the plant's own books: every window, to the ms."""

from datetime import datetime
from itertools import pairwise

import pytest

from simulators import summary
from simulators.bundled import HOURS
from simulators.truth import UnitTruth
from tests.bundled import LINES
from tests.e2e.day import run_day, thinned
from tests.e2e.runs import TIMES, differences, is_told

QUARTER_MS, SHIFT_MS, HOUR_MS = 900_000, 8 * 3_600_000, 3_600_000

pytestmark = pytest.mark.slow


def ms(text):
    return round(datetime.fromisoformat(f"{text}+07:00").timestamp() * 1000)


SPAN = (ms("2026-09-01T13:50"), ms("2026-09-02T14:05"))
HOLIDAY = ms("2026-09-02T06:00")  # from here on no shift begins
SUNDAY = ms("2026-09-06T06:00")
BREAK = (ms("2026-09-01T17:40"), ms("2026-09-01T18:10"))


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    return run_day(tmp_path_factory.mktemp("day"), [thinned(line) for line in LINES], HOURS, SPAN)


def equipment_of(day):
    """(path, book) of every line and unit that has elements."""
    for path, truth in day.plant.truth.items():
        books = {path: truth} | {f"{path}/{name}": unit for name, unit in truth.units.items()}
        yield from ((name, book) for name, book in books.items() if is_told(book))


def stored(day, equipment, window_ms):
    table = day.store.read("elements", equipment, window_s=window_ms // 1000)
    return table.filter(table["equipment"] == equipment).sort("window_start")


def compared(day, equipment, book, window_ms):
    """(how many windows are stored, where they are not the truth's)."""
    table = stored(day, equipment, window_ms)
    windows = [(start, start + window_ms) for start in table["window_start"].to_list()]
    rows = zip(windows, book.windows(windows), table.iter_rows(named=True), strict=True)
    return len(windows), [(start, *d) for (start, _), told, row in rows for d in differences(told, row)]


def due(day, book, window_ms):
    """Starts of the windows that have to be there: something planned or made, from the first sample to the end."""
    start, end = day.span
    if window_ms == SHIFT_MS:
        windows = [shift for shift in HOURS.shifts_over(start, end) if shift[1] <= end]
    else:
        starts = range(start // window_ms * window_ms, end - window_ms + 1, window_ms)
        windows = [(at, at + window_ms) for at in starts]
    told = zip(windows, book.windows(windows), strict=True)
    return [window[0] for window, true in told if true.pbt or true.pq or true.energy_wh]


def test_elements_of_every_shift_and_quarter_of_an_hour_equal_the_truth(day):
    for equipment, book in equipment_of(day):
        for window_ms, least in ((SHIFT_MS, 3), (QUARTER_MS, 60)):
            count, wrong = compared(day, equipment, book, window_ms)
            assert wrong == [], equipment
            assert stored(day, equipment, window_ms)["window_start"].to_list() == due(day, book, window_ms), equipment
            assert count >= least, equipment


def test_elements_of_every_ten_seconds_equal_the_truth(day):
    for equipment, book in equipment_of(day):
        count, wrong = compared(day, equipment, book, summary.WINDOW_MS)
        assert wrong == [], equipment
        assert count >= 5_000, equipment


def test_the_elements_of_each_window_sum_to_its_planned_time_exactly(day):
    for equipment, _ in equipment_of(day):
        for window_ms in (SHIFT_MS, QUARTER_MS, summary.WINDOW_MS):
            for row in stored(day, equipment, window_ms).iter_rows(named=True):
                start, end = row["window_start"], row["window_start"] + window_ms
                assert row["pbt_ms"] == sum(b - a for a, b in HOURS.planned(start, end)), (equipment, start)
                assert row["pbt_ms"] == sum(row[f"{name}_ms"] for name in TIMES if name != "pbt"), (equipment, start)


def test_the_night_before_the_holiday_is_planned_to_its_end_and_the_holiday_is_not(day):
    for equipment, _ in equipment_of(day):
        shifts = stored(day, equipment, SHIFT_MS)
        night = shifts.filter(shifts["window_start"] == ms("2026-09-01T22:00"))
        assert night["pbt_ms"].to_list() == [SHIFT_MS - 45 * 60_000]
        for window_ms in (SHIFT_MS, QUARTER_MS, summary.WINDOW_MS):
            off = stored(day, equipment, window_ms)
            off = off.filter(off["window_start"] >= HOLIDAY)
            assert off["pbt_ms"].sum() == 0
            assert len(off) == 0 or window_ms != SHIFT_MS


def test_machines_stand_in_planned_time_and_make_parts_outside_it(day):
    spans = HOURS.planned(*SPAN)
    rests = [(low, high) for (_, low), (high, _) in pairwise(spans)]
    units = [book for _, book in equipment_of(day) if isinstance(book, UnitTruth) and book.states]
    off = [state for unit in units for state in unit.states if state.reason == "time_off"]
    assert any(HOURS.planned(state.from_ms, state.to_ms) for state in off)
    assert all(edge % 1000 for state in off for edge in (state.from_ms, state.to_ms) if edge != SPAN[1])
    assert sum(found.pq for unit in units for found in unit.windows(rests)) > 0
    for equipment, _ in equipment_of(day):
        assert (stored(day, equipment, QUARTER_MS)["pbt_ms"] % QUARTER_MS != 0).any(), equipment


def test_every_sample_of_the_day_is_accounted_for(day):
    nothing = dict.fromkeys(summary.ledger_totals(day.store), 0)
    counted = summary.samples(nothing, summary.ledger_totals(day.store), day.plant.sent)
    assert counted["gap"] == counted["waiting"] == 0


@pytest.mark.parametrize(
    "forgotten, at",
    [
        ("", BREAK),
        ('breaks = [["17:40", "18:10"]]\n', BREAK),
        ("2026-09-02, ", (HOLIDAY, HOLIDAY)),
        ('days = "mon-sat"\n', (SUNDAY, SUNDAY)),
    ],
    ids=["nothing", "break", "holiday", "sunday"],
)
def test_a_break_or_a_day_off_that_the_configuration_forgets_turns_the_comparison_red(tmp_path, forgotten, at):
    (line,) = [thinned(line) for line in LINES if "machining" in line.path]
    short = run_day(tmp_path, [line], HOURS, (at[0] - HOUR_MS // 2, at[1] + HOUR_MS // 2), forgotten=forgotten)
    for equipment, book in equipment_of(short):
        count, wrong = compared(short, equipment, book, QUARTER_MS)
        assert count >= 3
        assert bool(wrong) == bool(forgotten), equipment
