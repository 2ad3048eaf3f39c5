"""Records that make the worker's step fail: found, put aside with their bytes, skipped by every start and replay."""

import json
import random
from dataclasses import replace

import polars as pl
import pytest

import pipeline.steps.worker as steps
from connectors.codecs import results_json
from connectors.memory import MemoryLog
from pipeline.core.frames import Kind, decode, encode
from pipeline.core.husk import husk
from pipeline.core.ports import Outgoing
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import SAMPLES, Worker
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments
from tests.unit.roles.test_worker_groups import published, turn
from tests.unit.steps.logs import T0, random_log

POISON = 666.5
ERRORS = (ValueError("no"), MemoryError(), RecursionError("deep"), pl.exceptions.PanicException("a\nb"), KeyError("k"))


@pytest.fixture
def failing(monkeypatch):
    """A step that fails behind the half of its work, so that its state is spent, where a row says POISON."""
    plan, met = steps.plan, []

    def failed(state, part):
        made = plan(state, part)
        if (part.v == POISON).any():
            met.append(part)
            raise ERRORS[len(met) % len(ERRORS)]
        return made

    monkeypatch.setattr(steps, "plan", failed)
    return met


def records(seed, poisonous=6, lines=2):
    """[(line, bytes, append)] of a log, and the places of those that make the step fail."""
    entries, _ = random_log(seed, 24, lines)
    having = [k for k, entry in enumerate(entries) if len(entry.frame.t)]
    bad = sorted(random.Random(seed).sample(having, poisonous))
    bad += [bad[-1] + 1] if poisonous > 2 and bad[-1] + 1 in having else []
    for k in bad:
        frame = entries[k].frame
        v = frame.v.copy()
        v[-1] = POISON
        entries[k] = replace(entries[k], frame=replace(frame, v=v))
    return [(entry.line.encode(), encode(entry.frame), entry.append_ms) for entry in entries], set(bad)


class Plant:
    def __init__(self, some):
        self.clock, self.left = VirtualClock(T0), list(some)
        self.log = MemoryLog(self.clock)
        self.log.ensure(dict.fromkeys(TOPICS, 1))
        self.writer = self.log.writer()

    def write(self, count):
        some, self.left = self.left[:count], self.left[count:]
        for line, value, append_ms in some:
            self.clock.advance(append_ms)
            self.writer.write([Outgoing(SAMPLES, line, value)])
            self.writer.flush()

    def worker(self):
        return Worker(self.log, Instruments())

    def kill(self, worker):
        self.log.expel(SAMPLES, "worker", worker.reader.instance)
        self.log.groups["worker", SAMPLES].leave(worker.reader.instance)


def by_values(log):
    """What is published but for revisions, which are places in the log: skip frames stand between."""
    results, alerts = published(log)
    found = {}
    for (*identity, revision), contents in results.items():
        assert len(contents) == 1, identity
        found.setdefault(tuple(identity), []).append((revision, *contents))
    newest = {identity: max(said)[1] for identity, said in found.items() if identity[0] != "ledger"}
    return newest, {key: json.dumps(sorted(map(str, said))) for key, said in alerts.items()}


def ledgers(log):
    newest = {}
    for record in log.topics["results.v1"][0]:
        for r in results_json.decode(record.value):
            if r.kind == "ledger":
                newest[r.equipment, r.name, r.window_start] = dict(r.values)
    return newest


def husked(some, bad):
    return [(line, husk(value)[0] if k in bad else value, at) for k, (line, value, at) in enumerate(some)]


def drained(plant, worker):
    plant.write(len(plant.left))
    for _ in range(60):
        turn(worker)
    return plant


def offsets(plant, some, bad):
    """Where the bad ones stand: skip frames lie between."""
    values = {some[k][1] for k in bad}
    return {record.offset for record in plant.log.topics[SAMPLES][0] if record.value in values}


@pytest.mark.parametrize("seed", range(3))
def test_row_28_what_makes_the_step_fail_is_put_aside_alone_whatever_it_raises(seed, failing):
    some, bad = records(seed)
    plant = Plant(some)
    worker = plant.worker()
    drained(plant, worker)
    rejects = [dict(record.headers) | {"value": record.value} for record in plant.log.topics["rejects.v1"][0]]
    assert failing
    assert [r["value"] for r in rejects] == [some[k][1] for k in sorted(bad)]
    assert {r["reason"] for r in rejects} == {b"poison"}
    assert {int(r["offset"]) for r in rejects} == offsets(plant, some, bad)
    rows = sum(len(decode(some[k][1])) for k in bad)
    assert sum(int(r["samples"]) for r in rejects) == rows
    assert (
        worker.instruments.registry.get_sample_value("parkpulse_rejected_samples_total", {"reason": "poison"}) == rows
    )
    steady = Plant(husked(some, bad))
    drained(steady, steady.worker())
    assert by_values(plant.log) == by_values(steady.log)
    assert ledgers(plant.log) == ledgers(steady.log)
    totals = list(ledgers(plant.log).values())
    assert sum(row["rejected"] for row in totals) >= rows
    assert sum(row["gap"] for row in totals) == 0


