"""The configuration record of a line in the log."""

from pathlib import Path

import pytest

from pipeline.config.read import read_config
from pipeline.config.record import decode_line, default_line, encode_line
from pipeline.core.errors import Bug

LITE = Path(__file__).parents[3] / "deploy" / "config" / "lite"


def test_a_line_reads_back_as_written() -> None:
    (line,) = read_config(LITE).lines
    assert decode_line(encode_line(line)) == line
    assert encode_line(decode_line(encode_line(line))) == encode_line(line)


def test_a_line_without_a_file_has_no_alarms_and_no_pace() -> None:
    line = default_line("dairy/line-9")
    assert (line.path, line.units, line.alarms, line.pace_unit) == ("dairy/line-9", (), (), "")
    assert decode_line(encode_line(line)) == line


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'{"path": 1}', b'{"path": "a/b", "colour": "red"}'])
def test_a_record_that_cannot_be_ours_is_a_bug(body: bytes) -> None:
    with pytest.raises(Bug, match="configuration record"):
        decode_line(body)
