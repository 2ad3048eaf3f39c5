"""What other parts say in English reaches a Vietnamese operator in Vietnamese: trouble, failures, lines of the log."""

import ast
import doctest
import errno
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline.view.sentences
from connectors import sqlite
from pipeline.cli.app import run
from pipeline.core.errors import plain
from pipeline.runtime.logs import log, setup
from pipeline.steps.log_time import LogTime
from pipeline.view.sentence_words import EVENTS, KEYS, SENTENCES
from pipeline.view.sentences import log_line, sentence
from pipeline.view.words import Words
from tests.unit.terminal import Terminal

ROOT = Path(__file__).parents[3]
VI = Words("vi")
ENGLISH = re.compile(r"\b(the|is|are|not|no|and|or|it|this|that|of|with|for|has|have|be|was|did)\b")


pytestmark = pytest.mark.usefixtures("former_logging")


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of this name in the product."""
    for package in ("pipeline", "connectors", "simulators"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
                    yield node


def shaped(node: ast.expr) -> str:
    """The text of a string, `7` for what changes in it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(shaped(one) if isinstance(one, ast.Constant) else "7" for one in getattr(node, "values", ()))


def test_whatever_is_unavailable_is_said_in_vietnamese() -> None:
    said = [shaped(call.args[0]) for call in calls("Unavailable") if call.args]
    assert len(said) > 10
    left = [text for text in said if ENGLISH.search(sentence(text, VI))]
    assert left == ["log: group 7 of topic 7 is held by 7"]  # of one process with itself


def test_every_trouble_of_the_disk_and_of_the_network_is_said_in_vietnamese() -> None:
    known = [plain(OSError(number, "")) for number in errno.errorcode]
    said = [*sqlite._BY_CODE.values(), *filter(None, known), LogTime(1, 5_000).trouble, LogTime(1, -5_000).trouble]
    assert [text for text in said if ENGLISH.search(sentence(text, VI))] == []


def test_every_line_of_the_log_has_its_words() -> None:
    events, keys = set[str](), set[str]()
    for level in ("info", "warning", "error"):
        for call in calls(level):
            if call.args and isinstance(call.args[0], ast.Constant):
                events.add(str(call.args[0].value))
                keys |= {key.arg for key in call.keywords if key.arg}
    assert {"waiting", "passes over a checkpoint"} <= events
    assert {event for event in events if log_line({"event": event}, VI)["event"] == event} == set()
    assert keys - {"exc_info"} == KEYS.keys()
    assert events >= EVENTS.keys()


def test_a_line_of_the_log_is_vietnamese_on_a_terminal_and_as_it_is_for_programs() -> None:
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        setup("INFO", out, lambda line: log_line(line, VI))
        what = (
            "MQTT broker: not connected; mqtt://h:1: can't connect: nobody listens there (ECONNREFUSED); trying again"
        )
        log("gateway").warning("waiting", what=what)
    assert "đang chờ" in terminal.getvalue()
    assert "không kết nối được: không có ai nghe ở đó (ECONNREFUSED); đang thử lại" in terminal.getvalue()
    assert '"event": "waiting"' in file.getvalue()


def test_clauses_stand_in_an_order_in_which_none_hides_a_longer_one() -> None:
    english = [one for one, _ in SENTENCES]
    assert [(a, b) for n, a in enumerate(english) for b in english[n + 1 :] if a in b] == []
    assert all(one.count("{}") == other.count("{}") for one, other in SENTENCES)


def test_a_failing_command_speaks_the_language_of_its_park(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for language, said in (("vi", "chưa có nhật ký ở "), ("en", "no log yet at ")):
        (tmp_path / "park.toml").write_text(f'language = "{language}"\n', "utf-8")
        assert run(["log", str(tmp_path)]) == 1
        assert capsys.readouterr().err.startswith(said)


def test_the_examples_in_the_docstring_are_true() -> None:
    assert doctest.testmod(pipeline.view.sentences).failed == 0