def test_the_decision_is_a_record_of_the_partition_with_the_place_and_why(failing):
    some, bad = records(1)
    plant = Plant(some)
    drained(plant, plant.worker())
    frames = [(record, decode(record.value)) for record in plant.log.topics[SAMPLES][0]]
    said = [(record, json.loads(frame.body)) for record, frame in frames if frame.kind is Kind.SKIP]
    assert {body["offset"] for _, body in said} == offsets(plant, some, bad)
    for record, body in said:
        assert (body["partition"], body["reason"], body["what"]) == (0, "poison", "rows")
        assert record.key == plant.log.topics[SAMPLES][0][body["offset"]].key
        assert body["offset"] < record.offset
        assert body["why"].split(":")[0] in {type(error).__name__ for error in ERRORS}


@pytest.mark.parametrize("seed", range(6))
def test_through_any_cut_crash_and_replay_the_same_records_are_skipped_and_the_same_is_said(seed, failing):
    some, bad = records(seed % 2)
    dice, plant = random.Random(seed), Plant(some)
    worker = plant.worker()
    while plant.left:
        plant.write(dice.randint(1, 40))
        for _ in range(dice.randint(0, 4)):
            turn(worker, dice.random() < 0.3)
        if dice.random() < 0.3:
            if dice.random() < 0.5:
                plant.kill(worker)
            else:
                worker.close()
            worker = plant.worker()
    drained(plant, worker)
    steady = Plant(husked(some, bad))
    drained(steady, steady.worker())
    assert by_values(plant.log) == by_values(steady.log)
    assert ledgers(plant.log) == ledgers(steady.log)
    places = {int(dict(record.headers)["offset"]) for record in plant.log.topics["rejects.v1"][0]}
    assert places == offsets(plant, some, bad)
    met = len(failing)
    plant.log.committed.clear()
    before = published(plant.log)
    plant.log.kept = {key: value for key, value in plant.log.kept.items() if key.startswith("poison/")}
    drained(plant, plant.worker())
    assert published(plant.log) == before
    assert len(failing) == met


@pytest.mark.parametrize("kept", ["poison/", "nothing"])
def test_a_replay_skips_what_was_skipped_though_it_would_not_fail_any_more(kept, failing, monkeypatch):
    """Also where the log is all that is left."""
    some, _ = records(1)
    plant = Plant(some)
    worker = plant.worker()
    drained(plant, worker)
    before = published(plant.log)
    worker.close()
    monkeypatch.undo()
    plant.log.committed.clear()
    plant.log.kept = {key: value for key, value in plant.log.kept.items() if key.startswith(kept)}
    drained(plant, plant.worker())
    assert published(plant.log) == before


def test_a_record_that_fails_even_without_its_rows_is_passed_over_whole(monkeypatch):
    some, _ = records(1)
    plan = steps.plan
    number = decode(some[50][1]).number

    def failed(state, part):
        made = plan(state, part)
        if ((part.number == number) & (part.line == 0)).any():
            raise OverflowError("number")
        return made

    monkeypatch.setattr(steps, "plan", failed)
    plant = Plant(some)
    drained(plant, plant.worker())
    (reject,) = plant.log.topics["rejects.v1"][0]
    assert decode(reject.value).number == number
    assert sum(row["gap"] for row in ledgers(plant.log).values()) == len(decode(reject.value))
    assert any(b'"record"' in record.value for record in plant.log.topics[SAMPLES][0])


def test_where_everything_fails_the_error_is_ours_and_nothing_is_skipped(monkeypatch):
    some, _ = records(1)
    plant = Plant(some)

    def failed(state, part):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(steps, "plan", failed)
    with pytest.raises(ZeroDivisionError):
        drained(plant, plant.worker())
    assert plant.log.topics["rejects.v1"] == [[]]
    assert not [key for key in plant.log.kept if "/skip/" in key]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_is_told_to_end_ends(error, monkeypatch):
    some, _ = records(1)
    plant = Plant(some)

    def ended(state, part):
        raise error

    monkeypatch.setattr(steps, "plan", ended)
    with pytest.raises(error):
        drained(plant, plant.worker())
