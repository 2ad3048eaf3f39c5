"""`parkpulse log` on a real log of files: what is shown, exit codes, and that it leaves nothing behind."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli.app import run
from pipeline.cli.log import drawn
from pipeline.config.read import read_config
from pipeline.core.frames import Frame, FrameName, Kind, encode
from pipeline.core.ports import Outgoing
from pipeline.roles.start import open_log
from pipeline.runtime.clock import VirtualClock

PARK = 'levels = ["park", "site", "line", "unit"]\ndata_dir = "data"\nlanguage = "en"\n[log]\npartitions = 3\n'
TIME = 1_780_000_000_000
LINES = [f"park-01/dairy/line-{n}" for n in range(1, 5)]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "park.toml").write_text(PARK, encoding="utf-8")
    return tmp_path


def frame(number: int) -> bytes:
    names = (FrameName("filler", "nhiệt-độ", ""),)
    index, t, v = np.zeros(1, "<u2"), np.array([TIME], "<i8"), np.array([71.5], "<f8")
    return encode(Frame(Kind.DATA, 0, 0, TIME, "gw-1", 1, number, number, 0, names, (), index, t, v))


@pytest.fixture
def write(folder: Path) -> Callable[..., None]:
    """Appends records at a time of the log's clock."""

    def append(at_ms: int, *records: Outgoing) -> None:
        writer = open_log(read_config(folder), VirtualClock(at_ms)).writer()
        writer.write(records)
        writer.flush()
        writer.close()

    return append


@pytest.fixture
def filled(folder: Path, write: Callable[..., None]) -> Path:
    """Four lines on three partitions, two frames each; one reject; one record that is no frame."""
    for number in (1, 2):
        write(TIME + number * 1000, *(Outgoing("samples.v1", line.encode(), frame(number)) for line in LINES))
    write(TIME + 3000, Outgoing("samples.v1", LINES[0].encode(), b"\x1b]junk"))
    headers = (("reason", b"bad_json"), ("sentence", b"no JSON"), ("line", LINES[1].encode()))
    write(TIME + 3000, Outgoing("rejects.v1", b"parkpulse/v1/data/x", b"{\x1b[2J", headers))
    return folder


def heads(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(" ")]


def test_all_frames_of_all_partitions_are_shown_in_order_of_append(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled)]) == 0
    shown = heads(capsys.readouterr().out)
    assert len(shown) == 9
    assert [head.split()[1] for head in shown] == sorted(head.split()[1] for head in shown)


def test_what_cannot_be_decoded_is_said_and_escaped(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled)]) == 0
    out = capsys.readouterr().out
    assert "cannot be decoded" in out
    assert "6 bytes: \\u001b]junk" in out
    assert "\x1b" not in out


def test_only_one_line_and_only_from_a_time(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled), "--line", LINES[2] + "/", "--from", "2026-05-28T20:26:42Z"]) == 0
    (head,) = heads(capsys.readouterr().out)
    assert head.endswith(LINES[2])


def test_a_reject_is_found_by_its_line_and_shows_its_topic(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled), "rejects.v1", "--line", LINES[1]]) == 0
    out = capsys.readouterr().out
    assert "bad_json  parkpulse/v1/data/x" in out
    assert "5 bytes: {\\u001b[2J" in out


def test_nothing_to_show_is_said_on_standard_error(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled), "alerts.v1"]) == 0
    assert capsys.readouterr() == ("", "alerts.v1: no records there\n")


def test_where_nothing_matches_one_line_says_what_there_is(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled), "--line", "park-01/nowhere"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("samples.v1: nothing matches; there is data of park-01/dairy/line-")
    assert said.err.endswith("(+1 more line) between 2026-05-28T20:26:41Z and 2026-05-28T20:26:43Z\n")


def test_an_unknown_topic_is_a_slip_with_the_known_ones(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled), "sample.v1"]) == 2
    said = capsys.readouterr().err
    assert "known topics: alerts.v1, commands.v1" in said
    assert said.endswith("did you mean 'samples.v1'?\n")


def test_what_is_no_time_is_a_slip(filled: Path, capsys: Captured) -> None:
    assert run(["log", str(filled), "--from", "yesterday"]) == 2
    assert capsys.readouterr().err.startswith("--from: no time; got 'yesterday'")


def test_where_no_log_is_yet_nothing_is_made(folder: Path, capsys: Captured) -> None:
    before = sorted(folder.rglob("*"))
    assert run(["log", str(folder)]) == 1
    expected = f"no log yet at {folder.resolve() / 'data' / 'log'}; start with parkpulse run\n"
    assert capsys.readouterr() == ("", expected)
    assert sorted(folder.rglob("*")) == before


def test_looking_takes_no_lock_and_commits_nothing(filled: Path, capsys: Captured) -> None:
    log = open_log(read_config(filled), VirtualClock(TIME))
    worker = log.reader("samples.v1", "worker")
    locks = sorted((filled / "data" / "log" / "locks").iterdir())
    assert run(["log", str(filled)]) == 0
    assert sorted((filled / "data" / "log" / "locks").iterdir()) == locks
    looker = log.reader("samples.v1", "")
    assert [looker.committed(partition) for partition in looker.partitions] == [None] * 3
    looker.close()
    worker.close()


def test_follow_shows_what_comes_later_until_ctrl_c(filled: Path, write: Callable[..., None]) -> None:
    command = [sys.executable, "-m", "pipeline", "log", str(filled), "--follow", "--line", LINES[3]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        for _ in range(8):
            child.stdout.readline()
        write(TIME + 9000, Outgoing("samples.v1", LINES[3].encode(), frame(3)))
        assert "2026-05-28T20:26:49.000Z" in child.stdout.readline().decode()
        child.send_signal(signal.SIGINT)
        assert (child.wait(10), child.stderr.read()) == (0, b"")


def test_long_lines_fold_under_their_indent_on_a_screen_and_not_in_a_pipe() -> None:
    line = "  " + "word " * 30
    assert all(len(part) <= 40 for part in drawn([line], 40).decode().splitlines())
    assert drawn([line], 40).decode().splitlines()[1].startswith("      word")
    assert drawn([line], 0).decode() == line
