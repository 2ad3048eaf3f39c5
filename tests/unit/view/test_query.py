"""`parkpulse query` as a person or a script calls it: standard output, standard error and the exit code."""

import doctest
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from fcntl import ioctl
from io import BytesIO
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ
from types import ModuleType

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

import pipeline.view.drawing
import pipeline.view.nothing
import pipeline.view.records
import pipeline.view.whole_path
from connectors.local_store import LocalStore
from pipeline.cli.app import run
from pipeline.cli.query import moment_ms, query, window_seconds
from pipeline.core import results
from pipeline.core.errors import ConfigError

UNIT = "park-01/dairy/line-1/máy-rót"
PARK = """
levels = ["park", "site", "line", "unit"]
data_dir = "data"
"""
LINE = 'path = "park-01/dairy/line-1"\n[[units]]\nname = "máy-rót"\n'
TIME = 1_780_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration whose store holds three windows of one metric."""
    config = tmp_path / "config"
    (config / "lines").mkdir(parents=True)
    (config / "park.toml").write_text(PARK, encoding="utf-8")
    (config / "lines" / "line-1.toml").write_text(LINE, encoding="utf-8")
    return config


@pytest.fixture
def stored(folder: Path) -> Path:
    from pipeline.config.read import read_config

    store = LocalStore(read_config(folder).data_dir / "store.sqlite")
    values: dict[str, results.Value] = {"count": 3, "mean": 1 / 3}
    windows = [(10, TIME), (10, TIME + 10_000), (60, TIME)]
    store.write([results.Result("metric", UNIT, "nhiệt-độ", w, t, None, 0, values) for w, t in windows], [])
    store.close()
    return folder


def called(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(query)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def on_a_terminal(width: int, *arguments: str | Path) -> tuple[int, list[str]]:
    """Exit code and lines of `parkpulse query` on a terminal of so many columns: both streams, as people see them."""
    near, far = pty.openpty()
    ioctl(far, TIOCSWINSZ, pack("HHHH", 24, width, 0, 0))
    command = [sys.executable, "-m", "pipeline", "query", *map(str, arguments)]
    sizeless = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    said = b""
    with subprocess.Popen(command, stdout=far, stderr=far, env={**sizeless, "TERM": "xterm"}) as child:
        os.close(far)
        while part := read(near):
            said += part
    os.close(near)
    return child.returncode, re.sub(r"\x1b\[[0-9;]*m|\r", "", said.decode()).splitlines()


def read(terminal: int) -> bytes:
    """What is there; nothing when the other side is gone."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def slip_of(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line


def test_csv_has_one_line_a_result_and_every_digit(stored: Path) -> None:
    result = called(stored, "metrics", "--window", "10s", "--format", "csv")
    assert (result.exit_code, result.stderr) == (0, "")
    head, first, second = result.stdout.splitlines()
    assert head.startswith("time,park,site,line,unit,name,window,count,mean,")
    assert first.startswith(f"2026-05-28T20:26:40.000Z,park-01,dairy,line-1,máy-rót,nhiệt-độ,10s,3,{1 / 3},")
    assert second.startswith("2026-05-28T20:26:50.000Z,")


def test_json_is_one_array_also_when_there_is_nothing(stored: Path) -> None:
    rows = json.loads(called(stored, "metrics", "--format", "json").stdout)
    assert [(row["window"], row["name"], row["mean"]) for row in rows] == [
        ("10s", "nhiệt-độ", 1 / 3), ("1m", "nhiệt-độ", 1 / 3), ("10s", "nhiệt-độ", 1 / 3),
    ]  # fmt: skip
    assert json.loads(called(stored, "alerts", "--format", "json").stdout) == []


def test_parquet_comes_as_bytes_on_standard_output(stored: Path) -> None:
    table = pl.read_parquet(BytesIO(called(stored, "metrics", "--format", "parquet").stdout_bytes))
    assert table.height == 3
    assert table.schema["count"] == pl.Int64


def test_a_piped_table_keeps_every_column_on_one_line_and_shortens_numbers(stored: Path) -> None:
    lines = called(stored, "metrics", "--equipment", UNIT, "--window", "1m").stdout.splitlines()
    (head,) = [line for line in lines if "time" in line]
    (row,) = [line for line in lines if "2026-05-29T03:26:40.000+07:00" in line]
    assert head.split()[-2:] == ["coverage", "revision"]
    assert "0,333333 " in row
    assert "nhiệt-độ" in row
    assert "…" not in "".join(lines)


