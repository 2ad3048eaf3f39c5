"""What a terminal decides: a screen or plain lines, and where the lines of the log go meanwhile."""

import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from connectors.memory import MemoryLog, MemoryReader
from pipeline.config.read import read_config
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Owner, Record
from pipeline.roles.start import TOPICS
from pipeline.runtime.clock import VirtualClock
from pipeline.view.kept_log import KEPT, KeptLog
from pipeline.view.screen import PlainLines, Screen, can_draw, shown, watched
from pipeline.view.words import Words
from tests.unit.view.scenes import NOW

PARK = 'levels = ["park", "site", "line", "unit"]\ndata_dir = "data"\n'
LINE = 'path = "park-01/dairy/line-1"\n[[units]]\nname = "filler"\n'


class Full(io.StringIO):
    """A terminal, or a file, that has the letters."""

    encoding = "utf-8"


class TornLog(MemoryLog):
    """Cannot be read while it is torn."""

    is_torn = False

    def reader(self, topic: str, group: str, instance: str = "", owner: Owner | None = None) -> "TornReader":
        return TornReader(self, topic, group, instance, owner)


class TornReader(MemoryReader):
    def __init__(self, log: TornLog, topic: str, group: str, instance: str, owner: Owner | None) -> None:
        super().__init__(log, topic, group, instance, owner)
        self.log = log

    def poll(self, max_wait: float, max_bytes: int = 8 << 20) -> list[Record]:
        if self.log.is_torn:
            raise Unavailable("disk: gone")
        return super().poll(max_wait, max_bytes)


def console(*, terminal: bool = True, term: str = "xterm") -> Console:
    return Console(file=Full(), force_terminal=terminal, width=80, height=24, _environ={"TERM": term})


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog(VirtualClock(NOW))
    log.ensure(dict.fromkeys(TOPICS, 1))
    return log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines").mkdir()
    (tmp_path / "park.toml").write_text(PARK, "utf-8")
    (tmp_path / "lines" / "one.toml").write_text(LINE, "utf-8")
    return tmp_path


def test_only_a_terminal_that_can_draw_gets_a_screen() -> None:
    assert can_draw(console())
    assert not can_draw(console(terminal=False))
    assert not can_draw(console(term="dumb"))


def test_a_screen_takes_the_terminal_and_gives_it_back(log: MemoryLog, folder: Path) -> None:
    drawn = console()
    view = watched(read_config(folder), log, VirtualClock(NOW), Words("vi"), "ParkPulse")
    with shown(view, drawn, print) as screen:
        assert isinstance(screen, Screen)
        screen.refresh()
    assert isinstance(drawn.file, Full)
    said = drawn.file.getvalue()
    assert said.startswith("\x1b[?1049h")
    assert "dairy/line-1" in said
    assert "\x1b[?1049l" in said


def test_elsewhere_a_round_of_plain_lines_comes_each_second(log: MemoryLog, folder: Path) -> None:
    lines: list[str] = []
    view = watched(read_config(folder), log, VirtualClock(NOW), Words("vi"), "ParkPulse")
    with shown(view, console(terminal=False), lines.append) as plain:
        assert isinstance(plain, PlainLines)
        plain.refresh()
        assert lines == []
        for _ in range(3):
            plain.due = min(plain.due, 0.0) if not lines else plain.due
            plain.refresh()
    assert lines == ["dairy/line-1  chưa có mẫu"]


def test_a_log_that_cannot_be_read_is_said_and_ends_nothing(folder: Path) -> None:
    log = TornLog(VirtualClock(NOW))
    log.ensure(dict.fromkeys(TOPICS, 1))
    view = watched(read_config(folder), log, VirtualClock(NOW), Words("en"), "ParkPulse")
    log.is_torn = True
    view.look(80)
    assert view.all_troubles() == ["the log cannot be read now"]
    log.is_torn = False
    view.look(80)
    assert view.all_troubles() == []


def test_lines_of_the_log_wait_while_the_screen_has_the_terminal_and_the_newest_come_after_it() -> None:
    terminal = io.StringIO()
    kept = KeptLog(terminal)
    handler = logging.StreamHandler(kept)
    for n in range(KEPT + 5):
        handler.emit(logging.makeLogRecord({"msg": f"line {n}"}))
    assert terminal.getvalue() == ""
    assert kept.notes(Words("en")) == ["105 lines of the log; shown when the screen ends"]
    kept.let_go()
    handler.emit(logging.makeLogRecord({"msg": "after"}))
    assert terminal.getvalue().splitlines() == [*(f"line {n}" for n in range(5, KEPT + 5)), "after"]
