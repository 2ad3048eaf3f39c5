"""The book against the wire: a reader in plain loops finds in the messages exactly what the book says happened."""

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from simulators.lines.dairy_filling import DairyFilling
from simulators.plant import Plant
from simulators.truth import Booking, Elements, Part, StateInterval, Truth, element_of
from tests.e2e.mutants import MUTANTS, Mutant, mutate
from tests.unit.simulators.wire_reader import Messages, elements

START = 1_780_000_000_123
MINUTE = 60_000
LINE = DairyFilling().path


def run(seed: int, start: int = START) -> tuple[Plant, Messages, list[tuple[int, int]]]:
    """A minute, and its whole 10-s windows after the first samples."""
    plant = Plant([DairyFilling()], seed, start)
    messages = plant.messages(start, start + MINUTE)
    first = (start // 10_000 + 1) * 10_000
    return plant, messages, [(w, w + 10_000) for w in range(first, start + MINUTE - 9_999, 10_000)]


def booked(plant: Plant, windows: list[tuple[int, int]]) -> list[dict[str, int]]:
    names = ("apt", "aust", "adet", "unclassified", "gq", "sq", "pq")
    return [{name: getattr(found, name) for name in names} for found in plant.truth[LINE].windows(windows)]


@pytest.mark.parametrize("seed", range(10))
def test_a_plain_reader_of_the_wire_finds_the_booked_elements(seed: int) -> None:
    plant, messages, windows = run(seed, START + 977 * seed)
    assert elements(messages, windows) == booked(plant, windows)


@pytest.mark.parametrize("start", [1_780_000_000_000, 1_780_000_009_999, 1_780_000_010_001])
def test_the_books_agree_wherever_a_run_begins(start: int) -> None:
    plant, messages, windows = run(3, start)
    assert elements(messages, windows) == booked(plant, windows)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wire_that_lies_disagrees_with_the_book(mutant: Mutant) -> None:
    plant, messages, windows = run(7)
    assert elements(mutate(messages, mutant), windows) != booked(plant, windows)


@pytest.mark.parametrize("seed", range(10))
def test_every_element_that_a_minute_should_show_is_there(seed: int) -> None:
    plant, _, windows = run(seed)
    total = plant.truth[LINE].elements(windows)
    assert min(total.apt, total.adet, total.aust, total.gq, total.sq) > 0
    assert (total.adot, total.unclassified) == (0, 0)
    assert 0.01 <= total.sq / total.pq <= 0.04


def test_time_is_conserved_in_windows_of_any_length() -> None:
    plant, _, _ = run(1)
    book = plant.truth[LINE]
    for length in (1, 7, 999, 1000, 3333, 60_000):
        for found in book.windows([(w, w + length) for w in range(START - 5000, START + MINUTE - length, length)]):
            assert found.apt + found.aust + found.adet + found.adot + found.unclassified == found.pbt == length


def test_states_follow_one_another_without_a_gap_and_change_off_whole_seconds() -> None:
    plant, _, _ = run(2)
    states = plant.truth[LINE].states
    assert all(a.to_ms == b.from_ms for a, b in pairwise(states))
    assert all(s.to_ms % 1000 for s in states)


def test_parts_fall_only_while_the_unit_executes_and_never_faster_than_ideal() -> None:
    plant, _, _ = run(4)
    book = plant.truth[LINE]
    for part in book.parts:
        assert next(s for s in book.states if s.from_ms <= part.t_ms < s.to_ms).state == "execute"
    times = [part.t_ms for part in book.parts]
    assert min(b - a for a, b in pairwise(times)) >= 149  # whole ms of 150.0


def test_a_part_counts_where_its_counter_first_shows_it() -> None:
    book = Truth("line", "unit", 150.0)
    parts = [Part(50, True), Part(100, True), Part(101, True), Part(150, False), Part(999, True)]
    book.book(Booking([StateInterval(0, 1000, "execute", "production")], parts, [60, 100, 250], [40, 200]))
    windows = [(0, 100), (100, 200), (200, 300), (300, 1000)]
    assert [(e.gq, e.sq) for e in book.windows(windows)] == [(0, 0), (1, 0), (1, 1), (0, 0)]


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


def test_the_saved_book_ends_where_sending_ended(tmp_path: Path) -> None:
    plant, _, windows = run(5)
    plant.save_truth(tmp_path)
    states, parts = pl.read_parquet(tmp_path / "states.parquet"), pl.read_parquet(tmp_path / "parts.parquet")
    assert states["from_ms"].max() < START + MINUTE
    assert parts["t_ms"].max() < START + MINUTE
    assert states.columns == ["line", "unit", "from_ms", "to_ms", "state", "mode"]
    assert pl.read_parquet(tmp_path / "faults.parquet").height == 3
    assert states.height + parts.height > len(windows)
