"""What one key cannot know alone: names that must exist, limits that must fit each other.

Rule: every check says all it finds; none stops at the first slip, none touches the network.
"""

from collections.abc import Iterable, Iterator, Sequence

import pipeline.alarms
from pipeline.config.line_model import AlarmSection, LineFile, MetricSection, UnitSection, Window
from pipeline.config.shape import Loc
from pipeline.config.slips import Slip
from pipeline.core.discovery import known_kinds
from pipeline.core.packml import CODE_TABLES, STATE_NAMES, canonical_name, code_table
from pipeline.core.spelling import unknown


def check_line(line: LineFile, levels: Sequence[str]) -> Iterator[Slip]:
    names = line.path.split("/")
    if levels and len(names) != len(levels) - 1:
        expected = f"{len(levels) - 1} ({'/'.join(levels[:-1])})"
        yield Slip(
            ("path",), f"{len(names)} levels; got {line.path!r}; expected {expected}; correct the path or levels"
        )
    yield from _check_windows(line.windows)
    yield from check_units(line.units)
    yield from _check_pace(line)
    yield from check_alarms(line.alarms, line.units)


def pace_unit(line: LineFile) -> str:
    """The unit named, or the only one with a state; "" where none has one."""
    if line.pace_unit:
        return line.pace_unit
    return next(iter(_with_state(line.units)), "")


def check_units(units: Sequence[UnitSection]) -> Iterator[Slip]:
    yield from _twice("units", [unit.name for unit in units])
    for i, unit in enumerate(units):
        for name, metric in unit.metrics.items():
            yield from _check_codes(("units", i, "metrics", name, "codes"), metric)
        for role in ("state", "mode"):
            names = [name for name, metric in unit.metrics.items() if metric.role == role]
            if len(names) > 1:
                yield Slip(
                    ("units", i, "metrics", names[1], "role"), f"a second {role}; got {', '.join(names)}; keep one"
                )


def check_alarms(alarms: Sequence[AlarmSection], units: Sequence[UnitSection]) -> Iterator[Slip]:
    kinds = known_kinds(pipeline.alarms)
    metrics = {unit.name: unit.metrics for unit in units}
    yield from _twice("alarms", [alarm.name for alarm in alarms])
    for i, alarm in enumerate(alarms):
        at: Loc = ("alarms", i)
        if alarm.kind not in kinds:
            yield Slip((*at, "kind"), unknown("kind", alarm.kind, kinds))
        owners = [unit for unit, names in metrics.items() if alarm.metric in names]
        if not alarm.unit and owners:
            yield Slip((*at, "unit"), f"is missing; {alarm.metric!r} is a metric of {', '.join(owners)}; name the unit")
        elif alarm.unit and alarm.unit not in metrics:
            yield Slip((*at, "unit"), unknown("unit", alarm.unit, metrics))
        elif alarm.unit and alarm.metric not in metrics[alarm.unit]:
            yield Slip((*at, "metric"), unknown("metric", alarm.metric, metrics[alarm.unit]))
        yield from _check_condition(at, alarm)


def _check_condition(at: Loc, alarm: AlarmSection) -> Iterator[Slip]:
    if alarm.kind == "limit" and alarm.low is None and alarm.high is None:
        yield Slip(at, "a limit without a value; got neither; expected low, high or both; add one")
    if alarm.low is not None and alarm.high is not None and alarm.low >= alarm.high:
        yield Slip((*at, "low"), f"not below high; got low {alarm.low:g}, high {alarm.high:g}; expected low < high")
    if alarm.kind == "silence" and alarm.after <= 0:
        yield Slip((*at, "after"), "a silence without a length; expected a duration like '30s'; add after")
    if alarm.on_arrival and alarm.kind != "limit":
        yield Slip((*at, "on_arrival"), f"is for limits; got kind {alarm.kind!r}; remove it")


def _check_windows(windows: Sequence[Window]) -> Iterator[Slip]:
    """A park without shifts has no windows of shifts, and a line that asks for some beside others works there too."""
    for i, window in enumerate(windows):
        if window in windows[:i]:
            yield Slip(("windows", i), f"{window!r} stands twice; remove one")
    if set(windows) == {"shift"}:
        yield Slip(("windows",), "'shift' alone; metrics have no windows of shifts; add a length, for instance '1m'")


def _check_pace(line: LineFile) -> Iterator[Slip]:
    names = [unit.name for unit in line.units]
    with_state = _with_state(line.units)
    for key, unit in (("pace_unit", line.pace_unit), ("count_unit", line.count_unit)):
        if unit and unit not in names:
            yield Slip((key,), unknown("unit", unit, names))
    if line.pace_unit in names and line.pace_unit not in with_state:
        yield Slip(
            ("pace_unit",), f"unit {line.pace_unit!r} has no metric with the role state; add one or name another"
        )
    if not line.pace_unit and len(with_state) > 1:
        yield Slip(("pace_unit",), f"is missing; several units have a state: {', '.join(with_state)}; name one")


def _check_codes(at: Loc, metric: MetricSection) -> Iterator[Slip]:
    if not metric.codes:
        return
    if metric.role not in ("state", "mode"):
        yield Slip(at[:-1], f"codes, but the role {metric.role}; expected role state or mode; remove codes")
    elif isinstance(metric.codes, str):
        if code_table(metric.codes, metric.role) is None:
            yield Slip(at, unknown("table", metric.codes, [name for name, role in CODE_TABLES if role == metric.role]))
    elif metric.role == "state":
        for code, state in metric.codes.items():
            if canonical_name(state) not in STATE_NAMES:
                yield Slip((*at, code), unknown("state", state, STATE_NAMES))


def _with_state(units: Iterable[UnitSection]) -> list[str]:
    return [unit.name for unit in units if any(metric.role == "state" for metric in unit.metrics.values())]


def _twice(key: str, names: Sequence[str]) -> Iterator[Slip]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield Slip((key, i, "name"), f"{name!r} stands twice; first at {key}[{names.index(name)}]; rename one")
