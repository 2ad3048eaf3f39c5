"""Workers of one group on a memory log: whoever comes, goes, dies or comes back late, results are those of the log."""

import json
import random
from functools import cache

import pytest

from connectors.codecs import alerts_json, results_json
from connectors.folder_shelf import shelf_of
from connectors.memory import MemoryLog
from pipeline.core.errors import Unavailable
from pipeline.core.frames import encode
from pipeline.core.ports import Outgoing
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import SAMPLES, Worker
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments
from tests.unit.steps.logs import T0, random_log

PARTITIONS, LINES, PIECE = 4, 6, 40


class Plant:
    """A log of several lines, written piece by piece, and the workers on it."""

    def __init__(self, seed, shelves=None):
        self.shelf = None if shelves is None else lambda name, kept_by: shelf_of(shelves, name, kept_by)
        self.clock = VirtualClock(T0)
        self.log = MemoryLog(self.clock)
        self.log.ensure(dict.fromkeys(TOPICS, PARTITIONS))
        self.writer = self.log.writer()
        self.entries, _ = random_log(seed, 30, LINES)
        self.workers, self.zombies = [], []

    def write(self):
        some, self.entries = self.entries[:PIECE], self.entries[PIECE:]
        for entry in some:
            self.clock.advance(entry.append_ms)
            self.writer.write([Outgoing(SAMPLES, entry.line.encode(), encode(entry.frame))])
            self.writer.flush()

    def join(self):
        self.workers.append(Worker(self.log, Instruments(), shelf=self.shelf))
        return self.workers[-1]

    def expel(self, worker):
        self.workers.remove(worker)
        self.log.expel(SAMPLES, "worker", worker.reader.instance)

    def drain(self):
        while self.entries:
            self.write()
        for _ in range(2 * len(self.workers) + 2):  # to give, to take, to read
            for worker in self.workers:
                turn(worker)

    def owned(self):
        return [list(worker.reader.partitions) for worker in self.workers]

    def lag(self):
        reader = self.log.reader(SAMPLES, "")
        done = [self.log.committed.get(("worker", SAMPLES, p), 0) for p in range(PARTITIONS)]
        return sum(reader.end_offset(p) - done[p] for p in range(PARTITIONS))


def turn(worker, checkpoint=False):
    """One turn at whose end a commit is due, or a checkpoint."""
    worker.committer.committed_at = 0.0
    if not checkpoint:
        worker.committer.saved_at = float("inf")
    worker.turn(0.0)
    worker.committer.saved_at = 0.0


def published(log):
    """(identity, revision) -> contents, (id, transition) -> transitions."""
    results, alerts = {}, {}
    for record in (record for some in log.topics["results.v1"] for record in some):
        for r in results_json.decode(record.value):
            key = (r.kind, r.equipment, r.name, r.window_s, r.window_start, r.product, r.revision)
            results.setdefault(key, set()).add(json.dumps([r.values, r.coverage, r.formula]))
    for record in (record for some in log.topics["alerts.v1"] for record in some):
        alert = alerts_json.decode(record.value)
        alerts.setdefault((alert.id, alert.transition), set()).add(repr(alert))
    return results, alerts


@cache
def alone(seed):
    plant = Plant(seed)
    plant.join()
    plant.drain()
    return published(plant.log)


def disturbed(seed, dice, shelves=None):
    """A run in which workers come, go, are killed, and are expelled while they go on."""
    plant = Plant(seed, shelves)
    plant.join()
    while plant.entries:
        plant.write()
        what = dice.choice(["turn"] * 6 + ["join", "leave", "kill", "expel"])
        worker = dice.choice(plant.workers) if plant.workers else plant.join()
        if what == "join" and len(plant.workers) < 5:
            plant.join()
        elif what == "leave":
            turn(worker)
            plant.workers.remove(worker)
            worker.close()
        elif what in ("kill", "expel"):
            plant.expel(worker)
            plant.zombies += [worker] if what == "expel" else []
        for one in dice.sample(plant.workers, dice.randint(0, len(plant.workers))):
            turn(one, dice.random() < 0.3)
        for one in dice.sample(plant.zombies, min(1, len(plant.zombies))):
            haunt(plant, one, dice)
    plant.join()
    plant.drain()
    return plant


def haunt(plant, zombie, dice):
    """It goes on as if nothing had happened: works off what it has, may commit nothing, then joins anew."""
    before = dict(plant.log.committed)
    if zombie.spoken_to:
        with pytest.raises(Unavailable, match="went to another instance"):
            zombie.give(zombie.reader.partitions)
    assert plant.log.committed == before
    if dice.random() < 0.7:
        plant.zombies.remove(zombie)
        plant.workers.append(zombie)