def test_a_period_is_given_in_iso_or_in_epoch_milliseconds(stored: Path) -> None:
    period = ["--from", "2026-05-28T20:26:50Z", "--to", str(TIME + 10_001)]
    result = called(stored, "metrics", *period, "--format", "json")
    assert [row["time"] for row in json.loads(result.stdout)] == ["2026-05-28T20:26:50.000Z"]


def test_a_path_may_end_with_a_slash_and_be_typed_in_decomposed_letters(stored: Path) -> None:
    from unicodedata import normalize

    result = called(stored, "metrics", "--equipment", normalize("NFD", UNIT) + "/", "--format", "json")
    assert len(json.loads(result.stdout)) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["metricks"], "WHAT: unknown; got 'metricks'; expected one of metrics, elements, kpis"),
        (["kpis", "--from", "yesterday"], "--from: no time; got 'yesterday'; expected ISO 8601"),
        (["kpis", "--to", "2026-13-01"], "--to: no time; got '2026-13-01'"),
        (["kpis", "--window", "10"], "--window: no window length; got '10'"),
        (["kpis", "--format", "xlsx"], "--format: unknown; got 'xlsx'; expected one of table, csv, json, parquet"),
    ],
)
def test_a_slip_is_one_line_on_standard_error_and_code_two(stored: Path, arguments: Sequence[str], says: str) -> None:
    assert slip_of(called(stored, *arguments)).startswith(says)


def test_a_folder_without_configuration_is_a_slip_too(tmp_path: Path) -> None:
    assert str(tmp_path) in slip_of(called(tmp_path / "nowhere", "kpis"))


def test_a_store_that_is_not_there_yet_is_said_in_one_line_and_not_made(folder: Path) -> None:
    result = called(folder, "kpis")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "store.sqlite: no results yet" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(folder.parent.rglob("store.sqlite"))


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("", None), ("0", 0), ("-1", -1), ("1780000000123", 1_780_000_000_123),
        ("1970-01-01", 0), ("1970-01-01T00:00:01", 1000), ("1970-01-01T07:00:00.0019+07:00", 1),
        ("1969-12-31T23:59:59.9999Z", -1), ("9999-12-31T23:59:59Z", 253_402_300_799_000),
    ],
)  # fmt: skip
def test_a_time_is_of_the_zone_where_it_names_none_and_is_floored_to_milliseconds(text: str, ms: int | None) -> None:
    assert moment_ms(text, "--from", "UTC") == ms


def test_a_time_without_zone_is_that_of_the_tables(stored: Path) -> None:
    for since in ("2026-05-29T03:26:50", "2026-05-28T20:26:50Z"):
        rows = json.loads(called(stored, "metrics", "--from", since, "--format", "json").stdout)
        assert [row["time"] for row in rows] == ["2026-05-28T20:26:50.000Z"]


def test_who_only_looks_needs_no_password_of_a_broker(stored: Path) -> None:
    broker = '[[brokers]]\nurl = "mqtt://b"\nusername = "u"\npassword_env = "PARKPULSE_TEST_NEVER_SET"\n'
    (stored / "park.toml").write_text(PARK + broker, encoding="utf-8")
    assert called(stored, "metrics").exit_code == 0
    for verb in ("inbox", "log"):
        assert run([verb, str(stored)]) == 1  # no log yet
    assert run(["check", str(stored)]) == 2


@pytest.mark.parametrize(
    ("text", "zone"), [("0001-01-01", "Asia/Ho_Chi_Minh"), ("9999-12-31T23:59:59", "America/New_York")]
)
def test_a_time_beyond_the_ends_of_the_calendar_is_a_slip(text: str, zone: str) -> None:
    with pytest.raises(ConfigError, match=f"--from: no time.*{zone} where no zone is named"):
        moment_ms(text, "--from", zone)


@pytest.mark.parametrize("text", ["now", "²", "1e3", "9" * 18, "9" * 30, " ", "2026-05-28T25:00", "1.5"])
def test_what_is_no_time_is_a_slip(text: str) -> None:
    with pytest.raises(ConfigError, match="--from: no time"):
        moment_ms(text, "--from", "UTC")


@pytest.mark.parametrize("text", ["0s", "1ms", "1500ms", "-10s", "10", "shifts", "1e400s"])
def test_what_is_no_window_length_is_a_slip(text: str) -> None:
    with pytest.raises(ConfigError, match="--window: no window length"):
        window_seconds(text)


def test_on_a_narrow_terminal_the_equipment_is_one_short_column_and_rows_are_counted(stored: Path) -> None:
    code, lines = on_a_terminal(100, stored, "metrics")
    assert code == 0
    assert all(len(line) <= 100 for line in lines)
    (head,) = [line for line in lines if "equipment" in line]
    assert head.split()[:3] == ["time", "equipment", "window"]
    assert sum("máy-rót" in line for line in lines) == 3
    assert lines[-1].startswith("3 dòng")


