"""What `doctor` says, in both languages: every phrase of every look has its Vietnamese row."""

import ast
import doctest
import re

import pipeline.view.findings
from pipeline.core.errors import Unavailable
from pipeline.core.finding import Finding, phrase, trouble
from pipeline.view.finding_words import FINDINGS_VI
from pipeline.view.findings import finding_line
from pipeline.view.words import Words
from tests.unit.view.test_sentences import calls


def phrases() -> set[str]:
    """Every phrase that the product makes: `phrase` of a text."""
    first = {call.args[0] for call in calls("phrase")}
    return {node.value for node in first if isinstance(node, ast.Constant)} - {"{0}"}


def test_every_phrase_has_a_vietnamese_row_and_every_row_a_phrase() -> None:
    shared = {"is made at the first start"}  # a constant
    assert phrases() | shared == FINDINGS_VI.keys()


def test_a_row_keeps_all_that_changes() -> None:
    for english, vietnamese in FINDINGS_VI.items():
        assert sorted(re.findall(r"{\d}", english)) == sorted(re.findall(r"{\d}", vietnamese)), english


def test_a_line_has_mark_place_what_and_cure() -> None:
    found = Finding("samples.v1", phrase("it has {0} partitions; log.partitions is {1}", 3, 12), phrase("report this"))
    assert (
        finding_line(found, Words("en")) == "WRONG  samples.v1: it has 3 partitions; log.partitions is 12; report this"
    )
    assert finding_line(found, Words("vi")).startswith(
        "LỖI    samples.v1: có 3 phân vùng; log.partitions là 12; hãy báo"
    )


def test_what_others_say_is_translated_as_far_as_it_is_known_and_harms_no_terminal() -> None:
    error = Unavailable("store: h: nothing answers there; start InfluxDB, or correct store.url")
    assert "không có gì trả lời ở đó; hãy chạy InfluxDB" in finding_line(trouble("h", error, phrase("x")), Words("vi"))
    assert "\x1b" not in finding_line(Finding("h", phrase("{0}", "\x1b[2J")), Words("en"))


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(pipeline.view.findings).failed == 0
