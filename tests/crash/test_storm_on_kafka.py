"""Workers that come, end, are killed and sleep, a change every two seconds: no partition stays behind, and results are
those of one worker. STORM_SEED chooses the changes.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.record import record
from tests.kafka_feed import Feed, assert_as_of_one
from tests.kafka_park import KafkaPark, kafka_park, lag

pytestmark = [pytest.mark.real, pytest.mark.slow]
SEED, CHANGES, PAUSE_S = int(os.environ.get("STORM_SEED", "1")), 16, 2.0


class Storm:
    def __init__(self, park: KafkaPark, dice: random.Random) -> None:
        self.park, self.dice, self.config = park, dice, park.configure()
        self.asleep: list[str] = []
        self.born = 0

    def change(self) -> None:
        awake = [name for name in self.park.children if name not in self.asleep]
        what = self.dice.choice(["come", "come", "end", "kill", "sleep", "wake"])
        if what == "wake" and self.asleep:
            self.park.children[self.asleep.pop()].send_signal(signal.SIGCONT)
        elif what in ("come", "wake") or len(awake) < 2:
            self.come()
        elif what == "sleep":
            self.asleep.append(self.dice.choice(awake))
            self.park.children[self.asleep[-1]].send_signal(signal.SIGSTOP)
        elif what == "kill":
            self.park.kill(self.dice.choice(awake))
        else:
            self.end(self.dice.choice(awake))

    def end(self, name: str) -> None:
        """Who has not begun yet takes the signal as it comes."""
        has_begun = '"started"' in self.park.said(name)
        assert self.park.end(name) in ({0} if has_begun else {0, -signal.SIGTERM}), self.park.said(name)[-2000:]

    def come(self) -> None:
        if len(self.park.children) < 5:
            self.park.start(f"worker-{self.born}", self.config, "worker")
            self.born += 1

    def calm(self) -> None:
        while self.asleep:
            self.park.children[self.asleep.pop()].send_signal(signal.SIGCONT)
        self.come()


def test_row_13_no_storm_in_the_group_changes_a_result(tmp_path: Path) -> None:
    with kafka_park(tmp_path) as park:
        storm = Storm(park, random.Random(SEED))
        log = park.log(storm.config)
        feed = Feed(log, CHANGES + 2)
        storm.come()
        for _ in range(CHANGES):
            feed.write()
            storm.change()
            time.sleep(PAUSE_S)
        storm.calm()
        calm = time.monotonic()
        feed.write(2)
        park.await_that(lambda: lag(park, log, "samples.v1", "worker") == 0, "everything is read")
        calm = time.monotonic() - calm
        for name in list(park.children):
            storm.end(name)
        assert_as_of_one(log)
        record(lost=0, duplicate=0, seconds=round(calm, 2), tier="T2", seed=SEED)
