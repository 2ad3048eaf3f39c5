"""The plant as a sender: same bytes for the same seed, however asked; and wrong on purpose exactly as it says."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.hours import Hours, Shift
from simulators.plant import Line, Plant
from tests.bundled import LINES, name_of
from tests.unit.simulators.wire_reader import read_rows, series
from tests.wire import Message, rows_of

START = 1_780_000_000_123
MINUTE = 60_000
CELL = 100


each_line = pytest.mark.parametrize("line", LINES, ids=name_of)


def plant(seed: int = 7, start: int = START) -> Plant:
    return Plant(LINES, seed, start)


def alone(line: Line, seed: int = 7, start: int = START) -> Plant:
    return Plant([line], seed, start)


def cut(of: Plant, cuts: list[int]) -> list[Message]:
    edges = [of.start_ms, *(of.start_ms + at for at in sorted(cuts)), of.start_ms + MINUTE]
    return [message for t0, t1 in pairwise(edges) for message in of.messages(t0, t1)]


WHOLE = plant().messages(START, START + MINUTE)


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    assert plant().messages(START, START + MINUTE) == WHOLE


def test_another_seed_gives_another_run() -> None:
    assert plant(8).messages(START, START + MINUTE) != WHOLE


@settings(max_examples=8)
@given(st.lists(st.integers(0, MINUTE), max_size=20))
def test_any_cut_into_ticks_gives_the_same_messages_and_counts(cuts: list[int]) -> None:
    whole, pieces = plant(), plant()
    whole.messages(START, START + MINUTE)
    assert cut(pieces, cuts) == WHOLE
    assert (pieces.sent, pieces.expected, pieces.faults) == (whole.sent, whole.expected, whole.faults)


def test_a_break_begins_and_ends_the_same_however_time_is_cut() -> None:
    hours = Hours("UTC", (Shift(20 * 60, 22 * 60, ((20 * 60 + 27, 20 * 60 + 29),)),))  # the run begins at 20:26:40
    whole, pieces = (Plant(LINES, 7, START, hours) for _ in range(2))
    edges = [*range(START, START + 3 * MINUTE, 7_777), START + 3 * MINUTE]
    sent = [message for t0, t1 in pairwise(edges) for message in pieces.messages(t0, t1)]
    assert whole.messages(START, START + 3 * MINUTE) == sent
    assert {row.v for row in read_rows(sent) if row.metric == "stop_reason"} >= {"time_off", "none"}


def test_a_gap_between_two_calls_is_refused() -> None:
    with pytest.raises(ValueError, match="go on from there"):
        plant().messages(START + 1, START + 2)


@each_line
def test_a_line_sends_as_if_alone(line: Line) -> None:
    own = alone(line).messages(START, START + MINUTE)
    assert own
    assert [message for message in WHOLE if message in set(own)] == own


@each_line
@pytest.mark.parametrize("seed", range(5))
def test_the_first_minute_is_rich_enough_for_any_seed(line: Line, seed: int) -> None:
    of = alone(line, seed, START + 977 * seed)
    messages = of.messages(of.start_ms, of.start_ms + MINUTE)
    changes = [
        a
        for unit in line.units
        for a in pairwise(series(messages, "state", f"{line.path}/{unit}"))
        if a[0][1] != a[1][1]
    ]
    assert len(changes) >= 20 or not line.pace_unit
    assert 60 * 10 <= len(list(read_rows(messages))) <= 60 * 100
    assert of.expected["duplicate"] >= of.sent / 100
    assert of.expected["corrected"] >= 10
    assert of.expected["rejected"] >= 10
    assert of.expected["expired"] == 0


@each_line
def test_sent_and_expected_are_what_a_reader_of_the_wire_counts(line: Line) -> None:
    of = alone(line)
    seen = Counter[tuple[str, str, int]]()
    late = unreadable = repeats = 0
    for tick in range(START, START + MINUTE, CELL):
        for message in of.messages(tick, tick + CELL):
            rows = rows_of(message)
            unreadable += not rows
            late += sum(row.t < tick - 6000 for row in rows)
            repeats += sum(seen[row[:3]] > 0 for row in rows)
            seen.update(row[:3] for row in rows)
    assert of.expected == {"duplicate": repeats, "expired": 0, "corrected": late, "rejected": unreadable}
    assert of.sent == len(seen) + unreadable


@each_line
def test_what_is_neither_late_on_purpose_nor_on_time_does_not_exist(line: Line) -> None:
    of = alone(line)
    for tick in range(START, START + MINUTE, CELL):
        for message in of.messages(tick, tick + CELL):
            for row in rows_of(message):
                age = tick + CELL - row.t
                assert age <= 1000 or (age > 6000 and row.metric in line.sturdy)
                assert age <= CELL or row.metric in line.physical


def test_a_repeat_says_the_same_as_the_first() -> None:
    values: dict[tuple[str, str, int], object] = {}
    for row in read_rows(WHOLE):
        assert values.setdefault(row[:3], row.v) == row.v


@each_line
def test_states_are_said_again_at_least_every_ten_seconds_even_in_calm_times(line: Line) -> None:
    messages = alone(line).messages(START, START + 5 * MINUTE)
    for unit in line.units if line.pace_unit else ():
        for metric in ("state", "mode", "stop_reason"):
            assert max(np.diff([t for t, _ in series(messages, metric, f"{line.path}/{unit}")])) <= 10_000


def test_mischief_and_faults_come_back_after_ten_minutes() -> None:
    of = plant()
    of.messages(START, START + 10 * MINUTE)
    before, faults = of.expected, len(of.faults)
    of.messages(of.now_ms, of.now_ms + MINUTE)
    assert of.expected["corrected"] - before["corrected"] >= 10 * len(LINES)
    assert of.expected["rejected"] - before["rejected"] >= 10 * len(LINES)
    assert (faults, len(of.faults)) == (3 * len(LINES), 6 * len(LINES))
