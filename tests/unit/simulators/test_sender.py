"""Sending to a real broker: nothing before its time, everything in the end, patience with a broker that was there."""

import pytest

from pipeline.core.errors import Unavailable
from simulators.sender import TOGETHER_MS, Sender

START = 1_000_000


class Cells:
    """A plant that sends one message a tick: its time."""

    def messages(self, t0_ms: int, t1_ms: int) -> list[tuple[str, bytes]]:
        return [("t", b"%d" % t) for t in range(t0_ms, t1_ms, 100)]


class Hand:
    """A clock that moves only by waiting."""

    def __init__(self) -> None:
        self.ms = 5_000_000.0

    def now_ms(self) -> int:
        return int(self.ms)

    def wait(self, seconds: float) -> None:
        self.ms += seconds * 1000


def run(pace: float, length_ms: int, *losses: int) -> tuple[Sender, list[tuple[float, int]]]:
    """-> (sender, (ms since the start on the wall, event ms since the start) of each message that got through).
    `losses`: publications, counted from 0, that fail once."""
    clock, got = Hand(), []
    began, failing, calls = clock.ms, set(losses), 0

    def publish(batch: object) -> None:
        nonlocal calls
        calls += 1
        if calls - 1 in failing:
            raise Unavailable("MQTT sink: connection lost", retry_after=0.2)
        assert isinstance(batch, list)
        got.extend((clock.ms - began, int(body) - START) for _, body in batch)

    sender = Sender(Cells(), publish, clock, START, pace, START + length_ms)
    while not sender.ended:
        sender.turn()
    return sender, got


@pytest.mark.parametrize("pace", [0.5, 1.0, 7.0, 1000.0])
def test_nothing_goes_out_before_its_time_and_everything_soon_after(pace: float) -> None:
    _, got = run(pace, 5000)
    assert [event for _, event in got] == list(range(0, 5000, 100))
    assert all(wall * pace >= event + 100 - 1e-6 for wall, event in got)
    assert all(wall <= (event + 100) / pace + 250 for wall, event in got)


def test_as_fast_as_can_be_waits_for_nothing() -> None:
    _, got = run(0, 5000)
    assert [event for _, event in got] == list(range(0, 5000, 100))
    assert {wall for wall, _ in got} == {0.0}


def test_a_broker_that_was_there_is_waited_for_and_what_goes_again_is_counted() -> None:
    sender, got = run(1.0, 5000, 3, 4)
    assert [event for _, event in got] == list(range(0, 5000, 100))
    assert 2 <= sender.sent_again <= 2 * TOGETHER_MS // 100
    assert sender.trouble == ""


def test_a_broker_that_was_never_there_is_told_at_once() -> None:
    with pytest.raises(Unavailable):
        run(1.0, 5000, 0)
