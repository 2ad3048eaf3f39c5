"""The command line: exit codes, one line a slip, and a quick --help."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.app import exit_code, run
from pipeline.core.errors import ConfigError, Unavailable
from tests.unit.config.test_cases import plugins_aside

ROOT = Path(__file__).parents[3]


def test_check_counts_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(ROOT / "deploy" / "config" / "lite")]) == 0
    assert capsys.readouterr() == ("ok: 1 dây chuyền, 1 máy, 4 cảnh báo\n", "")


def test_check_passes_what_is_poor_and_gives_hints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(ROOT / "tests" / "cases" / "config" / "no-lines")]) == 0
    shown = capsys.readouterr()
    assert shown.out == "ok: 0 dây chuyền, 0 máy, 0 cảnh báo\n"
    assert shown.err.startswith("hint: lines: none; ")


def test_check_puts_each_slip_on_its_own_line_of_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    case = ROOT / "tests" / "cases" / "config" / "cross-checks"
    assert run(["check", str(case)]) == 2
    shown = capsys.readouterr()
    expected = (case / "expected_error.txt").read_text("utf-8")
    assert (shown.out, plugins_aside(shown.err)) == ("", plugins_aside(expected))


@pytest.mark.parametrize("arguments", [["chekc"], ["check"], ["check", "a", "b"], ["--colour"], ["explain", "limt"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "failure, code, shown",
    [
        (ConfigError("a: wrong", "b: wrong"), 2, "a: wrong\nb: wrong\n"),
        (Unavailable("the log is away"), 1, "the log is away\n"),
        (KeyboardInterrupt(), 130, ""),
        (SystemExit("no room"), 1, "no room\n"),
        (SystemExit(None), 0, ""),
    ],
)
def test_an_expected_failure_is_its_lines_and_its_code(
    failure: BaseException, code: int, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise failure

    assert exit_code(fail) == code
    assert capsys.readouterr().err == shown


def test_explain_prints_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "limit"]) == 0
    assert 'kind = "limit"' in capsys.readouterr().out


def test_help_imports_no_verb() -> None:
    code = (
        "import sys\nfrom pipeline.cli.app import run\nassert run(['--help']) == 0\n"
        "loaded = {'polars', 'numpy', 'pydantic', 'paho'} & set(sys.modules)\nassert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "check" in done.stdout


def test_python_dash_m_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "check", "/nowhere/at/all"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
