"""Two workers, then six, then three, over six partitions of a real Kafka: state moves with its partition."""

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.record import record
from tests.kafka_feed import Feed, assert_as_of_one
from tests.kafka_park import KafkaPark, kafka_park, lag

pytestmark = [pytest.mark.real, pytest.mark.slow]
PARTITIONS = 6


def shared(park: KafkaPark) -> bool:
    """Each partition has one owner, and no worker more than his share."""
    counts = Counter(partition for name in park.children for partition in park.owned(name) or ())
    sizes = [len(park.owned(name) or ()) for name in park.children]
    return counts == dict.fromkeys(range(PARTITIONS), 1) and max(sizes) - min(sizes) <= 1


def test_row_14_from_two_workers_to_six_to_three_results_stay_those_of_one(tmp_path: Path) -> None:
    with kafka_park(tmp_path, partitions=PARTITIONS) as park:
        config = park.configure()
        log = park.log(config)
        feed = Feed(log)
        feed.write(2)
        for size in (2, 6):
            for number in range(len(park.children), size):
                park.start(f"worker-{number}", config, "worker")
            park.await_that(lambda: shared(park), f"{size} share the partitions", 60)
            feed.write(3)
        park.kill("worker-0")
        assert (park.end("worker-1"), park.end("worker-2")) == (0, 0)
        feed.write(2)
        park.await_that(lambda: shared(park), "three share the partitions", 60)
        feed.write(2)
        park.await_that(lambda: lag(park, log, "samples.v1", "worker") == 0, "everything is read")
        assert "no checkpoint" not in "".join(map(park.said, park.children))
        assert [park.end(name) for name in list(park.children)] == [0, 0, 0]
        assert_as_of_one(log)
        record(lost=0, duplicate=0, seconds=0.0, tier="T2")
