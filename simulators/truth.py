"""The plant's own books: what really happened, and the elements and KPIs that follow from it.

Rule: shares no code with what it judges (nothing of pipeline or connectors), and is booked before any sampling.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from simulators.faults import Fault

Window = tuple[int, int]  # [start, end) in ms since the epoch

PACKML_NAMES = (
    "clearing stopped starting idle suspended execute stopping aborting aborted holding held unholding suspending "
    "unsuspending resetting completing complete"
)
PACKML = frozenset(PACKML_NAMES.split())


class StateInterval(NamedTuple):
    from_ms: int
    to_ms: int
    state: str
    mode: str


class Part(NamedTuple):
    t_ms: int
    good: bool


class Booking(NamedTuple):
    """What one step of a line adds to the book. `readings` are the event times at which a counter was published."""

    states: list[StateInterval]
    parts: list[Part]
    good_readings: list[int]
    reject_readings: list[int]


class Elements(NamedTuple):
    """Additive; times are ms. The five times of state sum to pbt."""

    pbt: int = 0
    apt: int = 0
    aust: int = 0
    adet: int = 0
    adot: int = 0
    unclassified: int = 0
    pq: int = 0
    gq: int = 0
    sq: int = 0
    ideal: float = 0.0

    def figures(self) -> dict[str, float | int | None]:
        """A line's `truth` in a summary; null where a denominator is 0, but oee is 0 for known time without a part."""
        known = self.pbt > self.unclassified
        oee = self.ideal / self.pbt * self.gq / self.pq if known and self.pq else (0.0 if known else None)
        return {
            "oee": oee,
            "availability": self.apt / self.pbt if self.pbt else None,
            "effectiveness": self.ideal / self.apt if self.apt else None,
            "quality_ratio": self.gq / self.pq if self.pq else None,
            "parts": self.pq,
        }


def element_of(state: str, mode: str) -> str:
    """One element for every instant (a line without order data always has an order, so nothing is adot)."""
    if state not in PACKML:
        return "unclassified"
    if mode in ("changeover", "setup"):
        return "aust"
    return "apt" if mode == "production" and state == "execute" else "adet"


@dataclass(slots=True)
class Truth:
    """The book of one line whose pace and count unit is `unit`."""

    path: str
    unit: str
    ideal_cycle_ms: float
    states: list[StateInterval] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    good_readings: list[int] = field(default_factory=list)
    reject_readings: list[int] = field(default_factory=list)

    def book(self, entry: Booking) -> None:
        self.states += entry.states
        self.parts += entry.parts
        self.good_readings += entry.good_readings
        self.reject_readings += entry.reject_readings

    def shown(self, good: bool) -> npt.NDArray[np.int64]:
        """When the published counter first shows each part; parts before its first reading are in no increase."""
        readings = np.array(self.good_readings if good else self.reject_readings, np.int64)
        parts = np.array([part.t_ms for part in self.parts if part.good == good], np.int64)
        place = np.searchsorted(readings, parts, side="left")
        return readings[place[(place > 0) & (place < len(readings))]]

    def windows(self, windows: Sequence[Window]) -> list[Elements]:
        """The true elements of each window."""
        begins = [interval.from_ms for interval in self.states]
        counts = [_count_within(self.shown(good), windows) for good in (True, False)]
        found = []
        for (start, end), gq, sq in zip(windows, *counts, strict=True):
            spent = dict.fromkeys(("apt", "aust", "adet", "adot", "unclassified"), 0)
            for interval in self.states[max(0, bisect_right(begins, start) - 1) : bisect_left(begins, end)]:
                overlap = min(interval.to_ms, end) - max(interval.from_ms, start)
                spent[element_of(interval.state, interval.mode)] += max(0, overlap)
            spent["unclassified"] += end - start - sum(spent.values())
            parts = gq + sq
            ideal = self.ideal_cycle_ms * parts
            found.append(Elements(pbt=end - start, pq=parts, gq=gq, sq=sq, ideal=ideal, **spent))
        return found

    def elements(self, windows: Sequence[Window]) -> Elements:
        """The sum over windows that do not overlap."""
        found = self.windows(windows)
        return Elements(*(sum(column) for column in zip(*found, strict=True))) if found else Elements()


def _count_within(shown: npt.NDArray[np.int64], windows: Sequence[Window]) -> list[int]:
    edges = np.array(windows, np.int64).reshape(-1, 2)
    places = np.searchsorted(shown, edges, side="left")
    return [int(count) for count in places[:, 1] - places[:, 0]]


def save_books(folder: Path, books: Sequence[Truth], faults: Sequence[Fault], until_ms: int) -> None:
    """What happened before `until_ms`, as three Parquet files."""
    states = [(b.path, b.unit, *s) for b in books for s in b.states if s.from_ms < until_ms]
    parts = [(b.path, b.unit, *part) for b in books for part in b.parts if part.t_ms < until_ms]
    labels = [(f.fault_id, f.equipment, f.metric, f.t_on_ms, f.t_off_ms, f.rule, f.effect) for f in faults]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "states.parquet", "line unit from_ms to_ms state mode", states)
    _write(folder / "parts.parquet", "line unit t_ms good", parts)
    _write(folder / "faults.parquet", "fault_id equipment metric t_on_ms t_off_ms rule effect", labels)


def _write(path: Path, names: str, rows: Sequence[tuple[object, ...]]) -> None:
    kinds = {name: pl.Int64 if name.endswith("_ms") else pl.String for name in names.split()}
    pl.DataFrame(rows, kinds | {"good": pl.Boolean} if "good" in kinds else kinds, orient="row").write_parquet(path)
