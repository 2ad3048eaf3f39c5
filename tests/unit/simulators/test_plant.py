"""The plant as a sender: same bytes for the same seed, however asked; and wrong on purpose exactly as it says."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.lines.dairy_filling import DairyFilling
from simulators.plant import Plant
from tests.unit.simulators.wire_reader import read_message, read_rows, series

START = 1_780_000_000_123
MINUTE = 60_000
CELL = 100


def plant(seed: int = 7, start: int = START) -> Plant:
    return Plant([DairyFilling()], seed, start)


def cut(of: Plant, cuts: list[int]) -> list[tuple[str, bytes]]:
    edges = [of.start_ms, *(of.start_ms + at for at in sorted(cuts)), of.start_ms + MINUTE]
    return [message for t0, t1 in pairwise(edges) for message in of.messages(t0, t1)]


WHOLE = plant().messages(START, START + MINUTE)


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    assert plant().messages(START, START + MINUTE) == WHOLE


def test_another_seed_gives_another_run() -> None:
    assert plant(8).messages(START, START + MINUTE) != WHOLE


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, MINUTE), max_size=20))
def test_any_cut_into_ticks_gives_the_same_messages_and_counts(cuts: list[int]) -> None:
    whole, pieces = plant(), plant()
    whole.messages(START, START + MINUTE)
    assert cut(pieces, cuts) == WHOLE
    assert (pieces.sent, pieces.expected, pieces.faults) == (whole.sent, whole.expected, whole.faults)


def test_a_gap_between_two_calls_is_refused() -> None:
    with pytest.raises(ValueError, match="go on from there"):
        plant().messages(START + 1, START + 2)


def test_two_lines_send_side_by_side_and_each_as_if_alone_in_kind() -> None:
    second = DairyFilling("becamex/park-01/vinamilk-style/dairy/filling/line-2")
    both = Plant([DairyFilling(), second], 7, START)
    messages = both.messages(START, START + MINUTE)
    assert [m for m in messages if "/line-1" in m[0]] == WHOLE
    assert set(both.truth) == {DairyFilling().path, second.path}


@pytest.mark.parametrize("seed", range(20))
def test_the_first_minute_is_rich_enough_for_any_seed(seed: int) -> None:
    of = plant(seed, START + 977 * seed)
    messages = of.messages(of.start_ms, of.start_ms + MINUTE)
    transitions = [t for t, _ in series(messages, "state")]
    assert len(transitions) >= 20
    assert 60 * 60 <= len(list(read_rows(messages))) <= 60 * 100
    assert of.expected["duplicate"] >= of.sent / 100
    assert of.expected["expired"] >= 10
    assert of.expected["rejected"] >= 10
    assert of.expected["corrected"] == 0


def test_sent_and_expected_are_what_a_reader_of_the_wire_counts() -> None:
    of = plant()
    newest, seen = 0, Counter[tuple[str, int]]()
    late = unreadable = repeats = 0
    for tick in range(START, START + MINUTE, CELL):
        for topic, body in of.messages(tick, tick + CELL):
            rows = read_message(body, topic)
            unreadable += not rows
            late += sum(t < newest - 6000 for _, t, _ in rows)
            repeats += sum(seen[name, t] > 0 for name, t, _ in rows)
            seen.update((name, t) for name, t, _ in rows)
            newest = max(newest, *(t for _, t, _ in rows), newest)
    assert of.expected == {"duplicate": repeats, "expired": late, "corrected": 0, "rejected": unreadable}
    assert of.sent == len(seen) + unreadable


def test_what_is_neither_late_on_purpose_nor_on_time_does_not_exist() -> None:
    of = plant()
    for tick in range(START, START + MINUTE, CELL):
        for topic, body in of.messages(tick, tick + CELL):
            for name, t, _ in read_message(body, topic):
                age = tick + CELL - t
                assert age <= 1000 or (age > 6000 and name in DairyFilling.sturdy)
                assert age <= CELL or name in DairyFilling.physical


def test_a_repeat_says_the_same_as_the_first() -> None:
    values: dict[tuple[str, int], object] = {}
    for name, t, value in read_rows(WHOLE):
        assert values.setdefault((name, t), value) == value


def test_states_are_said_again_at_least_every_ten_seconds_even_in_calm_times() -> None:
    of = plant()
    messages = of.messages(START, START + 5 * MINUTE)
    for metric in ("state", "mode"):
        assert max(np.diff([t for t, _ in series(messages, metric)])) <= 10_000


def test_mischief_and_faults_come_back_after_ten_minutes() -> None:
    of = plant()
    of.messages(START, START + 10 * MINUTE)
    before, faults = of.expected, len(of.faults)
    of.messages(of.now_ms, of.now_ms + MINUTE)
    assert of.expected["expired"] - before["expired"] >= 10
    assert of.expected["rejected"] - before["rejected"] >= 10
    assert (faults, len(of.faults)) == (3, 6)
