"""What leaves a worker: results by identity, and the transitions of alarms.

A result's identity is (kind, equipment, name, window_s, window_start, product); publishing it again changes nothing,
correcting it raises `revision`; a store keeps the highest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

ResultKind = Literal["metric", "elements", "kpi", "anomaly", "state", "ledger", "score", "progress"]
Value = float | int | str | None


class Extent(NamedTuple):
    """The windows of one length that a store has, from the first start to the last."""

    window_s: int
    first_ms: int
    last_ms: int


@dataclass(slots=True)
class Result:
    """One result, never changed once made (not frozen: making one would cost five times as much).

    `equipment` is the full path (line, or line + "/" + unit); `window_start` is ms since the epoch.

    values by kind: metric count, mean, min, max, last, sd · score ewma, score · elements `<name>_ms` (int) and
    quantities · kpi one field a KPI, null where undefined · state state, reason · ledger the counts of one hour ·
    progress watermark_ms, append_ms, open_alarms. A null float is a value that does not exist.
    """

    kind: ResultKind
    equipment: str
    name: str
    window_s: int
    window_start: int
    product: str | None
    revision: int
    values: dict[str, Value]
    coverage: float | None = None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alarm's state, the body of an alert. (id, transition) names it once and for all.

    `state` and `previous`: norm, unack, acked, rtnun, latch_unack, latch_acked, shelved, suppressed, out_of_service.
    `raised_ms` = end of on_delay of the incident's raise; `reason` = "" or "configuration"; `announced`: consumers
    that tell people (MQTT, mail) drop a transition with announced = False, the store keeps it.
    """

    id: str
    transition: int
    alarm: str
    equipment: str
    priority: int
    state: str
    previous: str
    event_time_ms: int
    raised_ms: int
    value: float | None
    threshold: float | None
    uom: str
    message_en: str
    message_vi: str
    advice_en: str
    advice_vi: str
    incident: str
    revision: int
    announced: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WindowResults:
    """Results `metric` and `score` of windows of one length, as columns; in order of series within a line.

    line i32, series i32 codes; offset i64 of the record that publishes; revision, start (ms), n i64; mean, least, most,
    last, sd, coverage, ewma f64; score f64, -1 where there is none. `labels`: (equipment, metric) by series code.
    """

    window_s: int
    labels: Sequence[tuple[str, str]]
    line: npt.NDArray[np.int32]
    series: npt.NDArray[np.int32]
    offset: npt.NDArray[np.int64]
    revision: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float64]
    least: npt.NDArray[np.float64]
    most: npt.NDArray[np.float64]
    last: npt.NDArray[np.float64]
    sd: npt.NDArray[np.float64]
    coverage: npt.NDArray[np.float64]
    ewma: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True, slots=True)
class LineResults:
    """What the record at `offset` of the log made a line publish beside its windows."""

    line: str
    offset: int
    results: list[Result]
    alerts: list[Transition]