def test_on_a_wide_terminal_the_promised_columns_stand_as_they_are(stored: Path) -> None:
    code, lines = on_a_terminal(220, stored, "metrics")
    assert code == 0
    assert lines[0].split()[:7] == ["time", "park", "site", "line", "unit", "name", "window"]
    assert lines[-1] == "3 dòng"


def test_where_nothing_matches_one_line_says_so_and_what_there_is(stored: Path) -> None:
    from pipeline.config.read import read_config

    store = LocalStore(read_config(stored).data_dir / "store.sqlite")
    hour = TIME // 3_600_000 * 3_600_000
    for line in ("park-01/dairy/line-1", "_unassigned"):
        store.write([results.Result("ledger", line, "gw", 3600, hour, None, 0, {"received": 3})], [])
    store.close()
    result = called(stored, "kpis", "--from", "2030-01-01")
    assert (result.exit_code, result.stderr) == (
        0,
        "kpis: chưa lưu kết quả nào loại này; hiện có dữ liệu của park-01/dairy/line-1 "
        "trong khoảng 2026-05-29T03:00:00+07:00 đến 2026-05-29T04:00:00+07:00\n",
    )
    assert on_a_terminal(200, stored, "kpis") == (0, result.stderr.splitlines())


def test_parquet_does_not_go_to_a_terminal(stored: Path) -> None:
    assert on_a_terminal(200, stored, "metrics", "--format", "parquet") == (
        2,
        ["--format: parquet is for files; got a terminal; add > FILE.parquet, or use table"],
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--equipment", "máy-rốt"], "--equipment: nothing is called 'máy-rốt'; there is park-01/dairy/line-1/máy-rót"),
        (["--equipment", "dây-9"], "--equipment: nothing is called 'dây-9'; there is park-01/dairy/line-1, "),
        (["--window", "2m"], "--window: no windows of 2m; there is 10s, 1m"),
        (
            ["--from", "2030-01-01"],
            "--from/--to: nothing in this time; there is data between 2026-05-29T03:26:40+07:00 and 2026-05-29T03:26:5",
        ),
        (
            ["--window", "1m", "--to", "0"],
            "--from/--to: nothing in this time; there is data between 2026-05-29T03:26:40+07:00 and 2026-05-29T03:26:4",
        ),
    ],
)  # fmt: skip
def test_where_nothing_matches_the_cause_is_named(stored: Path, arguments: Sequence[str], says: str) -> None:
    (stored / "park.toml").write_text(PARK.replace("data_dir", 'language = "en"\ndata_dir'), encoding="utf-8")
    for format in ("table", "csv"):
        result = called(stored, "metrics", *arguments, "--format", format)
        assert result.exit_code == 0
        assert result.stderr.startswith(f"metrics: {says}")
        assert len(result.stdout.splitlines()) == (2 if format == "table" else 1)


@pytest.mark.parametrize("path", ["máy-rót", "line-1/máy-rót", "dairy", "line-1/", "park-01"])
def test_the_end_of_a_path_is_enough_where_it_is_the_only_one(stored: Path, path: str) -> None:
    rows = json.loads(called(stored, "metrics", "--equipment", path, "--format", "json").stdout)
    assert len(rows) == 3


def test_of_several_paths_that_end_alike_none_is_taken(stored: Path) -> None:
    (stored / "lines" / "line-2.toml").write_text(LINE.replace("line-1", "line-2"), encoding="utf-8")
    assert slip_of(called(stored, "metrics", "--equipment", "máy-rót")) == (
        "--equipment: more than one ends so; got 'máy-rót'; "
        "expected one of park-01/dairy/line-1/máy-rót, park-01/dairy/line-2/máy-rót"
    )
    assert called(stored, "metrics", "--equipment", "ót").stderr.startswith("metrics: --equipment: ")


def test_people_see_their_own_time_and_programs_utc(stored: Path) -> None:
    (stored / "park.toml").write_text(PARK + 'timezone = "America/New_York"\n', encoding="utf-8")
    assert "2026-05-28T16:26:40.000-04:00" in called(stored, "metrics").stdout
    for format in ("csv", "json"):
        assert "2026-05-28T20:26:40.000Z" in called(stored, "metrics", "--format", format).stdout
    code, lines = on_a_terminal(60, stored, "metrics")
    assert code == 0
    assert "2026-05-28 UTC-04:00" in "\n".join(lines)
    assert any(line.startswith("16:26:40 ") for line in lines)


@pytest.mark.parametrize(
    "module", [pipeline.view.whole_path, pipeline.view.nothing, pipeline.view.records, pipeline.view.drawing]
)
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
