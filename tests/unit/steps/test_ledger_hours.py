"""The ledger's hours as a line says them, however old a spool is that drains."""

import random
from collections import Counter

import pytest

from pipeline.core.frames import END
from pipeline.core.ledger import HOUR_MS
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config

PATH = "park/line-1"
START = T0 // HOUR_MS * HOUR_MS


def hours_said(entries):
    """Everything said of each hour: [(revision, values)]."""
    state, said = PartitionState(), {}
    for entry in entries:
        state, out = step(state, [entry])
        for x in (x for own in out.results for x in own.results if x.kind == "ledger"):
            said.setdefault(x.window_start, []).append((x.revision, x.values))
    return said


@pytest.mark.parametrize("seed", range(6))
def test_the_newest_that_is_said_of_an_hour_holds_all_its_rows_while_a_spool_of_old_hours_drains(seed):
    r, gateway, sent, now = random.Random(seed), Gateway(PATH), Counter(), START
    spooled = [START - r.randrange(80, 300) * HOUR_MS for _ in range(3)]
    entries = [configuration(line_config(PATH), 0, now)]
    for k in range(120):
        now += r.choice([10_000, 600_000, HOUR_MS, 10 * HOUR_MS])
        receipt = spooled[k % 3] if k % 6 < 3 else now  # something of each within 60 h
        rows = [("filler", "temp", "", receipt + 10 * k + i, 70.0, 0, 0) for i in range(r.randrange(1, 4))]
        entries.append(Entry(len(entries), now, PATH, gateway.frame(rows, receipt)))
        sent[receipt // HOUR_MS * HOUR_MS] += len(rows)
    entries.append(Entry(len(entries), now, PATH, gateway.frame([], now, END)))
    for hour, said in hours_said(entries).items():
        revisions = [revision for revision, _ in said]
        assert revisions == sorted(set(revisions))
        assert said[-1][1]["received"] == sent[hour]
