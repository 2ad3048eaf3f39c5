"""Snapshots: values of this program alone, in parts, readable by every version that has the same SCHEMA."""

import pickle
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest

from pipeline.core.calendar import CalendarConfig, ShiftConfig
from pipeline.runtime import snapshot
from pipeline.runtime.snapshot import Snapshot
from pipeline.steps.partition import PartitionState
from pipeline.steps.worker import step
from tests.cases.snapshots.golden import read_golden
from tests.unit.steps.logs import T0, configuration, line_config, random_log


def of_part(blob: bytes) -> Snapshot:
    return Snapshot({"registry": blob}, snapshot.dump(PartitionState()).configuration)


def test_the_golden_snapshot_of_this_schema_is_read_and_goes_on_as_if_nothing_had_been():
    """Red: a field was renamed, went or means something else. Then SCHEMA rises; see `tests.cases.snapshots`."""
    golden = read_golden()
    entries, state = golden.entries(), snapshot.load(PartitionState, golden.snapshot())
    unbroken, _ = step(PartitionState(), entries[: golden.taken])
    _, wanted = step(unbroken, entries[golden.taken :])
    _, found = step(state, entries[golden.taken :])
    assert (repr(found.results), repr(found.windows)) == (repr(wanted.results), repr(wanted.windows))
    assert {alert.alarm for said in wanted.results for alert in said.alerts}


def test_a_part_is_a_field_or_a_line():
    entries, _ = random_log(3)
    state, _ = step(PartitionState(), entries[:150])
    parts = snapshot.dump(state, cut="lines").parts
    assert {"lines/0", "lines/1", "registry", "ewma", "ledger"} <= parts.keys()
    assert "lines" not in parts
    again = snapshot.load(PartitionState, snapshot.dump(state, cut="lines"))
    assert [(code, line.path) for code, line in again.lines.items()] == [(0, "park/line-0"), (1, "park/line-1")]


def test_a_field_that_a_snapshot_lacks_has_its_default():
    kept = snapshot.dump(PartitionState(least_open=7))
    found = snapshot.load(PartitionState, replace(kept, parts={"least_open": kept.parts["least_open"]}))
    assert (found.least_open, found.lines, len(found.open)) == (7, {}, 0)


def test_what_nobody_knows_is_refused():
    kept = snapshot.dump(PartitionState())
    with pytest.raises(snapshot.SnapshotError, match="unknown_field"):
        snapshot.load(PartitionState, replace(kept, parts={**kept.parts, "unknown_field": kept.parts["least_open"]}))
    with pytest.raises(snapshot.SnapshotError, match="schema 999"):
        snapshot.load(PartitionState, replace(kept, schema=999))


def test_parts_of_two_moments_with_another_configuration_between_are_refused():
    first, _ = step(PartitionState(), [configuration(line_config(), 0, T0)])
    before = snapshot.dump(first, cut="lines")
    second, _ = step(first, [configuration(line_config(windows=(10,)), 1, T0 + 1)])
    after = snapshot.dump(second, cut="lines")
    assert before.configuration != after.configuration
    mixed = {**after.parts, "lines/0": before.parts["lines/0"]}
    with pytest.raises(snapshot.SnapshotError, match="configurations"):
        snapshot.load(PartitionState, replace(after, parts=mixed))


def test_a_state_comes_back_as_it_was():
    entries, _ = random_log(3)
    state, _ = step(PartitionState(), entries[:150])
    again = snapshot.load(PartitionState, snapshot.dump(state))
    _, one = step(state, entries[150:])
    _, other = step(again, entries[150:])
    assert repr(one.results) == repr(other.results)


def test_columns_come_back_with_numpys_own_types():
    kinds = (np.int64, np.int32, np.uint8, np.bool_, np.float64)
    state = PartitionState(level={code: np.ones(3, kind) for code, kind in enumerate(kinds)})
    read = snapshot.load(PartitionState, snapshot.dump(state))
    assert all(read.level[code].dtype is np.dtype(kind) for code, kind in enumerate(kinds))  # `is`: a copy is slow
    assert all(column.flags.writeable for column in read.level.values())


def test_a_calendar_with_holidays_comes_back_as_it_was():
    shift = ShiftConfig(name="early", begin=6 * 60, end=14 * 60)
    calendar = CalendarConfig(offsets=((0, 420),), shifts=(shift,), holidays=(date(2026, 9, 2),))
    state, _ = step(PartitionState(), [configuration(line_config(calendar=calendar), 0, T0)])
    again = snapshot.load(PartitionState, snapshot.dump(state))
    assert again.lines[0].config.calendar == calendar


@pytest.mark.parametrize("blob", [b"", b"12345678", b"x" * 100])
def test_other_bytes_are_refused(blob):
    with pytest.raises(snapshot.SnapshotError):
        snapshot.load(PartitionState, of_part(blob))


@dataclass
class Foreign:
    a: int = 1


def test_nothing_but_our_own_values_is_ever_built():
    with pytest.raises(snapshot.SnapshotError, match="names tests"):
        snapshot.load(PartitionState, of_part(pickle.dumps(Foreign())))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy", "lib._datasource.os.getcwd"),
        ("numpy", "fromfile"),
        ("builtins", "eval"),
        ("pipeline.core.discovery", "import_module"),
        ("pipeline.core.ledger", "np.fromfile"),
    ],
)
def test_nothing_can_be_called_by_a_snapshot(module, name):
    call = pickle.GLOBAL + f"{module}\n{name}\n".encode() + pickle.EMPTY_TUPLE + pickle.REDUCE + pickle.STOP
    with pytest.raises(snapshot.SnapshotError, match="expected values of this program only"):
        snapshot.load(PartitionState, of_part(call))
