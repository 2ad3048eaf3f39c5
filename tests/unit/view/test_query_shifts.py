"""`parkpulse query --window shift`: the windows that the calendar of the configuration calls shifts."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors.local_store import LocalStore
from pipeline.cli.query import query
from pipeline.config.read import read_config
from pipeline.core import results
from pipeline.core.results import ResultKind

LINE = "dairy/line-1"
PARK = 'levels = ["site", "line", "unit"]\nlanguage = "en"\n'
CALENDAR = """
[[shifts]]
name = "morning"
from = "06:00"
to = "14:00"
[[shifts]]
name = "check"
from = "15:00"
to = "15:01"
"""
MORNING = 1_780_009_200_000  # 2026-05-29T06:00 in Viet Nam
CHECK = MORNING + 9 * 3_600_000
ROWS: list[tuple[ResultKind, int, int]] = [
    ("kpi", 28_800, MORNING),
    ("kpi", 28_800, MORNING + 3_600_000),  # of a calendar that is no longer
    ("kpi", 60, CHECK),
    ("kpi", 60, CHECK + 60_000),
    ("kpi", 10, CHECK),
    ("metric", 60, CHECK),
    ("ledger", 3600, MORNING),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines").mkdir()
    (tmp_path / "park.toml").write_text(PARK + CALENDAR, "utf-8")
    (tmp_path / "lines" / "one.toml").write_text(f'path = "{LINE}"\n', "utf-8")
    store = LocalStore(read_config(tmp_path).data_dir / "store.sqlite")
    store.write([results.Result(kind, LINE, "x", w, t, None, 0, {"oee": 0.5}) for kind, w, t in ROWS], [])
    store.close()
    return tmp_path


def called(folder: Path, *arguments: str) -> Result:
    app = typer.Typer()
    app.command()(query)
    return CliRunner().invoke(app, [str(folder), *arguments, "--format", "json"])


def windows(folder: Path, *arguments: str) -> list[tuple[str, str]]:
    return [(row["time"], row["window"]) for row in json.loads(called(folder, *arguments).stdout)]


def test_shifts_are_asked_for_by_their_word_and_no_other_window_mixes_in(folder: Path) -> None:
    assert windows(folder, "kpis", "--window", "shift") == [
        ("2026-05-28T23:00:00.000Z", "shift"),
        ("2026-05-29T08:00:00.000Z", "shift"),
    ]


def test_a_window_that_no_shift_begins_shows_by_its_length(folder: Path) -> None:
    assert windows(folder, "kpis") == [
        ("2026-05-28T23:00:00.000Z", "shift"),
        ("2026-05-29T00:00:00.000Z", "8h"),
        ("2026-05-29T08:00:00.000Z", "10s"),
        ("2026-05-29T08:00:00.000Z", "shift"),
        ("2026-05-29T08:01:00.000Z", "1m"),
    ]


def test_only_elements_and_kpis_have_shifts(folder: Path) -> None:
    assert windows(folder, "metrics") == [("2026-05-29T08:00:00.000Z", "1m")]
    result = called(folder, "metrics", "--window", "shift")
    assert (json.loads(result.stdout), result.stderr) == ([], "metrics: --window: no windows of shift; there is 1m\n")


def test_where_no_shift_is_in_the_time_asked_for_the_time_is_named(folder: Path) -> None:
    said = called(folder, "kpis", "--window", "shift", "--from", "2030-01-01").stderr
    assert said.startswith("kpis: --from/--to: nothing in this time; there is data between 2026-05-29T06:00:00+07:00")


def test_without_a_calendar_there_is_no_shift_to_ask_for(folder: Path) -> None:
    (folder / "park.toml").write_text(PARK, "utf-8")
    result = called(folder, "kpis", "--window", "shift")
    assert result.exit_code == 2
    assert result.stderr.startswith("--window: 'shift' needs [[shifts]] in park.toml")
    assert windows(folder, "kpis")[0] == ("2026-05-28T23:00:00.000Z", "8h")
