"""The plant's own books: what really happened, and the elements and KPIs that follow from it.

Rule: shares no code with what it judges (nothing of pipeline or connectors), and is booked before any sampling.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from simulators.faults import Fault
from simulators.hours import Hours, Window

PACKML_NAMES = (
    "clearing stopped starting idle suspended execute stopping aborting aborted holding held unholding suspending "
    "unsuspending resetting completing complete"
)
PACKML = frozenset(PACKML_NAMES.split())


class StateInterval(NamedTuple):
    """What held from one ms to another; `reason`: why a unit stands."""

    from_ms: int
    to_ms: int
    state: str
    mode: str
    reason: str = ""


class Part(NamedTuple):
    t_ms: int
    good: bool


class Energy(NamedTuple):
    """So many whole Wh were used up to this ms since the entry before."""

    t_ms: int
    wh: int


class Booking(NamedTuple):
    """What one step adds to the book of one unit: what held, cut at the step's ends, and what its counters gained.
    `readings` are the event times at which a counter was published."""

    states: Sequence[StateInterval] = ()
    parts: Sequence[Part] = ()
    good_readings: Sequence[int] = ()
    reject_readings: Sequence[int] = ()
    energy: Sequence[Energy] = ()
    energy_readings: Sequence[int] = ()


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
    energy_wh: int = 0

    def figures(self) -> dict[str, float | int | None]:
        """A line's `truth` in a summary; null where a denominator is 0, but oee is 0 for known time without a part."""
        known = self.pbt > self.unclassified
        oee = self.ideal / self.pbt * self.gq / self.pq if known and self.pq else (0.0 if known else None)
        return {
            "oee": oee,
            "availability": self.apt / self.pbt if known else None,
            "effectiveness": self.ideal / self.apt if self.apt else None,
            "quality_ratio": self.gq / self.pq if self.pq else None,
            "parts": self.pq,
            "energy_wh": self.energy_wh,
        }


def element_of(state: str, mode: str) -> str:
    """One element for every instant (a line without order data always has an order, so nothing is adot)."""
    if state not in PACKML:
        return "unclassified"
    if mode in ("changeover", "setup"):
        return "aust"
    return "apt" if mode == "production" and state == "execute" else "adet"


@dataclass
class Counter:
    """What a counter gained, and when it was published."""

    times: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    readings: list[int] = field(default_factory=list)

    def book(self, times: Sequence[int], amounts: Sequence[int], readings: Sequence[int]) -> None:
        self.times += times
        self.amounts += amounts
        self.readings += readings

    def within(self, windows: Sequence[Window]) -> list[int]:
        """What it gains in each window: a gain counts where a reading first shows it, before the first in none."""
        readings = np.array(self.readings, np.int64)
        place = np.searchsorted(readings, np.array(self.times, np.int64), side="left")
        shown = (place > 0) & (place < len(readings))
        sums = np.concatenate(([0], np.cumsum(np.array(self.amounts, np.int64)[shown])))
        edges = np.searchsorted(readings[place[shown]], np.array(windows, np.int64).reshape(-1, 2), side="left")
        return [int(gained) for gained in sums[edges[:, 1]] - sums[edges[:, 0]]]


@dataclass
class UnitTruth:
    """The book of one unit, in order of time. States follow one another without a gap; one holds, a part falls, at t
    within [from, to); a reading at t shows what was gained up to and at t. Without `hours` all time is planned."""

    path: str
    unit: str
    ideal_cycle_ms: float | None
    hours: Hours | None = None
    states: list[StateInterval] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    good: Counter = field(default_factory=Counter)
    reject: Counter = field(default_factory=Counter)
    energy: Counter = field(default_factory=Counter)

    def book(self, entry: Booking) -> None:
        for interval in entry.states:
            goes_on = self.states and self.states[-1][1:] == (interval.from_ms, *interval[2:])
            begin = self.states.pop().from_ms if goes_on else interval.from_ms
            self.states.append(interval._replace(from_ms=begin))
        self.parts += entry.parts
        counters = ((self.good, True, entry.good_readings), (self.reject, False, entry.reject_readings))
        for counter, good, readings in counters:
            gains = [part.t_ms for part in entry.parts if part.good == good]
            counter.book(gains, [1] * len(gains), readings)
        self.energy.book(
            [used.t_ms for used in entry.energy], [used.wh for used in entry.energy], entry.energy_readings
        )

    def windows(self, windows: Sequence[Window]) -> list[Elements]:
        """The true elements of each window."""
        begins = [interval.from_ms for interval in self.states]
        gained = [counter.within(windows) for counter in (self.good, self.reject, self.energy)]
        found = []
        for (start, end), gq, sq, wh in zip(windows, *gained, strict=True):
            planned = [(start, end)] if self.hours is None else self.hours.planned(start, end)
            busy = sum(high - low for low, high in planned)
            spent = dict.fromkeys(("apt", "aust", "adet", "adot", "unclassified"), 0)
            for interval in self.states[max(0, bisect_right(begins, start) - 1) : bisect_left(begins, end)]:
                worked = sum(max(0, min(interval.to_ms, b) - max(interval.from_ms, a)) for a, b in planned)
                spent[element_of(interval.state, interval.mode)] += worked
            spent["unclassified"] += busy - sum(spent.values())
            ideal = (self.ideal_cycle_ms or 0.0) * (gq + sq)
            found.append(Elements(pbt=busy, pq=gq + sq, gq=gq, sq=sq, ideal=ideal, energy_wh=wh, **spent))
        return found


