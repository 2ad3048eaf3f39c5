"""What a role says of an outage: once when it begins and once when it is over, and the end does not read as failure."""

import io
import json
import threading

import pytest

from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import WallClock
from pipeline.runtime.logs import log, setup
from pipeline.runtime.loop import MAX_BACK_OFF_S, Waiting, run
from pipeline.view.sentences import log_line
from pipeline.view.words import Words

FULL = "log: x.sqlite: the disk is full; make room, nothing is lost and writing goes on by itself"


def test_the_end_of_an_outage_says_what_is_over_and_no_longer_what_to_do() -> None:
    stream = io.StringIO()
    setup("INFO", stream)
    waiting = Waiting(log("gateway"), WallClock())
    for _ in range(3):
        waiting.begin(FULL)
    waiting.end()
    waiting.end()
    begin, end = map(json.loads, stream.getvalue().splitlines())
    assert (begin["event"], begin["what"]) == ("waiting", FULL)
    assert (end["event"], end["was"]) == ("works again", "log: x.sqlite: the disk is full")
    assert "what" not in end
    assert end["after_s"] >= 0
    assert log_line(end, Words("vi"))["event"] == "đã chạy lại"
    assert log_line(end, Words("vi"))["trước_đó"] == "log: x.sqlite: ổ đĩa đã đầy"


class Away:
    """A role whose store is never there."""

    name, trouble = "historian", ""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after

    def turn(self, max_wait: float) -> int:
        raise Unavailable("store: away", self.retry_after)

    def close(self) -> None:
        pass


class Stop(threading.Event):
    """Waits for nothing, and notes how long it was to wait; set after so many."""

    def __init__(self, often: int) -> None:
        super().__init__()
        self.often, self.pauses = often, list[float]()

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        if len(self.pauses) == self.often:
            self.set()
        return self.is_set()


@pytest.mark.parametrize("retry_after", [0.1, 1.0, 30.0])
def test_row_18_tries_come_ever_more_seldom_up_to_a_bound_and_no_two_roles_in_step(retry_after: float) -> None:
    setup("ERROR", io.StringIO())
    one, other = Stop(12), Stop(12)
    for stop in (one, other):
        run(Away(retry_after), stop, Waiting(log("historian"), WallClock()))
    bounds = [min(MAX_BACK_OFF_S, retry_after * 2 ** min(tries, 6)) for tries in range(1, 13)]
    for pauses in (one.pauses, other.pauses):
        assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
    assert one.pauses != other.pauses
