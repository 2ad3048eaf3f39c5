"""What a person wants to know of each line now, gathered from what the pipeline says of it: results and alerts.

Rule: nothing here is a result, and nothing here reads a clock: a line's figures depend on the records seen. Memory is
bounded for each line, whatever it is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.core.line_config import LineConfig, TimeConfig
from pipeline.core.packml import STATE_NAMES
from pipeline.core.results import Result, Transition, Value
from pipeline.view.counts import Counts

STALE_MS = 30_000
MINUTE_MS, WINDOW_MS = 60_000, 10_000
READINGS, ANOMALIES, OVER, UNITS = 200, 20, 5, 1000
QUIET = frozenset({"norm", "shelved", "suppressed", "out_of_service"})


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A metric's newest anomaly, from its first window on to the end of its newest; `level` 1 or 2."""

    equipment: str
    metric: str
    level: int
    score: float
    since_ms: int
    until_ms: int
    open: bool


class UnitState(NamedTuple):
    """What a unit's state metric says, since when."""

    metric: str
    state: str
    since_ms: int


@dataclass(slots=True)
class LineFigures:
    """The newest of one line. `windows`: elements of its whole 10-s windows of the last minute, by start; `unit_states`
    by unit.

    `readings`: (unit, metric) -> (value, time), kept where a line counts no parts; `heard_ms` event time of its newest
    samples, `arrived_ms` when the log got what was made of them, `resumed_ms` its first whole window since data began;
    `pace_ms` up to when the unit that sets its pace was heard; `lapsed` the state from before a hole, which holds again
    from `again_ms` on if a window since then knows one: of a state that is as before nothing new is said.
    """

    path: str
    config: LineConfig | None = None
    state: str = ""
    since_ms: int | None = None
    unit_states: dict[str, UnitState] = field(default_factory=dict)
    windows: dict[int, Mapping[str, Value]] = field(default_factory=dict)
    readings: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    anomalies: dict[tuple[str, str], Anomaly] = field(default_factory=dict)
    alarms: dict[str, Transition] = field(default_factory=dict)
    over: list[Transition] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    heard_ms: int | None = None
    arrived_ms: int | None = None
    resumed_ms: int = 0
    pace_ms: int | None = None
    lapsed: str = ""
    again_ms: int = 0
    lag_ms: int | None = None
    delay_ms: int | None = None

    def minute(self) -> dict[int, Mapping[str, Value]]:
        """Its windows of the last minute that its samples cover: beyond the newest one there is no data yet."""
        heard_ms = self.heard_ms or 0
        since_ms, until_ms = heard_ms - 2 * MINUTE_MS, heard_ms + self.time.idle_timeout_ms - WINDOW_MS
        return {start: found for start, found in self.windows.items() if since_ms <= start <= until_ms}

    @property
    def time(self) -> TimeConfig:
        return self.config.time if self.config else TimeConfig()

    def unknown_states(self) -> list[tuple[str, UnitState]]:
        """(unit, its state) where no table knows what the machine says."""
        return sorted((unit, said) for unit, said in self.unit_states.items() if said.state not in STATE_NAMES)

    @property
    def patience_ms(self) -> int:
        """After so long without a sample there is no data."""
        return max(STALE_MS, self.time.valid_for_ms)

    @property
    def is_pseudo(self) -> bool:
        """No line of a factory: what could not be assigned to one is in the ledger alone."""
        return self.path.startswith("_")

    @property
    def has_parts(self) -> bool:
        """Whether there is an OEE to show: a unit that sets the pace is declared, or elements have come."""
        return bool(self.windows) or bool(self.config and self.config.pace_unit)

    def is_silent(self, now_ms: int) -> bool:
        return self.arrived_ms is None or now_ms - self.arrived_ms > self.patience_ms

    @property
    def is_headless(self) -> bool:
        """Other units are heard, the one that sets the pace no longer: the line's state is not known."""
        if self.heard_ms is None or self.pace_ms is None:
            return False
        return self.heard_ms - self.pace_ms > self.patience_ms


class Figures:
    """The lines that are declared, and those that the log speaks of besides."""

    def __init__(self, declared: Iterable[LineConfig], began_ms: int) -> None:
        self.began_ms = began_ms
        self.lines = {line.path: LineFigures(line.path, line) for line in declared}

    def line(self, path: str) -> LineFigures:
        if path not in self.lines:
            self.lines[path] = LineFigures(path)
        return self.lines[path]

    def note_results(self, path: str, append_ms: int, results: Sequence[Result]) -> None:
        """One record of results.v1."""
        line = self.line(path)
        for result in results:
            match result.kind:
                case "metric" if result.window_s <= 10 and result.values["count"]:
                    note_metric(line, result, append_ms, self.began_ms)
                case "state":
                    said = UnitState(result.name, str(result.values["state"]), result.window_start)
                    note_state(line, result.equipment, said)
                case "elements" if result.window_s * 1000 == WINDOW_MS and result.equipment == path:
                    note_elements(line, result, append_ms >= self.began_ms)
                case "anomaly" if result.window_s == 10:
                    note_anomaly(line, result)
                case "ledger":
                    line.counts.note(result.name, result.window_start, result.values, result.revision == 0)
                case "progress":
                    note_progress(line, append_ms, result.values)
        line.counts.close(append_ms, self.began_ms)

    def note_alert(self, path: str, alert: Transition) -> None:
        """One record of alerts.v1; a repeat changes nothing."""
        line = self.line(path)
        known = line.alarms.get(alert.id)
        if known is not None and known.transition >= alert.transition:
            return
        if alert.state not in QUIET:
            line.alarms[alert.id] = alert
            return
        line.alarms.pop(alert.id, None)
        if alert.state == "norm" and all(alert.id != over.id for over in line.over):
            line.over = [alert, *line.over][:OVER]


