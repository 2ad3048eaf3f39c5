"""Reads the ends of results.v1 and alerts.v1 for people who look: what was said lately, then what is said.

Rule: it looks on (no group, no commit); what cannot be read is passed over, others put it aside.
"""

from msgspec import DecodeError

from connectors.codecs import alerts_json, results_json
from pipeline.core.ports import Log, Reader
from pipeline.view.figures import Figures, UnitState, note_state
from pipeline.view.tables import ResultStore

BACK = {"results.v1": 2_000, "alerts.v1": 20_000}  # records of each partition
DAY_MS = 86_400_000


class Tail:
    """`figures` as of the last `look`."""

    def __init__(self, log: Log, figures: Figures) -> None:
        self.figures = figures
        self._results, self._alerts = (_lately(log, topic) for topic in ("results.v1", "alerts.v1"))

    def look(self) -> None:
        for record in self._results.poll(0.0):
            try:
                results = results_json.decode(record.value)
            except DecodeError:
                continue
            self.figures.note_results(record.key.decode(errors="replace"), record.append_ms, results)
        for record in self._alerts.poll(0.0):
            try:
                alert = alerts_json.decode(record.value)
            except DecodeError:
                continue
            self.figures.note_alert(record.key.decode(errors="replace"), alert)

    def close(self) -> None:
        self._results.close()
        self._alerts.close()


def _lately(log: Log, topic: str) -> Reader:
    reader = log.reader(topic, "")
    for partition in reader.partitions:
        reader.seek(partition, max(reader.first_offset(partition), reader.end_offset(partition) - BACK[topic]))
    return reader


def recall_states(figures: Figures, store: ResultStore, now_ms: int) -> None:
    """The states of declared lines that have lasted since before what `Tail` reads."""
    found = store.read("state", "", now_ms - DAY_MS, None, None)
    if found.is_empty():
        return
    newest = found.group_by("equipment", maintain_order=True).last()
    columns = (newest[name].to_list() for name in ("equipment", "name", "state", "window_start"))
    for equipment, metric, state, since_ms in zip(*columns, strict=True):
        line = figures.lines.get(equipment.rpartition("/")[0])
        if line is not None and line.config is not None:
            note_state(line, equipment, UnitState(metric, state, since_ms))
