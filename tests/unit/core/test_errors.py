"""What the system says is said in plain words, wherever it reaches an operator."""

import doctest
import errno
import socket
from pathlib import Path

import pytest

import pipeline.core.errors
from connectors.sqlite import disk_trouble
from pipeline.cli.app import exit_code
from pipeline.core.errors import Unavailable, plain


def test_the_examples_in_the_docstring_are_true() -> None:
    assert doctest.testmod(pipeline.core.errors).failed == 0


def test_no_number_of_the_system_is_left_in_a_sentence(tmp_path: Path) -> None:
    for number in errno.errorcode:
        assert "Errno" not in plain(OSError(number, "what the system says", str(tmp_path)))
    assert plain(socket.gaierror(socket.EAI_NONAME, "Name or service not known")) == "no such host"
    assert plain(TimeoutError("timed out")) == "timed out"


@pytest.mark.parametrize(
    "number, said",
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EIO, "the disk failed"),
        (errno.EACCES, "cannot be written"),
    ],
)
def test_trouble_of_the_disk_says_what_to_do(number: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=rf"{said}.* \({errno.errorcode[number]}\)$"), disk_trouble(tmp_path):
        raise OSError(number, "what the system says")


def test_a_command_that_the_system_stops_says_where_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/data/sum.json")

    assert exit_code(fail) == 1
    assert capsys.readouterr().err == "/data/sum.json: permission denied (EACCES); mend it and start again\n"
