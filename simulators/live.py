"""When results and alerts of a run were there to be seen, for its latencies.

Rule: reads the ends of results.v1 and alerts.v1 as anybody could; nothing here is a result.
"""

from contextlib import suppress
from dataclasses import dataclass, field

from connectors.codecs import alerts_json, results_json
from pipeline.core.errors import Unavailable
from pipeline.core.ports import Log, Reader
from pipeline.runtime.clock import monotonic
from simulators.drive import REMEMBERED_MS

MOST_ALERTS = 10_000


@dataclass
class Live:
    """Wall seconds by event time: `results_seen` of ends of 1-s metric windows, `alerts_seen` of raised alarms."""

    log: Log
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

    def look(self) -> None:
        """What cannot be read now is read later."""
        with suppress(Unavailable):
            self._look()

    def _look(self) -> None:
        for record in self.results.poll(0.0):
            for result in results_json.decode(record.value):
                if result.kind == "metric" and result.window_s == 1:
                    end_ms = result.window_start + 1000
                    self.results_seen.setdefault(end_ms, monotonic())
                    self.results_seen.pop(end_ms - REMEMBERED_MS, None)
        for record in self.alerts.poll(0.0):
            alert = alerts_json.decode(record.value)
            if alert.state != "norm":
                self.alerts_seen.setdefault(alert.event_time_ms, monotonic())
        while len(self.alerts_seen) > MOST_ALERTS:
            del self.alerts_seen[next(iter(self.alerts_seen))]

    def close(self) -> None:
        self.results.close()
        self.alerts.close()
