"""Records that kill the process: found by the third start at the latest; who is killed by others loses nothing."""

import pytest

from connectors.memory import MemoryLog
from pipeline.roles.attempts import Attempt, Attempts
from pipeline.runtime.clock import VirtualClock
from tests.unit.roles.test_poison import Plant, drained, offsets, records
from tests.unit.roles.test_worker_groups import published, turn
from tests.unit.steps.logs import T0


def test_killed_by_others_again_and_again_nothing_is_skipped():
    """The trial of what was in hand says that it is innocent."""
    some, _ = records(1, 0)
    plant = Plant(some)
    plant.write(150)
    for life in range(2):
        worker = plant.worker()
        worker.committer.saved_at = worker.committer.committed_at = float("inf")
        worker.turn(0.0)
        assert (plant.log.kept["poison/worker/0/attempt"] == b'{"first":0,"end":150}') == (life > 0)
        plant.kill(worker)
    worker = plant.worker()
    drained(plant, worker)
    steady = Plant(some)
    drained(steady, steady.worker())
    assert plant.log.topics["rejects.v1"] == [[]]
    assert published(plant.log) == published(steady.log)
    assert not [key for key in plant.log.kept if "/skip/" in key]


def test_a_start_that_finds_a_clean_end_notes_nothing_more_than_that_it_works():
    some, _ = records(1, 0)
    plant = Plant(some)
    worker = plant.worker()
    kept = []
    for _ in range(4):
        plant.write(30)
        turn(worker)
        kept.append(plant.log.kept["poison/worker/0/attempt"])
    assert set(kept) == {b'{"first":0,"end":0}'}
    worker.close()
    assert "poison/worker/0/attempt" not in plant.log.kept


def test_what_is_noted_ends_where_the_log_ended_when_the_start_began():
    log = MemoryLog(VirtualClock(T0))
    Attempts(log.state()).begin({}, {0: 50})
    second = Attempts(log.state())
    assert second.begin(log.state().load("poison/"), {0: 100}) == {}
    second.note(0, 60, 90)
    third = Attempts(log.state())
    assert third.begin(log.state().load("poison/"), {0: 100}) == {0: Attempt(60, 90)}
    third.note(0, 90, 101)
    third.passed({0: 99})
    assert third.until == {0: 100}
    third.passed({0: 101})
    assert third.until == {}
    third.note(0, 101, 120)
    assert Attempts(log.state()).begin(log.state().load("poison/"), {0: 120}) == {}


@pytest.mark.parametrize("torn", [b"", b"\xff", b"{}x", b'{"first": "a"}'])
def test_a_note_or_a_decision_that_cannot_be_read_is_none(torn):
    some, bad = records(1, 0)
    plant = Plant(some)
    plant.log.kept |= {"poison/worker/0/attempt": torn, "poison/worker/0/skip/3": torn, "poison/worker/0/skip/x": torn}
    drained(plant, plant.worker())
    assert plant.log.topics["rejects.v1"] == [[]]
    assert offsets(plant, some, bad) == set()