def is_pace(line: LineFigures, equipment: str) -> bool:
    """Whether this unit's state is the line's: that of the unit that sets its pace, of any where none is declared."""
    pace = line.config.pace_unit if line.config else ""
    return not pace or equipment == f"{line.path}/{pace}"


def note_state(line: LineFigures, equipment: str, said: UnitState) -> None:
    unit = equipment.removeprefix(f"{line.path}/")
    known = line.unit_states.get(unit)
    if (known is None and len(line.unit_states) < UNITS) or (known is not None and said.since_ms >= known.since_ms):
        line.unit_states[unit] = said
    if is_pace(line, equipment) and (line.since_ms is None or said.since_ms >= line.since_ms):
        line.state, line.since_ms, line.lapsed = said.state, said.since_ms, ""


def note_metric(line: LineFigures, result: Result, append_ms: int, began_ms: int) -> None:
    note_hole(line, result.window_start, append_ms, began_ms)
    end_ms = result.window_start + result.window_s * 1000
    line.heard_ms, line.arrived_ms = max(line.heard_ms or end_ms, end_ms), append_ms
    if line.config and result.equipment == f"{line.path}/{line.config.pace_unit}":
        line.pace_ms = max(line.pace_ms or end_ms, end_ms)
    last = result.values.get("last")
    if line.has_parts or not isinstance(last, int | float):
        line.readings.clear()
        return
    name = (result.equipment.removeprefix(line.path).strip("/"), result.name)
    known = line.readings.get(name)
    if (known is None and len(line.readings) < READINGS) or (known is not None and known[1] <= end_ms):
        line.readings[name] = (float(last), end_ms)


def note_hole(line: LineFigures, start_ms: int, append_ms: int, began_ms: int) -> None:
    """A hole in a line's data ends the minute before it: what was counted across it is of no interest now. So does our
    own beginning, with a shorter hole: nobody listened. After a long hole the state has to be known anew."""
    hole_ms = 0 if line.heard_ms is None else start_ms - line.heard_ms
    is_first = line.arrived_ms is None or line.arrived_ms < began_ms <= append_ms
    was_away = line.heard_ms is not None and line.heard_ms < began_ms and hole_ms > line.time.idle_timeout_ms
    if is_first or was_away or hole_ms > line.patience_ms:
        line.resumed_ms = -(-start_ms // WINDOW_MS) * WINDOW_MS
        line.windows = {start: found for start, found in line.windows.items() if start >= line.resumed_ms}
    if hole_ms > line.patience_ms and line.since_ms is not None and line.since_ms < start_ms:
        line.lapsed, line.state, line.since_ms, line.again_ms = line.state or line.lapsed, "", None, start_ms


def note_elements(line: LineFigures, result: Result, is_ours: bool) -> None:
    """`is_ours`: said since we began; the minute is none of a run before."""
    end_ms = result.window_start + WINDOW_MS
    if result.window_start < line.resumed_ms:
        return
    if result.values.get("unclassified_ms") != result.values.get("pbt_ms"):
        line.pace_ms = max(line.pace_ms or end_ms, end_ms)
        if line.lapsed:
            line.state, line.since_ms, line.lapsed = line.lapsed, line.again_ms, ""
    if not is_ours:
        return
    line.windows[result.window_start] = result.values
    newest = max(line.windows)
    line.windows = {start: found for start, found in line.windows.items() if start > newest - MINUTE_MS}


def note_anomaly(line: LineFigures, result: Result) -> None:
    level, score = result.values.get("level"), result.values.get("score")
    if not isinstance(level, int) or not isinstance(score, int | float):
        return
    name = (result.equipment, result.name)
    known = line.anomalies.get(name)
    end_ms = result.window_start + result.window_s * 1000
    if level == 0 and known is not None and known.open:
        line.anomalies[name] = Anomaly(*name, known.level, known.score, known.since_ms, result.window_start, False)
    elif level:
        goes_on = known is not None and known.open
        since_ms = known.since_ms if known is not None and goes_on else result.window_start
        line.anomalies[name] = Anomaly(*name, level, float(score), since_ms, end_ms, True)
    if len(line.anomalies) > ANOMALIES:
        del line.anomalies[min(line.anomalies, key=lambda one: line.anomalies[one].until_ms)]


def note_progress(line: LineFigures, append_ms: int, values: Mapping[str, Value]) -> None:
    watermark_ms, read_ms = values.get("watermark_ms"), values.get("append_ms")
    if isinstance(watermark_ms, int) and isinstance(read_ms, int):
        line.lag_ms = max(0, read_ms - watermark_ms)
        line.delay_ms = max(0, append_ms - read_ms)