@dataclass
class Truth:
    """The books of a line's units. Its times are those of `pace_unit`, its parts those of `count_unit` at the ideal
    cycle of the pace unit, its energy the sum of all; a line that makes nothing names neither."""

    path: str
    units: dict[str, UnitTruth]
    pace_unit: str = ""
    count_unit: str = ""

    def book(self, entries: Mapping[str, Booking]) -> None:
        for unit, entry in entries.items():
            self.units[unit].book(entry)

    @property
    def known_from(self) -> int:
        """From here on the line's state and all its counters have been published; far ahead before anything has."""
        states = self.units[self.pace_unit].states if self.pace_unit else []
        counters = [unit.energy for unit in self.units.values()]
        if self.count_unit:
            counters += [self.units[self.count_unit].good, self.units[self.count_unit].reject]
        firsts = [counter.readings[0] for counter in counters if counter.readings]
        return max([*firsts, *(state.from_ms for state in states[:1])], default=1 << 60)

    def windows(self, windows: Sequence[Window]) -> list[Elements]:
        """The true elements of the line in each window."""
        books = [unit.windows(windows) for unit in self.units.values()]
        places = {name: place for place, name in enumerate(self.units)}
        found = []
        for at in range(len(windows)):
            units = [book[at] for book in books]
            unknown = Elements(pbt=units[0].pbt, unclassified=units[0].pbt)
            times = units[places[self.pace_unit]] if self.pace_unit else unknown
            made = units[places[self.count_unit]] if self.count_unit else unknown
            ideal = made.pq * (self.units[self.pace_unit].ideal_cycle_ms or 0.0) if self.pace_unit else 0.0
            used = sum(unit.energy_wh for unit in units)
            found.append(times._replace(pq=made.pq, gq=made.gq, sq=made.sq, ideal=ideal, energy_wh=used))
        return found

    def elements(self, windows: Sequence[Window]) -> Elements:
        """The sum over windows that do not overlap."""
        found = self.windows(windows)
        return Elements(*(sum(column) for column in zip(*found, strict=True))) if found else Elements()


def save_books(folder: Path, books: Sequence[Truth], faults: Sequence[Fault], until_ms: int) -> None:
    """What happened before `until_ms`, as four Parquet files."""
    units = [(unit, (unit.path, unit.unit)) for book in books for unit in book.units.values()]
    states = [(*at, s.from_ms, min(s.to_ms, until_ms), *s[2:]) for u, at in units for s in u.states]
    parts = [(*at, *part) for u, at in units for part in u.parts]
    energy = [(*at, *gained) for u, at in units for gained in zip(u.energy.times, u.energy.amounts, strict=True)]
    labels = [(f.fault_id, f.equipment, f.metric, f.t_on_ms, f.t_off_ms, f.rule, f.effect) for f in faults]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "states.parquet", "line unit from_ms to_ms state mode reason", states, until_ms)
    _write(folder / "parts.parquet", "line unit t_ms good", parts, until_ms)
    _write(folder / "energy.parquet", "line unit t_ms wh", energy, until_ms)
    _write(folder / "faults.parquet", "fault_id equipment metric t_on_ms t_off_ms rule effect", labels, until_ms)


def _write(path: Path, names: str, rows: Sequence[tuple[object, ...]], until_ms: int) -> None:
    """What began before `until_ms`."""
    known = {"good": pl.Boolean(), "wh": pl.Int64()}
    kinds = {name: known.get(name, pl.Int64() if name.endswith("_ms") else pl.String()) for name in names.split()}
    begin = next(name for name in kinds if name.endswith("_ms"))
    pl.DataFrame(rows, kinds, orient="row").filter(pl.col(begin) < until_ms).write_parquet(path)
