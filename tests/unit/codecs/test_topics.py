"""The topic grammar: which topics lead where, and what is said about those that lead nowhere."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.topics import Grammar, Misrouted, Route, legal_name
from pipeline.core.errors import ConfigError

GRAMMAR = Grammar(("site", "line", "unit"))
OWN = "parkpulse/v1/data/"


@pytest.mark.parametrize(
    "topic, route",
    [
        (OWN + "dairy/l1", Route("own", "dairy/l1", "", ())),
        (OWN + "dairy/l1/filler", Route("own", "dairy/l1", "", ("filler",))),
        (OWN + "dairy/l1/filler/temp", Route("own", "dairy/l1", "", ("filler", "temp"))),
        (OWN + "Nhà máy/l1".replace(" ", "-"), Route("own", "Nhà-máy/l1", "", ())),
        ("umh/v1/dairy/l1/_raw/temp", Route("umh", "dairy/l1", "", ("temp", "temp"))),
        ("umh/v1/dairy/l1/filler/_raw/axis/x/temp", Route("umh", "dairy/l1", "filler", ("axis.x.temp", "temp"))),
    ],
)
def test_a_topic_of_a_family_leads_to_its_line(topic: str, route: Route) -> None:
    assert GRAMMAR.route(topic) == route
    assert GRAMMAR.route(topic) == route  # remembered


@pytest.mark.parametrize(
    "topic, code, line",
    [
        ("", "bad_topic", ""),
        ("parkpulse/v1/alerts/dairy/l1", "bad_topic", ""),
        (OWN, "bad_topic", ""),
        (OWN + "dairy", "bad_path", ""),
        (OWN + "dairy/l1/filler/temp/deep", "bad_path", "dairy/l1"),
        (OWN + "dairy//filler", "bad_topic", ""),
        (OWN + "dairy/l1/", "bad_topic", ""),
        (OWN + "dairy/l1/+", "bad_topic", ""),
        (OWN + "dairy/#", "bad_topic", ""),
        (OWN + "dairy/l1/$SYS", "bad_topic", ""),
        ("$SYS/broker/load", "bad_topic", ""),
        (OWN + "dairy/l1\x00", "bad_topic", ""),
        (OWN + "dairy/l1\n", "bad_topic", ""),
        (OWN + "dairy/l1\ud800", "bad_topic", ""),
        (OWN + "dairy/_l1", "bad_topic", ""),
        (OWN + "dairy/l 1", "bad_topic", ""),
        (OWN + "dairy/" + "x" * 65, "bad_topic", ""),
        (OWN + "dairy/" + "x/" * 600, "bad_topic", ""),
        ("umh/v1/dairy/l1/temp", "bad_topic", ""),
        ("umh/v1/dairy/l1/_raw", "bad_topic", ""),
        ("umh/v1/_raw/temp", "bad_topic", ""),
        ("umh/v1/dairy/_raw/temp", "bad_path", ""),
        ("umh/v1/dairy/l1/filler/part/_raw/temp", "bad_path", ""),
        ("umh/v1/dairy/l1/_raw/" + "x" * 40 + "/" + "y" * 40, "bad_path", "dairy/l1"),
    ],
)
def test_a_topic_that_leads_nowhere_says_why(topic: str, code: str, line: str) -> None:
    found = GRAMMAR.route(topic)
    assert isinstance(found, Misrouted)
    assert (found.code, found.line) == (code, line)
    assert found.sentence.isascii()


def test_a_family_that_is_switched_off_is_named() -> None:
    found = Grammar(("site", "line", "unit"), frozenset({"own"})).route("umh/v1/dairy/l1/_raw/temp")
    assert isinstance(found, Misrouted)
    assert found.code == "bad_topic"
    assert "'umh' is switched off" in found.sentence


def test_fewer_than_a_line_and_a_unit_is_a_slip_of_the_configuration() -> None:
    with pytest.raises(ConfigError):
        Grammar(("unit",))


@pytest.mark.parametrize("name", ["Đường-ống", "nhiệt_độ", "ห้อง1", "a", "x" * 64, "1.2-3"])
def test_letters_of_any_script_make_a_name_in_either_normal_form(name: str) -> None:
    assert legal_name(name) == unicodedata.normalize("NFC", name)
    assert legal_name(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", ["", "_a", "a b", "a/b", "x" * 65, "\u0301a", "1\u0301", "a\u200d", "a\n", "½", "€"])
def test_what_is_no_letter_digit_or_joiner_makes_no_name(name: str) -> None:
    assert legal_name(name) is None


@given(st.text())
def test_any_topic_is_routed_or_refused_without_raising(text: str) -> None:
    for topic in (text, OWN + text, "umh/v1/" + text):
        assert isinstance(GRAMMAR.route(topic), Route | Misrouted)


@given(st.text(max_size=70))
def test_a_legal_name_is_a_fixed_point(text: str) -> None:
    name = legal_name(text)
    assert name is None or legal_name(name) == name
