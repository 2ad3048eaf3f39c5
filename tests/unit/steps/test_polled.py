"""A worker that reads polls together says and knows what one that decodes record by record does."""

import random

import pytest

from pipeline.core.frames import encode
from pipeline.core.frames_together import read_together
from pipeline.core.ports import Record
from pipeline.core.senders import Senders
from pipeline.steps.partition import PartitionState
from pipeline.steps.worker import step
from tests.unit.steps.logs import random_log, told
from tests.unit.steps.wild_logs import wild_log


def polled(entries, seed):
    """What is told, put aside and booked, read in polls of any size."""
    r, state, senders, found, at = random.Random(seed), PartitionState(), Senders(), [], 0
    while at < len(entries):
        size = r.choice([1, 3, 40, 1_000])
        records = [Record(0, e.offset, e.append_ms, e.line.encode(), encode(e.frame)) for e in entries[at : at + size]]
        read, refused = read_together(records, senders)
        assert not refused
        state, out = step(state, read)
        found.append((told(state, out), aside(out)))
        at += size
    return [x for said, _ in found for x in said], [x for _, put in found for x in put], booked(state)


def alone(entries):
    state, out = step(PartitionState(), entries)
    return told(state, out), aside(out), booked(state)


def aside(out):
    """A log's order is within late rows and within refused ones: both are sorted."""
    return sorted((one.entry.offset, one.reason, one.rows, encode(one.entry.frame)) for one in out.late + out.rejected)


def booked(state):
    return {key: state.ledger.counts[row].tolist() for key, row in state.ledger.keys.items()}


@pytest.mark.parametrize("seed", range(25))
def test_wild_logs_come_out_the_same(seed):
    entries = wild_log(seed).entries
    assert polled(entries, seed) == alone(entries)


@pytest.mark.parametrize("seed", range(4))
def test_lines_side_by_side_come_out_the_same(seed):
    entries, _ = random_log(seed, outage=seed % 2 == 1)
    assert polled(entries, seed) == alone(entries)
