"""A line whose samples came without a file has a configuration too."""

from pipeline.config.undeclared import default_line
from pipeline.core.line_config import validated


def test_a_line_without_a_file_has_no_alarms_and_no_pace() -> None:
    line = default_line("dairy/line-9")
    assert (line.path, line.units, line.alarms, line.pace_unit) == ("dairy/line-9", (), (), "")
    assert validated("dairy/line-9", line.to_json()) == line
