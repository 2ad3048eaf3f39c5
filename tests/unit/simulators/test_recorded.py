"""Recorded files as they are found in the field: bad cells, decimal commas, dates of any order."""

import doctest
import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators.recorded_cells
import simulators.recorded_times
from pipeline.core.errors import ConfigError
from simulators.recorded_cells import NAMED, read_cells
from simulators.recorded_times import read_times
from simulators.replay import Choice, payloads, read_recording

BASE = 1_581_156_408_000  # 2020-02-08T10:06:48Z


def sent(path: Path, text: str, choice: Choice | None = None) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    """The samples of one file, and the remarks on it."""
    path.write_text(text, encoding="utf-8")
    recording = read_recording([path], choice or Choice())
    samples = [sample for payload in payloads(recording, 0) for sample in json.loads(payload.body)]
    return samples, recording.parts[0].remarks


def test_one_bad_cell_is_named_and_spoils_no_other(tmp_path: Path) -> None:
    rows = [*(f"{BASE + n},{n}.5,Held" for n in range(9)), f"{BASE + 9},n/a,6"]
    samples, remarks = sent(tmp_path / "a.csv", "t,speed,state\n" + "\n".join(rows))
    assert [sample["v"] for sample in samples if sample["m"] == "speed"] == [n + 0.5 for n in range(9)]
    assert [sample["v"] for sample in samples if sample["m"] == "state"] == ["Held"] * 9 + ["6"]
    assert remarks == ("column 'speed', row 10: not a number, not sent; got 'n/a'",)


@given(st.lists(st.sampled_from(["1", "2.5", "-3e2", "", None, "x", "n/a", "1,5"]), max_size=40))
def test_cells_are_numbers_or_named_and_counted_or_all_are_text(cells: list[str | None]) -> None:
    values, lines = read_cells(pl.Series("c", cells, pl.String))
    kept = [cell for cell in cells if cell]
    bad = [cell for cell in kept if cell in ("x", "n/a", "1,5")]
    if len(bad) * 2 > len(kept):
        assert (values.to_list(), lines) == ([cell or None for cell in cells], [])
        return
    assert values.to_list() == [float(cell) if cell and cell not in bad else None for cell in cells]
    assert len(lines) == min(len(bad), NAMED) + (len(bad) > NAMED)
    if len(bad) > NAMED:
        assert lines[-1] == f"column 'c': {len(bad) - NAMED} more cells are no numbers, not sent"


def test_a_decimal_comma_is_read_wherever_it_first_stands(tmp_path: Path) -> None:
    samples, remarks = sent(tmp_path / "a.csv", f"t;x;y\n{BASE};;1\n{BASE + 1};1.234,5;2,25\n{BASE + 2};0,5;3\n")
    assert [(sample["m"], sample["v"]) for sample in samples] == [
        ("y", 1.0), ("x", 1234.5), ("y", 2.25), ("x", 0.5), ("y", 3.0),
    ]  # fmt: skip
    assert remarks == ()


@pytest.mark.parametrize(
    ("texts", "remark"),
    [
        (["08/02/2020 10:06:48", "13/02/2020 10:06:48"], "day/month/year, as row 2 shows: '13/02/2020 10:06:48'"),
        (["02/08/2020 10:06:48", "02/13/2020 10:06:48"], "month/day/year, as row 2 shows: '02/13/2020 10:06:48'"),
        (["2/8/2020 10:06:48 AM", "2/13/2020 10:06:48 AM"], "month/day/year, as row 2 shows: '2/13/2020 10:06:48 AM'"),
        (["08-02-2020 10:06:48", "13-02-2020 10:06:48"], "day/month/year, as row 2 shows: '13-02-2020 10:06:48'"),
        (["8/2/2020 10:06:48"], "day/month/year; no row tells day from month; row 1 is '8/2/2020 10:06:48'"),
        (["2020/02/08 10:06:48"], ""),
        (["08.02.2020 10:06:48"], ""),
        (["2020-02-08T10:06:48Z"], ""),
        (["2020-02-08T17:06:48+07:00"], ""),
    ],
)
def test_dates_of_any_order_are_read_and_what_was_understood_is_said(
    tmp_path: Path, texts: list[str], remark: str
) -> None:
    samples, remarks = sent(tmp_path / "a.csv", "when,x\n" + "".join(f"{text},1\n" for text in texts))
    assert [sample["t"] for sample in samples] == [BASE, BASE + 5 * 86_400_000][: len(texts)]
    assert remarks == ((f"times are read as {remark}",) if remark else ())


def test_a_row_that_contradicts_the_order_of_the_file_is_no_time_and_the_order_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        sent(tmp_path / "a.csv", "t,x\n13/02/2020 10:00,1\n02/13/2020 10:00,1\n02/02/2020 10:00,1\n")
    assert "row 2: no time; got '02/13/2020 10:00'" in str(refused.value)
    assert "times are read as day/month/year, as row 1 shows" in str(refused.value)


@given(st.lists(st.integers(0, 4_102_444_800), min_size=1), st.booleans())
def test_a_file_with_a_telling_row_reads_as_it_was_written(seconds: list[int], is_day_first: bool) -> None:
    seconds = [*seconds, 1_582_848_000]  # the 28th
    form = "%d/%m/%Y %H:%M:%S" if is_day_first else "%m/%d/%Y %H:%M:%S"
    texts = [datetime.fromtimestamp(second, UTC).strftime(form) for second in seconds]
    assert read_times(pl.Series("t", texts), "UTC").to_list() == [second * 1_000_000 for second in seconds]


@pytest.mark.parametrize("module", [simulators.recorded_cells, simulators.recorded_times])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
