"""All that a worker remembers of one line, and of one partition. Values only: a snapshot is these, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.compose import Table, Windows
from pipeline.core.elements import Issue
from pipeline.core.event_time import NEVER, PANE_MS, Clocks
from pipeline.core.grown import grown
from pipeline.core.history import History
from pipeline.core.ledger import Ledger
from pipeline.core.line_config import LineConfig, MetricConfig, UnitConfig
from pipeline.core.line_times import LineTimes
from pipeline.core.minutes import Minutes
from pipeline.core.open_rows import OpenRows
from pipeline.core.order import Rows, empty_rows
from pipeline.core.packml import NAMES, canonical_name
from pipeline.core.registry import Bound, Registry
from pipeline.core.states import Span, StateTrack
from pipeline.core.traits import NAMED, Traits, declared
from pipeline.core.unit_book import COUNTED, UnitBook
from pipeline.core.waiting import Waiting
from pipeline.detectors.ewma import EwmaState
from pipeline.steps.alarms import AlarmBook

Ints = npt.NDArray[np.int64]
BOOKED = {"state", *COUNTED}  # a unit with a metric of these roles has a book
MAX_TEXTS = 1_000  # spellings of states and modes that one line may teach; later ones read as unknown


def _column() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class LineState:
    """`gone`: books of units that the configuration no longer has, as long as their windows may leave again, with their
    issue among `issues`. `heard`: by source code, (first, last) of its rows, cut where it was silent for longer than
    its states may hold. `texts`: what its states and modes were called, by code."""

    path: str
    config: LineConfig
    books: dict[str, UnitBook] = field(default_factory=dict)
    gone: dict[str, UnitBook] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    alarms: AlarmBook = field(default_factory=AlarmBook)
    heard: dict[int, list[Span]] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    ledger_hour: int = 0
    forgot_ms: int = NEVER

    def configure(self, config: LineConfig) -> None:
        """In force from here on. A unit that keeps its state metrics keeps its book; one that is gone publishes no
        more, and when it comes back what it published is known."""
        before = {unit.name: unit for unit in self.config.units}
        if config != self.config:
            self.alarms = replace(self.alarms, started=True)
        self.config = config
        booked = {unit.name: unit for unit in config.units if any(m.role in BOOKED for m in unit.metrics)}
        for name in [name for name in self.books if name not in booked]:
            self.gone[name] = self.books.pop(name)
        for name, unit in booked.items():
            book = self.books.get(name)
            if book is None:
                self.books[name] = self._begun(unit)
            elif name in before:
                if _followed(before[name], "state") != _followed(unit, "state"):
                    book.state = self._track(unit, "state")
                if _followed(before[name], "mode") != _followed(unit, "mode"):
                    book.mode = self._track(unit, "mode")

    def _begun(self, unit: UnitConfig) -> UnitBook:
        """The book of a unit that is new, or back: it says no more of the time between, and has no row yet."""
        state, mode = self._track(unit, "state"), self._track(unit, "mode")
        before = self.gone.pop(unit.name, None)
        if before is None:
            return UnitBook(state, mode)
        state.until, mode.until = before.state.until, before.mode.until
        return replace(before, state=state, mode=mode, first=None, counters={})

    def _track(self, unit: UnitConfig, role: str) -> StateTrack:
        by_exception = any(metric.by_exception for metric in unit.metrics if metric.role == role)
        return StateTrack(self.config.time.valid_for_ms, by_exception)

    def learn(self, code: int, text: str) -> None:
        """A text that a state or mode metric sent. Names that mean something always find room."""
        meant = canonical_name(text) in NAMES or any(text in metric.codes for metric in self._metrics())
        if len(self.texts) < (2 * MAX_TEXTS if meant else MAX_TEXTS):
            self.texts.setdefault(code, text)

    def _metrics(self) -> Iterator[MetricConfig]:
        return (metric for unit in self.config.units for metric in unit.metrics if metric.role in NAMED)


def _followed(unit: UnitConfig, role: str) -> tuple[str, ...]:
    return tuple(metric.name for metric in unit.metrics if metric.role == role)


@dataclass(slots=True)
class PartitionState:
    """One partition. `late`: rows that correct at the next tick of their line, in log order. Columns by series code:
    `prev_t` and `prev_live` of the newest reduced sample; `heard_running` and `heard_append` at its newest row in time,
    where an alarm looks at it; `early_t` of the newest row that one has looked at as it came; `spelt`: has it sent a
    text? `level` by width of its newest published anomaly; `begin` by width of its first window where it began later
    than its rows (else NEVER). Columns by line code: `ledger_said`, 10-s step of append time at which the ledger last
    left; `progress_said`, of its clock; `busy`: has the line more to say at a tick than windows of metrics? `horizon`,
    event time before which nothing is corrected any more. `least_open`: the least `max_open_rows`."""

    registry: Registry = field(default_factory=Registry)
    traits: Traits = field(default_factory=Traits)
    times: LineTimes = field(default_factory=LineTimes)
    clocks: Clocks = field(default_factory=Clocks)
    lines: dict[int, LineState] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)
    ledger: Ledger = field(default_factory=Ledger)
    open: OpenRows = field(default_factory=OpenRows)
    late: Rows = field(default_factory=empty_rows)
    minutes: Minutes = field(default_factory=Minutes)
    history: History = field(default_factory=History)
    ewma: EwmaState = field(default_factory=EwmaState)
    windows: dict[int, Windows] = field(default_factory=dict)
    pending: list[Table] = field(default_factory=list)
    prev_t: Ints = field(default_factory=_column)
    prev_live: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    heard_running: Ints = field(default_factory=_column)
    heard_append: Ints = field(default_factory=_column)
    early_t: Ints = field(default_factory=_column)
    spelt: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    level: dict[int, Ints] = field(default_factory=dict)
    begin: dict[int, Ints] = field(default_factory=dict)
    ledger_said: Ints = field(default_factory=_column)
    progress_said: Ints = field(default_factory=_column)
    busy: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    horizon: Ints = field(default_factory=_column)
    least_open: int = 0

    def is_seen(self, series: int) -> bool:
        """Has it had a row in time? That it has a code says nothing: a record behind the tick may have given it."""
        return bool(self.heard_append[series] != NEVER or self.prev_t[series] != NEVER or self.spelt[series])

    def configure(self, code: int, config: LineConfig) -> None:
        """The configuration of a line, in force from here on, and an equal one changes nothing.

        What it does not touch goes on: clocks, scores, windows, books, counters, incidents of the other alarms, and all
        of the other lines. Fresh from here: an alarm that changed, whose incident ends first; a window length that is
        new, with its first whole window; state or mode of a unit that another metric tells now."""
        line = self.lines.get(code)
        if line is None:
            line = self.lines[code] = LineState(config.path, config)
        elif line.config == config:
            return
        line.configure(config)
        self.times.set(code, config.time)
        watched = {(alarm.unit, alarm.metric) for alarm in config.alarms}
        self.registry.bound(code, Bound(config.time.max_series, frozenset(declared(config)) | watched))
        self._configure_windows(code, config)
        self.waiting.cover(code + 1)
        self.ledger_said = grown(self.ledger_said, code + 1, -1)
        self.progress_said = grown(self.progress_said, code + 1, -1)
        self.busy = grown(self.busy, code + 1, False)
        self.horizon = grown(self.horizon, code + 1, NEVER)
        self.busy[code] = bool(line.books or line.gone or config.alarms or line.alarms.entries)
        if config.time.max_open_rows != self.least_open:
            self.least_open = min(line.config.time.max_open_rows for line in self.lines.values())

    def _configure_windows(self, line: int, config: LineConfig) -> None:
        """A length that is new to a series begins with its first whole window, one that is gone leaves no more."""
        known = self.traits.known
        own = np.flatnonzero(self.registry.line_of[:known] == line)
        closed = self.clocks.clock[self.registry.source_of[own]] // PANE_MS * PANE_MS
        before = {width: wants[own] for width, wants in self.traits.wants.items()}
        self.traits.configure(line, self.registry, {line: config})
        for width, wants in self.traits.wants.items():
            other = np.flatnonzero(wants[own] ^ before.get(width, np.zeros(len(own), np.bool_)))
            if width == PANE_MS or not len(other):
                continue
            self.begin[width] = grown(self.begin.get(width, _column()), known, NEVER)
            self.begin[width][own[other]] = -(-closed[other] // width) * width
            self.windows.setdefault(width, Windows()).grow(known)
            self.windows[width].reset(own[other])
            self.pending = [t.without(own[other]) if t.width == width else t for t in self.pending]

    def _configs(self) -> dict[int, LineConfig]:
        return {code: line.config for code, line in self.lines.items()}

    def cover(self) -> None:
        """Makes room in every column for series, sources and lines that are new."""
        size = len(self.registry.series)
        self.clocks.cover(len(self.registry.sources), len(self.registry.paths))
        if size > self.traits.known:
            self.traits.cover(self.registry, self._configs())
        for width in self.traits.wants:
            if width > PANE_MS:
                self.windows.setdefault(width, Windows()).grow(size)
        self.begin = {width: grown(begin, size, NEVER) for width, begin in self.begin.items()}
        if len(self.prev_t) < size:
            self.ewma.grow(size)
            self.prev_t = grown(self.prev_t, size, NEVER)
            self.prev_live = grown(self.prev_live, size, False)
            self.spelt = grown(self.spelt, size, False)
            self.heard_running = grown(self.heard_running, size, NEVER)
            self.heard_append = grown(self.heard_append, size, NEVER)
            self.early_t = grown(self.early_t, size, NEVER)
