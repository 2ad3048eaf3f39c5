"""Snapshots are read by the program that wrote them, in whatever process, and by no other."""

import pickle
import subprocess
import sys
from dataclasses import dataclass, make_dataclass
from datetime import date

import pytest

from pipeline.core.calendar import CalendarConfig, ShiftConfig
from pipeline.runtime import snapshot
from pipeline.steps.partition import PartitionState
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, configuration, line_config, random_log

ALONE = "from pipeline.steps.partition import PartitionState; from pipeline.runtime import snapshot; "
SAY = "print(snapshot.shape(PartitionState).hex())"
EVERYTHING = "import pipeline.cli.demo, pipeline.cli.bench, pipeline.roles.start, pipeline.alarms.score; "


def said(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_shape_is_the_same_whatever_a_process_has_loaded():
    assert said(ALONE + SAY) == said(EVERYTHING + ALONE + SAY) == snapshot.shape(PartitionState).hex()


def test_the_shape_reaches_every_type_that_a_state_is_made_of():
    names = {part.__name__ for part in snapshot.parts(PartitionState, set())}
    assert {"UnitBook", "StateTrack", "AlarmEntry", "LineConfig", "CalendarConfig", "Clocks", "Streams"} <= names


def test_another_field_is_another_shape():
    shapes = set()
    for fields in (["a"], ["a", "b"], ["b"]):
        kind = make_dataclass("Kind", [(name, int) for name in fields])
        kind.__module__ = "pipeline.core.made_up"
        shapes.add(snapshot.shape(kind))
    assert len(shapes) == 3


def test_a_state_comes_back_as_it_was():
    entries, _ = random_log(3)
    state, _ = step(PartitionState(), entries[:150])
    again = snapshot.load(PartitionState, snapshot.dump(state))
    _, one = step(state, entries[150:])
    _, other = step(again, entries[150:])
    assert repr(one.results) == repr(other.results)


def test_a_calendar_with_holidays_comes_back_as_it_was():
    shift = ShiftConfig(name="early", begin=6 * 60, end=14 * 60)
    calendar = CalendarConfig(offsets=((0, 420),), shifts=(shift,), holidays=(date(2026, 9, 2),))
    state, _ = step(PartitionState(), [configuration(line_config(calendar=calendar), 0, T0)])
    again = snapshot.load(PartitionState, snapshot.dump(state))
    assert again.lines[0].config.calendar == calendar


@pytest.mark.parametrize("blob", [b"", b"12345678", b"x" * 100])
def test_other_bytes_are_refused(blob):
    with pytest.raises(snapshot.SnapshotError):
        snapshot.load(PartitionState, blob)


@dataclass
class Foreign:
    a: int = 1


def test_nothing_but_our_own_values_is_ever_built():
    blob = snapshot.shape(PartitionState) + pickle.dumps(Foreign())
    with pytest.raises(snapshot.SnapshotError, match="names tests"):
        snapshot.load(PartitionState, blob)


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
        snapshot.load(PartitionState, snapshot.shape(PartitionState) + call)