@pytest.mark.parametrize("seed", range(8))
def test_however_the_group_changes_what_is_published_is_what_one_worker_says(seed, tmp_path):
    plant = disturbed(seed % 3, random.Random(seed), tmp_path if seed % 2 else None)
    assert plant.lag() == 0
    results, alerts = published(plant.log)
    steady_results, steady_alerts = alone(seed % 3)
    assert len(steady_results) > 500
    assert results == steady_results
    assert alerts == steady_alerts
    assert [key for key, contents in [*results.items(), *alerts.items()] if len(contents) > 1] == []


def test_partitions_are_shared_evenly_and_move_as_little_as_can_be():
    plant = Plant(1)
    first = plant.join()
    plant.write()
    turn(first)
    assert plant.owned() == [[0, 1, 2, 3]]
    second = plant.join()
    turn(first)
    turn(second)
    assert plant.owned() == [[0, 1], [2, 3]]
    plant.join()
    for worker in (*plant.workers, *plant.workers):
        turn(worker)
    first_, second_, third_ = plant.owned()
    assert sorted(map(len, plant.owned())) == [1, 1, 2]
    assert set(first_) <= {0, 1}
    assert set(second_) <= {2, 3}
    assert sorted(first_ + second_ + third_) == [0, 1, 2, 3]


def test_what_comes_back_to_its_owner_goes_on_from_memory_and_what_moves_from_its_checkpoint():
    plant = Plant(1)
    first = plant.join()
    plant.write()
    turn(first)
    states = {partition: held.state for partition, held in first.held.items()}
    second = plant.join()
    turn(first)
    turn(second)
    assert {p: first.held[p].state is states[p] for p in first.held} == {0: True, 1: True}
    assert {p: second.held[p].position for p in (2, 3)} == {
        p: plant.log.committed["worker", SAMPLES, p] for p in (2, 3)
    }
    assert all(len(second.held[p].state.registry.series) for p in (2, 3) if plant.log.topics[SAMPLES][p])
    assert not plant.log.state().load("worker/0/worker-2/")


def test_a_worker_beyond_the_number_of_partitions_stands_by_until_one_goes():
    plant = Plant(2)
    for _ in range(PARTITIONS + 1):
        plant.join()
    for _ in range(2):
        for worker in plant.workers:
            turn(worker)
    assert sorted(map(len, plant.owned())) == [0, 1, 1, 1, 1]
    gone = next(worker for worker in plant.workers if worker.reader.partitions)
    plant.workers.remove(gone)
    gone.close()
    for _ in range(2):
        for worker in plant.workers:
            turn(worker)
    assert list(map(len, plant.owned())) == [1, 1, 1, 1]


def test_one_that_ends_when_its_partitions_are_gone_ends_cleanly_and_commits_nothing():
    plant = Plant(1)
    gone = plant.join()
    plant.write()
    turn(gone)
    plant.write()
    gone.turn(0.0)
    before = dict(plant.log.committed)
    plant.expel(gone)
    gone.close()
    assert plant.log.committed == before
    plant.join()
    plant.drain()
    assert plant.lag() == 0
    assert published(plant.log)[0] == alone(1)[0]


def restarted(tmp_path):
    """A worker that finds its checkpoint and not the samples of the horizon."""
    plant = Plant(1, tmp_path / "here")
    first = plant.join()
    plant.write()
    turn(first, checkpoint=True)
    plant.write()
    turn(first)
    first.close()
    plant.workers.remove(first)
    plant.shelf = lambda name, kept_by: shelf_of(tmp_path / "elsewhere", name, kept_by)
    turn(plant.join())
    return plant


def test_a_worker_whose_horizon_store_is_gone_reads_the_log_again_and_says_the_same(tmp_path):
    plant = restarted(tmp_path)
    plant.drain()
    assert published(plant.log) == alone(1)


def test_what_moves_on_one_machine_takes_its_samples_of_the_horizon_along(tmp_path, capsys):
    plant = Plant(1, tmp_path)
    first = plant.join()
    plant.write()
    turn(first, checkpoint=True)
    plant.write()
    turn(first)
    first.close()
    plant.workers.remove(first)
    plant.join()
    plant.drain()
    assert "horizon store is not here" not in capsys.readouterr().err
    assert published(plant.log) == alone(1)
