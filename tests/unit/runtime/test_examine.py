"""Looks at the world: in order, in time, and none of them takes another along."""

import doctest
import threading
from collections.abc import Iterator

import pipeline.core.finding
from pipeline.core.errors import ConfigError, Unavailable
from pipeline.core.finding import Check, Finding, phrase
from pipeline.runtime.examine import examine

RIGHT = Finding("here", phrase("opens"))


def found(*checks: Check) -> list[Finding]:
    return list(examine(checks, lambda _: None))


def fails(error: Exception) -> Check:
    def look() -> Iterator[Finding]:
        yield RIGHT
        raise error

    return Check("h:1", look)


def said(finding: Finding) -> tuple[str, str]:
    return str(finding.what), str(finding.cure)


def test_findings_come_in_the_order_of_the_looks_whichever_is_the_quicker() -> None:
    second_is_done = threading.Event()

    def slow() -> Iterator[Finding]:
        assert second_is_done.wait(10)
        yield Finding("first", phrase("opens"))

    def quick() -> Iterator[Finding]:
        yield Finding("second", phrase("opens"))
        second_is_done.set()

    places: list[str] = []
    checks = [Check("a", slow), Check("b", quick)]
    assert [finding.place for finding in examine(checks, places.append)] == ["first", "second"]
    assert places == ["a", "b"]


def test_what_is_away_is_one_finding_and_keeps_none_from_being_taken() -> None:
    first, away, last = found(
        fails(Unavailable("store: h:1: nothing answers there; start it")), Check("x", lambda: [RIGHT])
    )
    assert (first, last) == (RIGHT, RIGHT)
    assert (away.ok, away.place, said(away)) == (False, "h:1", ("nothing answers there", "start it"))


def test_whatever_a_look_raises_has_a_cure() -> None:
    for error, expected in [
        (ConfigError("no certificate"), ("no certificate", "correct it in park.toml")),
        (PermissionError(13, "x"), ("permission denied (EACCES)", "mend it and look again")),
        (KeyError("x"), ("the look itself failed: KeyError('x')", "report this")),
    ]:
        assert said(found(fails(error))[1]) == expected


def test_a_look_that_hangs_is_given_up_in_time_and_what_it_found_stays() -> None:
    hangs = threading.Event()

    def look() -> Iterator[Finding]:
        yield RIGHT
        hangs.wait(30)

    first, late, last = found(Check("h:1", look, 0.2), Check("x", lambda: [RIGHT]))
    hangs.set()
    assert (first, last) == (RIGHT, RIGHT)
    assert (late.ok, str(late.what)) == (False, "no answer within 0:00:00.200000")


def test_the_examples_in_the_docstring_are_true() -> None:
    assert doctest.testmod(pipeline.core.finding).failed == 0
