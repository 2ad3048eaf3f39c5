"""How long a client stays away, and when it says that another has its name."""

import doctest
from random import Random

from hypothesis import given
from hypothesis import strategies as st

import connectors.mqtt.back_off
from connectors.mqtt.back_off import CALM, MANY, MOST_S, NEW_MOST_S, RIVALLED_FIRST_S, RIVALLED_MOST_S, SOON_S, BackOff

TRIED = st.one_of(st.none(), st.tuples(st.floats(0, 1e6), st.booleans()))


@given(st.lists(TRIED, max_size=40))
def test_it_never_stays_away_longer_than_it_should_and_longest_only_from_a_rival(
    tried: list[tuple[float, bool] | None],
) -> None:
    back_off = BackOff()
    for connection in tried:
        if connection is None:
            back_off.failed()
        else:
            back_off.ended(*connection)
            assert back_off.is_rivalled or not connection[1]
        least = RIVALLED_FIRST_S if back_off.is_rivalled else 0.1
        assert least <= back_off.delay <= (RIVALLED_MOST_S if back_off.is_rivalled else MOST_S)


@given(st.integers(0, 1 << 32), st.booleans())
def test_two_that_expel_each_other_both_say_so_soon_and_go_on_saying_so_while_they_take_turns(
    seed: int, is_told: bool
) -> None:
    """One stands; the other comes back when its delay is over and expels it."""
    chance, pair, standing, began, now, losses = Random(seed), (BackOff(), BackOff()), 0, 0.0, 0.0, 0
    comes = 0.0
    while now < 7_200:
        now = comes
        expelled = pair[standing]
        expelled.ended(now - began, is_told)
        losses += 1
        comes = now + expelled.delay * chance.uniform(0.5, 1.0)
        standing, began = 1 - standing, now
        if now > 120:
            pair[standing].stands(comes - began)
            assert pair[0].is_rivalled
            assert pair[1].is_rivalled
    assert losses < 2 * MANY + 7_200 / (RIVALLED_MOST_S / 2) + 20


def test_a_broker_that_is_away_or_a_line_that_breaks_now_and_then_is_no_rival() -> None:
    away, breaking, both = BackOff(), BackOff(), BackOff()
    away.stands(0.0)
    for _ in range(50):
        away.failed()
        breaking.ended(SOON_S, taken_over=False)
        both.ended(1.0, taken_over=False)
        both.failed()
    assert not any(back_off.is_rivalled for back_off in (away, breaking, both))
    assert (away.delay, breaking.delay) == (MOST_S, 0.1)


def test_who_was_never_connected_comes_back_soon_for_no_session_keeps_anything_for_it_yet() -> None:
    back_off = BackOff()
    for _ in range(50):
        back_off.failed()
        assert back_off.delay <= NEW_MOST_S
    back_off.ended(SOON_S, taken_over=False)
    for _ in range(50):
        back_off.failed()
    assert back_off.delay == MOST_S


def test_a_rival_that_is_gone_is_forgotten_once_a_connection_stands() -> None:
    back_off = BackOff()
    back_off.ended(1.0, taken_over=True)
    back_off.stands(CALM * back_off.delay)
    assert back_off.is_rivalled
    back_off.stands(CALM * back_off.delay + 1)
    assert (back_off.is_rivalled, back_off.delay) == (False, 0.0)


def test_the_examples_in_the_docstring_are_true() -> None:
    assert doctest.testmod(connectors.mqtt.back_off).failed == 0
