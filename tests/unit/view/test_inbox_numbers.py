"""`parkpulse inbox`: declared metrics that send text where numbers are needed."""

import json
from pathlib import Path

import pytest

from pipeline.cli.app import run
from tests.unit.view.inbox_park import FILE, LINE, PARK, Captured, Write, series


@pytest.mark.parametrize(("language", "cure"), [("en", "send numbers without quotes"), ("vi", "hãy gửi số không có")])
def test_a_declared_metric_that_sends_text_where_numbers_are_needed_is_listed_with_the_cure(
    folder: Path, write: Write, capsys: Captured, language: str, cure: str
) -> None:
    (folder / "park.toml").write_text(PARK.replace('"en"', f'"{language}"'), encoding="utf-8")
    heat = '[units.metrics.heat]\nrole = "temperature"\n'
    (folder / "lines" / "line-1.toml").write_text(FILE.replace("\n# below", f"{heat}\n# below"), encoding="utf-8")
    write(0, {LINE: series("heat", ["61,5", 61.5, "62,5"])})
    assert run(["inbox", str(folder), "--format", "json"]) == 0
    shown = capsys.readouterr()
    rows = [(row["name"], row["kind"], row["count"], row["values"], row["role"]) for row in json.loads(shown.out)]
    assert rows == [("heat", "text_for_number", 2, "61,5, 62,5", "temperature")]
    assert f"{LINE}/filler/heat: " in shown.err
    assert cure in shown.err
    assert run(["inbox", str(folder)]) == 0
    assert "[units.metrics" not in capsys.readouterr().out
