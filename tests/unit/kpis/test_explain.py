"""`parkpulse explain`: every kind in a list, every KPI by formula, elements, source and an example worked out."""

from dataclasses import replace

import polars as pl
import pytest

from pipeline.cli.app import run
from pipeline.cli.explain import every_kind, explanation
from pipeline.core.kpi import Kpi
from pipeline.steps.kpis import known_kpis
from pipeline.view.explain_words import ELEMENTS, EXAMPLE, EXPLAIN_WORDS, KINDS_VI
from pipeline.view.explained import kpi_text, worked
from pipeline.view.lists import LISTS
from pipeline.view.words import Words

EN = Words("en")
KPIS = pytest.mark.parametrize("kpi", known_kpis(), ids=lambda kpi: kpi.id)
LANGUAGES = pytest.mark.parametrize("language", ["en", "vi"])
Captured = pytest.CaptureFixture[str]


@KPIS
@LANGUAGES
def test_a_kpi_is_told_by_names_formula_elements_unit_range_and_source(kpi: Kpi, language: str) -> None:
    text = explanation(kpi.id, language)
    for told in (kpi.name_en, kpi.name_vi, kpi.description_vi if language == "vi" else kpi.description):
        assert told in text
    for element in kpi.needs:
        assert Words(language).element(element) in text
    assert text.endswith("%)\n" if kpi.unit == "ratio" else "\n")
    assert language == "vi" or kpi.source in text


@KPIS
def test_the_example_is_worked_out_by_the_formula_itself(kpi: Kpi) -> None:
    assert worked(kpi, EXAMPLE) is not None
    other = replace(kpi, formula=kpi.formula + 1.0)
    value, more = worked(kpi, EXAMPLE), worked(other, EXAMPLE)
    assert value is not None
    assert more == value + 1
    assert kpi_text(other, EN) != kpi_text(kpi, EN)


def test_the_elements_of_the_example_sum_to_planned_busy_time() -> None:
    parts = ("apt_ms", "aust_ms", "adet_ms", "adot_ms", "unclassified_ms")
    assert sum(EXAMPLE[name] for name in parts) == EXAMPLE["pbt_ms"]
    assert EXAMPLE["gq"] + EXAMPLE["sq"] + EXAMPLE["rq"] == EXAMPLE["pq"]
    assert EXAMPLE.keys() == ELEMENTS.keys()


def test_oee_of_the_example_is_that_of_the_standards_worked_vector(capsys: Captured) -> None:
    assert run(["explain", "oee"]) == 0
    shown = capsys.readouterr().out
    assert "  oee = 0.808333 (80.8 %)\n" in shown
    assert "source    ISO 22400-2, OEE index\n" in shown
    assert run(["explain", "oee", "--lang", "vi"]) == 0
    assert "  oee = 0,808333 (80,8 %)\n" in capsys.readouterr().out


def test_an_undefined_example_is_a_dash_and_one_that_lacks_an_element_is_left_out() -> None:
    oee = next(kpi for kpi in known_kpis() if kpi.id == "oee")
    nothing = replace(oee, formula=pl.when(pl.col("pq") < 0).then(pl.col("gq")))
    assert kpi_text(nothing, EN).endswith("  oee = -\n")
    assert "example" not in kpi_text(replace(oee, formula=pl.col("steam_kg")), EN)


@LANGUAGES
def test_without_a_kind_every_kind_is_listed_with_a_sentence(language: str) -> None:
    rows = [line.split(maxsplit=1) for line in every_kind(language).splitlines() if line.startswith("  ")]
    kinds = [kind for kind, _ in rows]
    assert kinds == ["line", "pack", "park", "limit", "score", "silence", *LISTS, *(kpi.id for kpi in known_kpis())]
    for kind, text in rows:
        assert text.endswith(".")
        assert explanation(kind, language)
    assert language == "en" or {*kinds} == {*KINDS_VI, *LISTS, *(kpi.id for kpi in known_kpis())}


def test_a_kind_or_language_that_nobody_knows_is_one_line_with_the_nearest(capsys: Captured) -> None:
    assert run(["explain", "oe"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("did you mean 'oee'?")
    assert run(["explain", "oee", "--lang", "fr"]) == 2
    assert capsys.readouterr().err == "--lang: unknown language 'fr'; expected vi or en\n"


def test_every_text_is_there_in_both_languages() -> None:
    assert all(en and vi for en, vi in [*EXPLAIN_WORDS.values(), *ELEMENTS.values()])
