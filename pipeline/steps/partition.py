"""All that a worker remembers of one line, and of one partition. Values only: a snapshot is these, and nothing else."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.compose import Table, Windows
from pipeline.core.elements import Issue
from pipeline.core.event_time import NEVER, PANE_MS, LineClock
from pipeline.core.ledger import Ledger
from pipeline.core.line_config import LineConfig, MetricConfig, UnitConfig
from pipeline.core.open_rows import OpenRows
from pipeline.core.registry import Registry, grown
from pipeline.core.states import StateTrack
from pipeline.core.traits import Traits
from pipeline.core.unit_book import UnitBook
from pipeline.detectors.ewma import EwmaState
from pipeline.steps.alarms import AlarmBook

Ints = npt.NDArray[np.int64]


def _tracked(unit: UnitConfig, role: str) -> MetricConfig | None:
    return next((metric for metric in unit.metrics if metric.role == role), None)


def _track(unit: UnitConfig, role: str, valid_for_ms: int) -> StateTrack:
    metric = _tracked(unit, role)
    return StateTrack(valid_for_ms, metric.by_exception if metric else False)


@dataclass(slots=True)
class LineState:
    """`ledger_said`: 10-s step of append time at which the ledger last left; `progress_said`: of the line's clock."""

    path: str
    config: LineConfig
    clock: LineClock = field(default_factory=LineClock)
    books: dict[str, UnitBook] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    alarms: AlarmBook = field(default_factory=AlarmBook)
    ledger_said: int = -1
    ledger_hour: int = 0
    progress_said: int = -1

    def configure(self, config: LineConfig) -> None:
        """In force from here on. Units that keep their state metrics keep their books."""
        self.config = config
        for unit in config.units:
            if unit.name not in self.books and any(m.role in ("state", "good_count") for m in unit.metrics):
                valid = config.time.valid_for_ms
                self.books[unit.name] = UnitBook(_track(unit, "state", valid), _track(unit, "mode", valid))


@dataclass(slots=True)
class PartitionState:
    """One partition. Columns by series code: `prev_t` and `prev_live` of the newest reduced sample, `heard_running`
    and `heard_append` at its newest row in time, `level` of its newest published anomaly."""

    registry: Registry = field(default_factory=Registry)
    traits: Traits = field(default_factory=Traits)
    lines: dict[int, LineState] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    open: OpenRows = field(default_factory=OpenRows)
    ewma: EwmaState = field(default_factory=EwmaState)
    windows: dict[int, Windows] = field(default_factory=dict)
    pending: list[Table] = field(default_factory=list)
    texts: dict[str, int] = field(default_factory=dict)
    prev_t: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    prev_live: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    heard_running: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    heard_append: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    level: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def cover(self) -> None:
        """Makes room in every column for series that are new."""
        size = len(self.registry.series)
        self.traits.cover(self.registry, {code: line.config for code, line in self.lines.items()})
        self.ewma.grow(size)
        for width in self.traits.wants:
            if width > PANE_MS:
                self.windows.setdefault(width, Windows()).grow(size)
        self.prev_t = grown(self.prev_t, size, NEVER).astype(np.int64, copy=False)
        self.prev_live = grown(self.prev_live, size, False).astype(np.bool_, copy=False)
        self.heard_running = grown(self.heard_running, size, NEVER).astype(np.int64, copy=False)
        self.heard_append = grown(self.heard_append, size, NEVER).astype(np.int64, copy=False)
        self.level = grown(self.level, size, 0).astype(np.int64, copy=False)
