"""The book against the wire: a reader in plain loops finds in the messages exactly what the book says happened."""

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from simulators.hours import Hours, Shift
from simulators.plant import Line, Plant
from simulators.truth import Booking, Elements, Energy, Part, StateInterval, Truth, UnitTruth, element_of
from tests.bundled import LINES, name_of, told_of
from tests.e2e.mutants import mutate
from tests.unit.simulators.wire_reader import TIMES, increases, times
from tests.wire import Message

START = 1_780_000_000_123
MINUTE = 60_000
Windows = list[tuple[int, int]]
each_line = pytest.mark.parametrize("line", LINES, ids=name_of)
making = pytest.mark.parametrize("line", [line for line in LINES if line.pace_unit], ids=name_of)
lies = pytest.mark.parametrize(
    "line, mutant",
    [pytest.param(line, lie, id=f"{name_of(line)}-{lie}") for line in LINES for lie in told_of(line.path).mutants],
)


def run(line: Line, seed: int, start: int = START) -> tuple[Truth, list[Message], Windows]:
    """A minute, and its whole 10-s windows after the first samples."""
    plant = Plant([line], seed, start)
    messages = plant.messages(start, start + MINUTE)
    truth = plant.truth[line.path]
    first = (truth.known_from // 10_000 + 1) * 10_000
    return truth, messages, [(w, w + 10_000) for w in range(first, start + MINUTE - 9_999, 10_000)]


def read(line: Line, messages: list[Message], windows: Windows) -> list[dict[str, int]]:
    """The elements of a line by a plain reader of the wire."""
    told = told_of(line.path)
    found: list[dict[str, int]] = [{} for _ in windows]
    if told.state:
        found = times(messages, told.state[0], windows)
    for name, counter in (("gq", told.good), ("sq", told.reject), ("energy_wh", told.energy)):
        for row, gained in zip(found, increases(messages, counter, windows) if counter else (), strict=False):
            row[name] = gained
    return found


def booked(line: Line, truth: Truth, windows: Windows) -> list[dict[str, int]]:
    told = told_of(line.path)
    names = [*(TIMES if told.state else ()), *(("gq", "sq") if told.good else ())]
    rows = [{name: getattr(found, name) for name in names} for found in truth.windows(windows)]
    if told.energy:
        unit = truth.units[told.energy[0].rpartition("/")[2]]
        rows = [row | {"energy_wh": wh} for row, wh in zip(rows, unit.energy.within(windows), strict=True)]
    return rows


@each_line
@pytest.mark.parametrize("seed", range(3))
def test_a_plain_reader_of_the_wire_finds_the_booked_elements(line: Line, seed: int) -> None:
    truth, messages, windows = run(line, seed, START + 977 * seed)
    assert len(windows) >= 4
    assert read(line, messages, windows) == booked(line, truth, windows)


@each_line
@pytest.mark.parametrize("start", [1_780_000_000_000, 1_780_000_009_999, 1_780_000_010_001])
def test_the_books_agree_wherever_a_run_begins(line: Line, start: int) -> None:
    truth, messages, windows = run(line, 3, start)
    assert read(line, messages, windows) == booked(line, truth, windows)


@lies
def test_a_wire_that_lies_disagrees_with_the_book(line: Line, mutant: str) -> None:
    truth, messages, windows = run(line, 7)
    lied = [message for message in mutate(messages, told_of(line.path), mutant) if message is not None]
    assert read(line, lied, windows) != booked(line, truth, windows)


@making
@pytest.mark.parametrize("seed", range(5))
def test_every_element_that_a_minute_should_show_is_there(line: Line, seed: int) -> None:
    truth, _, windows = run(line, seed)
    total = truth.elements(windows)
    assert min(total.apt, total.adet, total.aust, total.gq, total.sq) > 0
    assert (total.adot, total.unclassified) == (0, 0)


@each_line
def test_time_is_conserved_in_windows_of_any_length(line: Line) -> None:
    truth, _, _ = run(line, 1)
    for length in (1, 7, 999, 1000, 3333, 60_000):
        windows = [(w, w + length) for w in range(START - 5000, START + MINUTE - length, max(length, 997))]
        for book in (truth, *truth.units.values()):
            for found in book.windows(windows):
                assert found.apt + found.aust + found.adet + found.adot + found.unclassified == found.pbt == length


@each_line
def test_states_follow_one_another_without_a_gap_and_change_off_whole_seconds(line: Line) -> None:
    truth, _, _ = run(line, 2)
    for unit in truth.units.values():
        assert all(a.to_ms == b.from_ms and a[2:] != b[2:] for a, b in pairwise(unit.states))
        assert all(s.to_ms % 1000 for s in unit.states)


@making
def test_parts_fall_only_while_the_unit_executes_and_never_faster_than_ideal(line: Line) -> None:
    truth, _, _ = run(line, 4)
    for unit in truth.units.values():
        for part in unit.parts:
            assert next(s for s in unit.states if s.from_ms <= part.t_ms < s.to_ms).state == "execute"
        times = [part.t_ms for part in unit.parts]
        assert min(b - a for a, b in pairwise(times)) >= (unit.ideal_cycle_ms or 0)


def test_a_part_counts_where_its_counter_first_shows_it() -> None:
    book = UnitTruth("line", "unit", 150.0)
    parts = [Part(50, True), Part(100, True), Part(101, True), Part(150, False), Part(999, True)]
    book.book(Booking([StateInterval(0, 1000, "execute", "production")], parts, [60, 100, 250], [40, 200]))
    windows = [(0, 100), (100, 200), (200, 300), (300, 1000)]
    assert [(e.gq, e.sq) for e in book.windows(windows)] == [(0, 0), (1, 0), (1, 1), (0, 0)]


def test_energy_counts_in_wh_where_its_register_first_shows_it() -> None:
    book = UnitTruth("line", "unit", None)
    book.book(Booking(energy=[Energy(50, 3), Energy(150, 4), Energy(250, 5)], energy_readings=[60, 150, 300]))
    windows = [(0, 100), (100, 200), (200, 300), (300, 400)]
    assert [found.energy_wh for found in book.windows(windows)] == [0, 4, 0, 5]


def test_a_line_takes_times_of_its_pace_unit_and_parts_of_its_count_unit_at_the_pace_units_cycle() -> None:
    oven, wrapper = UnitTruth("line", "oven", 150.0), UnitTruth("line", "wrapper", 100.0)
    line = Truth("line", {"oven": oven, "wrapper": wrapper}, "oven", "wrapper")
    held, run = [StateInterval(0, 1000, "held", "production")], [StateInterval(0, 1000, "execute", "production")]
    line.book({
        "oven": Booking(run, [Part(100, True)], [0, 500]),
        "wrapper": Booking(held, [Part(100, True), Part(200, True), Part(300, False)], [0, 400], [0, 400]),
    })  # fmt: skip
    (found,) = line.windows([(0, 1000)])
    assert (found.apt, found.adet, found.gq, found.sq, found.ideal) == (1000, 0, 2, 1, 450.0)
    assert line.known_from == 0


def test_time_that_is_not_planned_is_in_no_element_and_parts_made_in_it_count() -> None:
    hours = Hours("UTC", (Shift(0, 2, ((1, 2),)),))  # 00:00 to 00:01
    book = UnitTruth("line", "unit", 150.0, hours)
    states = [
        StateInterval(10_000, 50_000, "execute", "production"),
        StateInterval(50_000, 61_000, "held", "production"),
    ]
    states.append(StateInterval(61_000, 70_000, "execute", "production"))
    book.book(Booking(states, [Part(20_000, True), Part(65_000, True)], [1000, 30_000, 69_000]))
    (found,) = book.windows([(0, 120_000)])
    assert (found.pbt, found.apt, found.adet, found.unclassified, found.gq) == (60_000, 40_000, 10_000, 10_000, 2)
    (outside,) = book.windows([(60_000, 120_000)])
    assert outside == Elements(pq=1, gq=1, ideal=150.0)
    (meters,) = Truth("line", {"meter": UnitTruth("line", "meter", None, hours)}).windows([(0, 120_000)])
    assert (meters.pbt, meters.unclassified) == (60_000, 60_000)


@pytest.mark.parametrize(
    "state, mode, element",
    [
        ("execute", "production", "apt"),
        ("held", "production", "adet"),
        ("execute", "changeover", "aust"),
        ("idle", "setup", "aust"),
        ("execute", "maintenance", "adet"),
        ("execute", "manual", "adet"),
        ("undefined", "production", "unclassified"),
        ("???", "changeover", "unclassified"),
    ],
)
def test_every_state_and_mode_has_one_element(state: str, mode: str, element: str) -> None:
    assert element_of(state, mode) == element


def test_figures_are_those_of_the_worked_vector_of_iso_22400() -> None:
    minute = 60_000
    total = Elements(480 * minute, 420 * minute, 20 * minute, 30 * minute, 10 * minute, 0, 800, 776, 24, 400.0 * minute)
    shown = total.figures()
    assert shown["availability"] == 0.875
    assert shown["effectiveness"] == pytest.approx(0.952381, abs=1e-6)
    assert shown["quality_ratio"] == pytest.approx(0.97)
    assert shown["oee"] == pytest.approx(0.808333, abs=1e-6)


def test_oee_is_zero_without_parts_and_null_where_nothing_is_known() -> None:
    assert Elements(pbt=10, adet=10).figures()["oee"] == 0.0
    assert Elements(pbt=10, unclassified=10).figures()["oee"] is None
    assert Elements().figures()["oee"] is None


@each_line
def test_the_saved_book_ends_where_sending_ended(line: Line, tmp_path: Path) -> None:
    plant = Plant([line], 5, START)
    plant.messages(START, START + MINUTE)
    plant.save_truth(tmp_path)
    states, parts, energy = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("states", "parts", "energy"))
    assert states.columns == ["line", "unit", "from_ms", "to_ms", "state", "mode", "reason"]
    assert (states.height > 0, parts.height > 0) == (line.pace_unit != "", line.count_unit != "")
    assert states.height == 0 or states["to_ms"].max() == START + MINUTE
    assert max([*parts["t_ms"], *energy["t_ms"]]) < START + MINUTE
    assert pl.read_parquet(tmp_path / "faults.parquet").height == 3
