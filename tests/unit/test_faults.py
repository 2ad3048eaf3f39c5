"""The report of the fault rows: which tests there are is read from their names, figures from what they left."""

from pathlib import Path

import pytest

from tests.faults.found import ROOT, by_row, every_test, rows_of
from tests.faults.record import FOLDER, read, record, write
from tests.faults.report import DOCUMENT, document, merged
from tests.faults.rows import PROMISES, ROWS


def test_every_promise_is_held_by_tests_that_are_there() -> None:
    there = every_test(ROOT / "tests")
    assert [name for promise in PROMISES for name in promise.tests if name not in there] == []


def test_every_row_that_a_test_names_is_one_of_the_table() -> None:
    named = by_row(ROOT / "tests").keys()
    assert set(named) - ROWS.keys() <= set(range(30, 49))


@pytest.mark.parametrize(
    ("name", "rows"),
    [("test_row_18_x", [18]), ("test_row_06_and_row_07", [6, 7]), ("test_narrow_18", []), ("test_row_181", [])],
)
def test_a_row_is_known_by_its_number_in_the_name(name: str, rows: list[int]) -> None:
    assert rows_of(name) == rows


def test_what_a_test_records_stands_beside_its_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "new"))
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "tests/x.py::test_row_19_y[1] (call)")
    record(lost=0, duplicate=2, seconds=1.25, tier="T1", seed=7)
    write({"test": "tests/x.py::test_row_19_y[1]", "outcome": "passed", "seconds": 3.0})
    measured = merged({"tests/x.py::test_row_19_y[1]": {"lost": 9}, "old": {"lost": 1}}, read(tmp_path / "new"))
    told = {"seed": 7, "lost": 0, "duplicate": 2, "recovery_s": 1.25, "tier": "T1", "outcome": "passed", "seconds": 3.0}
    assert measured == {"old": {"lost": 1}, "tests/x.py::test_row_19_y[1]": told}
    text = document(measured, {19: ["tests/x.py::test_row_19_y"]}, {})
    (row,) = (line for line in text.splitlines() if line.startswith("| 19 |"))
    assert row.endswith("| `x.py::test_row_19_y` | 0 | 2 | 1.2 | T1 | 1 passed |")
    assert text.count("no test yet | - | - | - | - | not run |") == len(ROWS) - 1


def test_nothing_is_kept_where_no_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    record(lost=0, duplicate=0, seconds=0.0, tier="T0")
    assert not list(tmp_path.iterdir())


def test_the_document_has_every_promise_and_names_no_test_that_is_gone() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert all(promise.text in text for promise in PROMISES)
    named = {word.rpartition("::")[2].rstrip("`") for word in text.replace("<br>", " ").split() if "::test_" in word}
    assert named - every_test(ROOT / "tests").keys() == set(), "renew: python -m tests.faults.report"
