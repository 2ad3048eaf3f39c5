"""What is a repeat, and what a line remembers of texts."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.frames import END
from pipeline.core.ledger import FIELDS
from pipeline.core.samples import FROZEN, HISTORICAL, UNDATED
from pipeline.steps.partition import MAX_TEXTS, PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config, told

PATH = "park/line-1"


def ran(records, **changes):
    """records: (second, rows (unit, metric, source, t from T0, v, q, seq), flag of all rows)."""
    gateway, state, said = Gateway(PATH), PartitionState(), []
    entries = [configuration(line_config(PATH, **changes), 0, T0)]
    for s, rows, flag in records:
        now = T0 + s * 1000
        frame = gateway.frame([(*row[:3], T0 + row[3], *row[4:]) for row in rows], now)
        flags = np.full(len(rows), flag, np.uint8) if flag else None
        entries.append(Entry(len(entries), now, PATH, replace(frame, row_flags=flags)))
    entries.append(Entry(len(entries), now + 1, PATH, gateway.frame([], now + 1, END)))
    for entry in entries:
        state, out = step(state, [entry])
        said += [x for _, results, _ in told(state, out) for x in results]
    return said, dict(zip(FIELDS, state.ledger.counts.sum(axis=0).tolist(), strict=True)), state


ROW = ("u", "x", "", 500, 1.0, 0, 0)


def test_two_samples_of_one_time_are_a_repeat():
    _, ledger, _ = ran([(1, [ROW, ROW], 0)])
    assert (ledger["stored"], ledger["duplicate"]) == (1, 1)


@pytest.mark.parametrize("flag", [UNDATED, FROZEN, UNDATED | HISTORICAL])
def test_rows_without_a_time_of_their_own_are_no_repeats(flag):
    _, ledger, _ = ran([(1, [ROW, ROW], flag)])
    assert (ledger["stored"], ledger["duplicate"], ledger["conflict"]) == (2, 0, 0)


def test_a_row_without_a_time_of_its_own_hides_no_repeat_around_it():
    other = ("u", "x", "", 500, 2.0, 0, 0)
    _, ledger, _ = ran([(1, [ROW], 0), (1, [other], UNDATED), (1, [ROW], 0)])
    assert (ledger["stored"], ledger["duplicate"], ledger["conflict"]) == (2, 1, 0)


def test_another_text_at_the_same_time_is_a_conflict():
    rows = [("u", "x", "", 500, text, 0, 0) for text in ("a", "b", "a")]
    _, ledger, _ = ran([(1, [row], 0) for row in rows])
    assert (ledger["stored"], ledger["duplicate"], ledger["conflict"]) == (1, 1, 1)


def test_any_number_of_texts_of_other_metrics_leaves_states_as_they_are():
    flood = [("u", "lot", "", 10 + k % 900, f"lot-{k}", 0, k + 1) for k in range(3 * MAX_TEXTS)]
    records = [(1, flood, 0), (2, [("filler", "state", "", 2_000, "held", 0, 0)], 0)]
    said, _, state = ran([*records, *((s, [(*ROW[:3], s * 1000, 1.0, 0, 0)], 0) for s in range(3, 9))])
    assert [x.values["state"] for x in said if x.kind == "state"] == ["held"]
    assert [list(line.texts.values()) for line in state.lines.values()] == [["held"]]


def test_states_beyond_what_a_line_may_teach_read_as_unknown():
    rows = [("filler", "state", "", 10 + k, f"made-up-{k}", 0, 0) for k in range(MAX_TEXTS + 5)]
    said, _, _ = ran([(2, rows, 0), (3, [("filler", "state", "", 3_000, "Execute", 0, 0)], 0)])
    states = [x.values["state"] for x in said if x.kind == "state"]
    assert len(set(states)) == MAX_TEXTS + 2
    assert "undefined" in states
    assert states[-1] == "execute"
