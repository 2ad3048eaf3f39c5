"""What one would look at while lines run: figures of each line, gathered from the end of the log.

Rule: reads results.v1 and alerts.v1 as anybody could; nothing here is a result.
"""

from dataclasses import dataclass, field

from connectors.codecs import alerts_json, results_json
from pipeline.core.ports import Log, Reader
from pipeline.core.results import Result, Value
from pipeline.runtime.clock import monotonic
from simulators.drive import REMEMBERED_MS


@dataclass
class LineFigures:
    """The newest of one line."""

    state: str = ""
    kpis: dict[str, Value] = field(default_factory=dict)
    elements: dict[str, Value] = field(default_factory=dict)
    ledger: dict[str, Value] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)  # id -> alarm, open ones
    watermark_ms: int = 0


@dataclass
class Live:
    """`seen` lists (kind, event time, wall seconds) of 1-s metric windows and of raised alarms, for latencies."""

    log: Log
    lines: dict[str, LineFigures] = field(default_factory=dict)
    results_seen: dict[int, float] = field(default_factory=dict)
    alerts_seen: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.results = self._tail("results.v1")
        self.alerts = self._tail("alerts.v1")

    def _tail(self, topic: str) -> Reader:
        reader = self.log.reader(topic, "")
        for partition in reader.partitions:
            reader.seek(partition, reader.end_offset(partition))
        return reader

    def look(self) -> dict[str, LineFigures]:
        for record in self.results.poll(0.0):
            line = self.lines.setdefault(record.key.decode(), LineFigures())
            for result in results_json.decode(record.value):
                self._note(line, record.key.decode(), result)
        for record in self.alerts.poll(0.0):
            line = self.lines.setdefault(record.key.decode(), LineFigures())
            alert = alerts_json.decode(record.value)
            if alert.state == "norm":
                line.alarms.pop(alert.id, None)
            else:
                line.alarms[alert.id] = alert.alarm
                self.alerts_seen.setdefault(alert.event_time_ms, monotonic())
        return self.lines

    def _note(self, line: LineFigures, path: str, result: Result) -> None:
        match result.kind:
            case "metric" if result.window_s == 1:
                self.results_seen.setdefault(result.window_start + 1000, monotonic())
                self.results_seen.pop(result.window_start + 1000 - REMEMBERED_MS, None)
            case "state":
                line.state = str(result.values["state"])
            case "kpi" if result.window_s == 10 and result.equipment == path:
                line.kpis = result.values
            case "elements" if result.window_s == 10 and result.equipment == path:
                line.elements = result.values
            case "ledger":
                line.ledger = result.values
            case "progress":
                line.watermark_ms = int(result.values["watermark_ms"] or 0)

    def close(self) -> None:
        self.results.close()
        self.alerts.close()
