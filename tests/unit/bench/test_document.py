"""`docs/performance.md` is what its generator makes of the JSON and the notes beside it. Renew it without measuring:
`python -m tests.unit.bench.test_document`."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipeline.bench.catalogue import BENCHES, Goal
from pipeline.bench.document import document, notes_of, read_runs, rows_of, write_document
from pipeline.bench.plot import growth_plot
from pipeline.bench.table import Row

DOCUMENT = Path(__file__).parents[3] / "docs" / "performance.md"
GROWTH = [
    *(Row(f"CPU, {name} series", value, "ns", value, value, 5) for name, value in (("1 k", 900.0), ("1 M", 1100.0))),
    *(Row(f"memory, {name} series", value, "MB", value, value, 5) for name, value in (("1 k", 80.0), ("1 M", 2400.0))),
]


def test_the_document_is_what_its_generator_makes_of_figures_and_notes() -> None:
    runs = read_runs(DOCUMENT.with_suffix(".json"))
    assert DOCUMENT.read_text("utf-8") == document(runs, notes_of(DOCUMENT))
    assert DOCUMENT.with_name("growth.svg").read_text("utf-8") == growth_plot(rows_of(runs, "growth"))


def test_every_bench_has_a_section_with_its_command_and_the_notes_stand_at_the_end() -> None:
    text = DOCUMENT.read_text("utf-8")
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == [*(f"## `{name}`" for name in BENCHES), "## What was tried and did not pay"]
    assert all(f"`parkpulse bench {name}`" in text for name in BENCHES)


def test_the_readme_links_it() -> None:
    assert "(docs/performance.md)" in (DOCUMENT.parents[1] / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    "goal, value, verdict",
    [
        (Goal("1 a payload", 100.0), 100.0, "met"),
        (Goal("1 a payload", 100.0), 99.0, "missed"),
        (Goal("1 a payload", 100.0, at_most=True), 100.0, "met"),
        (Goal("1 a payload", 100.0, at_most=True), 101.0, "missed"),
        (Goal("1 a payload", 2.0, "ratio"), 1.0, "missed"),
        (Goal("another", 1.0), 1.0, "not measured"),
    ],
)
def test_a_goal_is_met_missed_or_not_measured(
    goal: Goal, value: float, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BENCHES, "chain", BENCHES["chain"]._replace(goals=(goal,)))
    write_document(tmp_path / "performance.md", {"chain": [Row("1 a payload", value, "x", 1.0, 1.0, 5, "plain", 1.5)]})
    assert f"| {verdict} |" in (tmp_path / "performance.md").read_text("utf-8")


def test_one_bench_measured_again_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    write_document(path, {"core": [Row("a", 1.0, "x", 1.0, 1.0, 5)], "growth": GROWTH})
    write_document(path, {"core": [Row("a", 2.0, "x", 2.0, 2.0, 5)]})
    text = path.read_text("utf-8")
    assert "| a | 2 | x | 2 | 2 | 5 | - | - |" in text
    assert "| CPU, 1 M series | 1,100 | ns |" in text
    assert "Not measured yet." in text


def test_the_plot_is_an_image_with_a_mark_a_row() -> None:
    root = ElementTree.fromstring(growth_plot(GROWTH))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == len(GROWTH)
    assert ElementTree.fromstring(growth_plot([])) is not None


if __name__ == "__main__":
    write_document(DOCUMENT, {})
