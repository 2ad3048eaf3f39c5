"""What a role says of an outage: once when it begins and once when it is over, and the end does not read as failure."""

import io
import json

from pipeline.runtime.clock import WallClock
from pipeline.runtime.logs import log, setup
from pipeline.runtime.loop import Waiting
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
