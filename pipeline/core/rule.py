"""What an alarm rule is, and what it sees: a frozen object whose fields are its configuration; memory goes in and out.

Rules: a rule finds where its condition became true or false in event time, nothing more (states, ids and announcing
are the book's, `steps/alarms.py`); however the rows are cut into ticks, it finds the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

PANE_MS = 1_000


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """Rows of closed panes of one series, in canonical order, since the last tick; there may be none. `score`: |z| of
    each against its series before it, 0 where there is none."""

    t: npt.NDArray[np.int64]
    v: npt.NDArray[np.float64]
    usable: npt.NDArray[np.bool_]
    seq: npt.NDArray[np.uint64]
    score: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeriesFeed:
    """What one rule sees at a tick. None: no new rows; a series never seen has no clock and no newest row."""

    rows: SeriesRows | None
    clock_ms: int | None
    newest: tuple[int, int] | None
    append_ms: int
    running_ms: int

    @property
    def closed_to(self) -> int | None:
        """Event time before which no row comes any more: the start of the pane in which the source's clock stands."""
        return None if self.clock_ms is None else self.clock_ms // PANE_MS * PANE_MS


@dataclass(frozen=True, slots=True)
class AlarmFeed:
    """What a line's alarms see at a tick, by (unit, metric).

    rows: absent = no new rows · clock_ms: clock of the series' source, absent = series never seen · newest:
    (running_ms, append_ms) at the newest row in time, absent = never seen.
    """

    rows: Mapping[tuple[str, str], SeriesRows]
    clock_ms: Mapping[tuple[str, str], int]
    newest: Mapping[tuple[str, str], tuple[int, int]]
    append_ms: int
    running_ms: int

    def of(self, unit: str, metric: str) -> SeriesFeed:
        key = (unit, metric)
        return SeriesFeed(
            self.rows.get(key), self.clock_ms.get(key), self.newest.get(key), self.append_ms, self.running_ms
        )


class Begun(NamedTuple):
    """The sample with which a condition turned, while its delay runs."""

    t: int
    seq: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What a rule keeps between ticks: plain values, the same shape for every rule.

    active: the condition holds · begun, value: a delay runs since that sample; the newest usable value in it ·
    heard: (running_ms, append_ms) from which silence counts, where that is not the newest row.
    """

    active: bool = False
    begun: Begun | None = None
    value: float | None = None
    heard: tuple[int, int] | None = None


class Change(NamedTuple):
    """A condition became true (`active`) or false at `at_ms`; `seq` is that of the sample that began it."""

    active: bool
    at_ms: int
    seq: int
    value: float | None
    threshold: float | None


class Rule(Protocol):
    """One kind of alarm (the name of its file): a frozen class, made from an alarm's configuration by its `of`."""

    def step(self, memory: Memory, feed: SeriesFeed) -> tuple[Memory, list[Change]]: ...

    def clock(self, feed: SeriesFeed) -> int | None:
        """How far this rule has come in its own time; None while it has not begun."""

    def say(self, metric: str, uom: str, change: Change) -> tuple[str, str]:
        """What happened, in one English and one Vietnamese sentence."""
