"""Own topic patterns: which topics they take, what they subscribe to, and where such a topic leads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.patterns import Pattern, overlaps, path_slip, syntax_slip
from connectors.codecs.topics import Grammar, Misrouted, Route

LEVELS = ("site", "line", "unit")


def route(pattern: str, family: str, topic: str) -> Route | Misrouted:
    return Grammar(LEVELS, frozenset({"own"}), (Pattern(pattern, family),)).route(topic)


@pytest.mark.parametrize(
    "pattern, family, topic, expected",
    [
        ("f/{site}/{line}/{unit}/t", "telegraf", "f/dairy/l1/u/t", ("dairy/l1", "u", ("dairy", "l1", "u"))),
        ("f/{unit}/{site}/{line}", "influx", "f/u/dairy/l1", ("dairy/l1", "u", ("dairy", "l1", "u"))),
        ("f/+/{line}/#", "telegraf", "f/x y/l1/any/thing", ("", "", ("", "l1", ""))),
        ("f/+/{line}/#", "telegraf", "f//l1", ("", "", ("", "l1", ""))),
        ("#", "telegraf", "a", ("", "", ("", "", ""))),
        ("/{site}/{line}", "telegraf", "/dairy/l1", ("dairy/l1", "", ("dairy", "l1", ""))),
        ("a.c/{site}/{line}", "influx", "a.c/sữa/l1", ("sữa/l1", "", ("sữa", "l1", ""))),
        ("f/{site}/{line}", "own", "f/dairy/l1", ("dairy/l1", "", ())),
        ("f/{site}/{line}/{unit}/{metric}", "own", "f/dairy/l1/u/temp", ("dairy/l1", "", ("u", "temp"))),
        ("{site}/{line}/{metric}", "umh", "dairy/l1/temp", ("dairy/l1", "", ("temp", "temp"))),
        ("umh/v1/{site}/{line}/_raw/{metric}", "own", "umh/v1/dairy/l1/_raw/temp", ("dairy/l1", "", ("temp",))),
    ],
)
def test_captures_give_the_levels(pattern: str, family: str, topic: str, expected: tuple[object, ...]) -> None:
    found = route(pattern, family, topic)
    assert isinstance(found, Route)
    assert (found.family, *found[1:]) == (family, *expected)


@pytest.mark.parametrize(
    "pattern, topic",
    [
        ("f/{site}/{line}/t", "f/dairy/t"),
        ("f/{site}/{line}/t", "f/dairy/l1/t/more"),
        ("f/{site}/{line}/t", "f/dairy/l1/T"),
        ("f/{site}/{line}/t", "f//l1/t"),
        ("f/{site}/{line}/t", "f/dairy/_l1/t"),
        ("a.c/{site}/{line}", "abc/dairy/l1"),
        ("f/{line}/#", "fl1"),
    ],
)
def test_a_topic_of_another_form_or_with_an_illegal_name_leads_nowhere(pattern: str, topic: str) -> None:
    found = route(pattern, "telegraf", topic)
    assert isinstance(found, Misrouted)
    assert found.code == "bad_topic"


def test_topics_of_a_family_that_is_on_are_read_by_it_whatever_matches() -> None:
    found = route("{site}/{line}/#", "telegraf", "parkpulse/v1/data/dairy/l1/u")
    assert isinstance(found, Route)
    assert (found.family, found.line) == ("own", "dairy/l1")


@pytest.mark.parametrize(
    "text, said",
    [
        ("$share/a/{line}", "begin with '$'"),
        ("a/#/{line}", "'#' before the end"),
        ("a/b+", "unreadable level 'b+'"),
        ("a/l-{line}", "unreadable level"),
        ("a/{line", "unreadable level"),
        ("a/\n", "unreadable level"),
        ("{line}/{line}", "two captures 'line'"),
    ],
)
def test_what_is_no_pattern_is_told(text: str, said: str) -> None:
    assert said in syntax_slip(text)


@pytest.mark.parametrize(
    "text, family, said",
    [
        ("{sit}/{line}", "telegraf", "unknown capture 'sit'; known captures: line, site, unit; did you mean 'site'?"),
        ("{metric}", "influx", "unknown capture 'metric'"),
        ("{line}/{metric}", "own", "gives no path; got no {site}; expected captures of all levels down to the line"),
        ("{site}/{line}", "umh", "gives no path; got no {metric}"),
        ("#", "telegraf", ""),
        ("{line}", "influx", ""),
        ("{site}/{line}", "own", ""),
    ],
)
def test_a_pattern_that_can_give_no_path_is_told(text: str, family: str, said: str) -> None:
    slip = path_slip(text, family, LEVELS)
    assert slip.startswith(said) if said else slip == ""


levels = st.sampled_from(["a", "b", "", "{line}", "{unit}", "+"])
patterns = st.builds(
    lambda parts, rest: "/".join([*parts, *rest]),
    st.lists(levels, min_size=1, max_size=4),
    st.sampled_from([[], ["#"]]),
).filter(lambda text: not syntax_slip(text))
topics = st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=5).map("/".join)


def mqtt_matches(name: str, topic: str) -> bool:
    """MQTT 5, 4.7.1, level by level; a capture wants at least one character."""
    wanted, found = name.split("/"), topic.split("/")
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(found) or (level != found[i] and level != "+"):
            return False
    return len(wanted) == len(found)


@given(patterns, topics)
def test_a_pattern_takes_what_its_filter_brings_but_empty_captures(text: str, topic: str) -> None:
    pattern = Pattern(text, "telegraf")
    captured = pattern.captures(topic)
    pairs = zip(text.split("/"), topic.split("/"), strict=False)
    has_empty = any(level.startswith("{") and found == "" for level, found in pairs)
    assert (captured is not None) == (mqtt_matches(pattern.filter, topic) and not has_empty)


@given(patterns, patterns, topics)
def test_filters_that_both_bring_a_topic_overlap(one: str, other: str, topic: str) -> None:
    first, second = Pattern(one, "own").filter, Pattern(other, "own").filter
    if mqtt_matches(first, topic) and mqtt_matches(second, topic):
        assert overlaps(first, second)
        assert overlaps(second, first)


@pytest.mark.parametrize("one, other", [("a/+/c", "a/b/d"), ("a", "a/b"), ("a/b/#", "a/c/#"), ("a/+", "a")])
def test_filters_without_a_common_topic_do_not_overlap(one: str, other: str) -> None:
    assert not overlaps(one, other)
    assert not overlaps(other, one)
