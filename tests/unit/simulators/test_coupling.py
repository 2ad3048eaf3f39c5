"""Machines in series: a stop travels through the buffers, nothing is made or lost, and no cut of time changes it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.coupling import AROUND_MS, LACK, TAILBACK, TIME_OFF, Machine, Series
from simulators.hours import Hours, Shift
from simulators.truth import StateInterval

START = 1_780_000_000_123  # 20:26:40 UTC
SECOND = 1000
NO_STOP = (10**9, 10**9)
PAUSED = Hours("UTC", (Shift(20 * 60, 22 * 60, ((20 * 60 + 28, 20 * 60 + 31),)),))
PAUSE, AGAIN = PAUSED.rest_after(START) or (0, 0)
NEIGHBOUR = {LACK: -1, TAILBACK: 1}

machines = st.builds(
    Machine,
    cycle_ms=st.integers(50, 3000),
    slower=st.floats(0, 0.2),
    stops=st.sampled_from([("hold",), ("hold", "stop"), ("changeover", "hold", "suspend", "stop")]),
    brisk_ms=st.sampled_from([(2000, 5000), (4000, 20_000)]),
    calm_ms=st.just((20_000, 50_000)),
    buffer=st.integers(1, 20),
)
rows = st.lists(machines, min_size=2, max_size=4)


def steady(cycle_ms: int, buffer: int = 0) -> Machine:
    return Machine(cycle_ms, 0.0, ("hold",), NO_STOP, NO_STOP, buffer)


def run(row: list[Machine], seconds: int, seed: int = 1, hours: Hours | None = None) -> list[Series]:
    """The series after each second, the first one as it begins."""
    found = [Series.begin(row, START, np.random.default_rng([seed, 0]), hours)]
    for second in range(seconds):
        t0 = START + second * SECOND
        found.append(found[-1].step(t0, t0 + SECOND, np.random.default_rng([seed, second + 1])))
    return found


def states(of: list[Series], place: int) -> list[StateInterval]:
    return [piece for series in of for piece in series.stations[place].pieces]


def done(of: list[Series], place: int) -> list[int]:
    return [t for series in of for t in series.stations[place].done]


@settings(max_examples=25)
@given(rows, st.integers(0, 1000))
def test_material_is_neither_made_nor_lost_and_buffers_never_overflow(row: list[Machine], seed: int) -> None:
    of = run(row, 60, seed)
    for place, (machine, stocks) in enumerate(zip(row[:-1], zip(*(s.stock for s in of), strict=True), strict=True)):
        assert all(0 <= stock <= machine.buffer for stock in stocks)
        loaded = of[-1].stations[place + 1].loaded - of[0].stations[place + 1].loaded
        taken = len(done(of, place + 1)) + loaded
        assert stocks[-1] - stocks[0] == len(done(of, place)) - taken


@settings(max_examples=25)
@given(rows, st.integers(0, 1000), st.sampled_from([(60, None), (300, PAUSED)]))
def test_states_follow_without_a_gap_and_change_off_whole_seconds(
    row: list[Machine], seed: int, length: tuple[int, Hours | None]
) -> None:
    of = run(row, length[0], seed, length[1])
    for place in range(len(row)):
        pieces = states(of, place)
        assert pieces[0].from_ms == START
        assert pieces[-1].to_ms == START + length[0] * SECOND
        assert all(a.to_ms == b.from_ms for a, b in pairwise(pieces))
        assert all(a.to_ms % 1000 for a, b in pairwise(pieces) if a[2:] != b[2:])
        for t in done(of, place):
            assert next(s.state for s in pieces if s.from_ms <= t < s.to_ms) == "execute"


@settings(max_examples=25)
@given(rows, st.integers(0, 1000))
def test_a_machine_stands_for_a_neighbour_only_where_it_has_one_and_with_that_reason(
    row: list[Machine], seed: int
) -> None:
    of = run(row, 60, seed)
    for place in range(len(row)):
        for piece in states(of, place):
            assert (piece.state == "execute") == (piece.reason == "")
            assert piece.reason not in NEIGHBOUR or 0 <= place + NEIGHBOUR[piece.reason] < len(row)
            assert piece.reason not in NEIGHBOUR or piece.state in ("suspending", "suspended", "unsuspending")


def test_a_stop_in_the_middle_travels_down_as_lack_and_up_as_tailback() -> None:
    stopping = Machine(500, 0.0, ("stop",), (5000, 5000), (5000, 5000), buffer=1)
    of = run([steady(480, buffer=1), stopping, steady(480)], 60)
    assert {piece.reason for piece in states(of, 0)} == {"", TAILBACK}
    assert {piece.reason for piece in states(of, 2)} == {"", LACK}
    own = [piece for piece in states(of, 1) if piece.reason == "stop"]
    starved = [piece for piece in states(of, 2) if piece.state == "suspended"]
    assert any(a.from_ms < b.from_ms < a.to_ms + 5000 for a in own for b in starved)


@pytest.mark.parametrize("places", [2, 8])
def test_a_larger_buffer_lets_a_stop_travel_later(places: int) -> None:
    """The last machine never runs: how long its neighbour goes on is a matter of places alone."""
    of = run([steady(500, buffer=places), Machine(500, 0.0, ("stop",), (1, 1), (1, 1))], 20)
    blocked = next(piece.from_ms for piece in states(of, 0) if piece.reason == TAILBACK)
    stopped = next(piece.from_ms for piece in states(of, 1) if piece.reason == "stop")
    assert blocked - stopped >= 500 * (places - places // 4 - 1)


def test_a_slow_machine_sets_the_pace_of_all_and_they_wait_for_it() -> None:
    of = run([steady(100, buffer=4), steady(400, buffer=4), steady(100)], 120)
    made = [len(done(of, place)) for place in range(3)]
    assert max(made) - min(made) <= 12
    assert made[2] * 400 <= 120_000


def test_a_step_leaves_the_series_before_it_as_it_was() -> None:
    begin = run([steady(300, buffer=2), steady(200)], 3)[-1]
    again = [begin.step(START + 3000, START + 4000, np.random.default_rng(5)) for _ in range(2)]
    assert again[0] == again[1]


@settings(max_examples=15)
@given(rows, st.integers(0, 1000))
def test_nobody_executes_in_a_break_once_everybody_has_left_and_all_do_again_behind_it(
    row: list[Machine], seed: int
) -> None:
    of = run(row, 360, seed, PAUSED)
    for place in range(len(row)):
        executing = [(s.from_ms, s.to_ms) for s in states(of, place) if s.state == "execute"]
        assert not any(a < AGAIN + AROUND_MS[0] and b > PAUSE + 60 * SECOND for a, b in executing)
        assert any(a < PAUSE for a, _ in executing)
        assert any(b > AGAIN for _, b in executing)


def test_some_leave_before_a_break_and_some_after_it_began_and_so_they_come_back() -> None:
    left, back = [], []
    for seed in range(20):
        off = [piece for piece in states(run([steady(500)], 330, seed, PAUSED), 0) if piece.reason == TIME_OFF]
        left.append(off[0].from_ms - PAUSE)
        back.append(off[-1].to_ms - AGAIN)
    assert min(left) < 0 < max(left)
    assert min(back) < 0 < max(back)
    assert all(off % SECOND for off in (*left, *back))


def test_a_run_that_begins_in_a_break_stands_until_it_ends() -> None:
    begun = Hours("UTC", (Shift(20 * 60, 22 * 60, ((20 * 60 + 26, 20 * 60 + 31),)),))
    pieces = states(run([steady(500)], 330, 3, begun), 0)
    standing = [piece for piece in pieces if piece.state == "stopped"]
    assert standing[0].from_ms < START + 30 * SECOND
    assert standing[-1].to_ms > AGAIN + AROUND_MS[0]
