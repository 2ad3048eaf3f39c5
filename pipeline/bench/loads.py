"""Seeded loads for the benchmarks: raw samples, the records of the log that a gateway makes of them, and the windows
that a plain `group_by` makes of them.

Rules: frames are as `steps/gateway_frames.py` cuts them: one linger of one line, rows in order (unit, metric, t),
names in a table kept from frame to frame; samples arrive up to 500 ms late, each by its own, and 1 % come twice; none
comes too late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.core.frames import Frame, FrameName, Kind
from pipeline.core.results import Result
from pipeline.steps.names_table import LineNames
from pipeline.steps.plan import Entry

FIRST_MS = 1_780_000_000_000  # 20 s before a whole minute
LINGER_MS, POLL_MS, JITTER_MS, REPEATED = 250, 1_000, 500, 0.01
SEED = 12
WINDOWS = (10, 60)
COLUMNS = ("series", "width", "start", "n", "min", "max", "last", "mean", "sd")


class Mismatch(Exception):
    """The product lost, invented or miscounted something."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Who sends: `lines` lines of `sources` sources of `series` series, `per_pane` samples a series and second."""

    lines: int
    sources: int
    series: int
    per_pane: int

    @property
    def size(self) -> int:
        return self.lines * self.sources * self.series


@dataclass(frozen=True, slots=True)
class Raw:
    """Samples in order of receipt, repeats included. series i64, t i64 ms, v f64; `arrival` i64 ms."""

    series: npt.NDArray[np.int64]
    t: npt.NDArray[np.int64]
    v: npt.NDArray[np.float64]
    arrival: npt.NDArray[np.int64]

    def take(self, index: npt.NDArray[np.intp]) -> "Raw":
        return Raw(self.series[index], self.t[index], self.v[index], self.arrival[index])


@dataclass(frozen=True, slots=True)
class Load:
    """`polls`: what each poll of a second brings, as records and as raw columns; `distinct` samples without repeats."""

    shape: Shape
    polls: list[list[Entry]]
    raw: list[Raw]
    distinct: Raw


def make_load(shape: Shape, seconds: int, linger_ms: int = LINGER_MS, first_ms: int = FIRST_MS) -> Load:
    """`first_ms`: 20 s before a whole minute."""
    rng = np.random.default_rng(SEED)
    distinct = _samples(rng, shape, seconds, first_ms)
    again = np.flatnonzero(rng.random(len(distinct.t)) < REPEATED)
    late = rng.integers(0, JITTER_MS, len(again))
    index = np.concatenate((np.arange(len(distinct.t)), again))
    arrival = np.concatenate((distinct.arrival, distinct.arrival[again] + late))
    order = np.argsort(arrival, kind="stable")
    received = distinct.take(index[order])
    received.arrival[:] = arrival[order]
    raw = _split(received, received.arrival // POLL_MS)
    return Load(shape, _Records(shape, linger_ms).polls(raw), raw, distinct)


def _samples(rng: np.random.Generator, shape: Shape, seconds: int, first_ms: int) -> Raw:
    """A walk round 70 of every series; each has a phase of its own, no two samples of one share a millisecond."""
    count, period = seconds * shape.per_pane, 1000 // shape.per_pane
    series = np.tile(np.arange(shape.size), count)
    phase = rng.integers(0, period, shape.size)
    t = first_ms + np.repeat(np.arange(count) * period, shape.size) + np.tile(phase, count)
    v = 70.0 + np.round(rng.standard_normal(len(t)), 3)
    return Raw(series, t, v, t + rng.integers(0, JITTER_MS, len(t)))


def _split(raw: Raw, key: npt.NDArray[np.int64]) -> list[Raw]:
    """Parts with one key each, keys in order of the rows."""
    bounds = [0, *(np.flatnonzero(np.diff(key)) + 1).tolist(), len(key)]
    return [raw.take(np.arange(low, high)) for low, high in pairwise(bounds)]


class _Records:
    """Writes the log: numbers and totals of frames by line, offsets of all."""

    def __init__(self, shape: Shape, linger_ms: int) -> None:
        self.linger_ms = linger_ms
        self.offset, self.per_line = 0, shape.sources * shape.series
        self.paths = [f"park/line-{line}" for line in range(shape.lines)]
        self.numbers, self.totals = [0] * shape.lines, [0] * shape.lines
        self.line_names = [LineNames()] * shape.lines
        self.names = [series_name(shape, code) for code in range(self.per_line)]
        self.rank = np.argsort(np.argsort(np.array([f"{n.unit} {n.metric}" for n in self.names])))

    def polls(self, raw: list[Raw]) -> list[list[Entry]]:
        return [
            [entry for linger in _split(poll, poll.arrival // self.linger_ms) for entry in self._linger(linger)]
            for poll in raw
        ]

    def _linger(self, raw: Raw) -> list[Entry]:
        """One frame a line, from what arrived in one linger."""
        line = raw.series // self.per_line
        own = raw.series % self.per_line
        ordered = raw.take(np.lexsort((raw.t, self.rank[own], line)))
        ingest = (int(raw.arrival[0]) // self.linger_ms + 1) * self.linger_ms
        parts = _split(ordered, ordered.series // self.per_line)
        return [self._entry(int(part.series[0]) // self.per_line, part, ingest) for part in parts]

    def _entry(self, line: int, part: Raw, ingest: int) -> Entry:
        own = part.series % self.per_line
        new = np.append(True, own[1:] != own[:-1])
        used = [self.names[code] for code in own[new].tolist()]
        names = self.line_names[line].knowing(used)
        numbers = np.array([names.known[name] for name in used], np.int32)
        self.line_names[line], table = names.holding(numbers)
        index = table.place[numbers].astype(np.uint16)[np.cumsum(new) - 1]
        self.offset += 1
        self.numbers[line] += 1
        self.totals[line] += len(own)
        head = (Kind.DATA, 0, 0, ingest, "gw", 1, self.numbers[line], self.totals[line], 0)
        frame = Frame(*head, table.names, (), index, part.t, part.v)
        return Entry(self.offset - 1, ingest, self.paths[line], frame)


def series_name(shape: Shape, code: int) -> FrameName:
    """Name of a series within its line; a source is a unit."""
    return FrameName(f"unit-{code // shape.series}", f"metric-{code % shape.series}", "")


def check(load: Load, results: Iterable[Result], until_ms: int) -> None:
    """Metric windows against a plain reference: those that end by `until_ms` are there, and what is there is right."""
    shape, d = load.shape, load.distinct
    names = [series_name(shape, code) for code in range(shape.sources * shape.series)]
    keys = [f"park/line-{line}/{name.unit}/{name.metric}" for line in range(shape.lines) for name in names]
    code_of = {key: code for code, key in enumerate(keys)}
    found = pl.DataFrame([_window(r, code_of) for r in results if r.kind == "metric"], schema=COLUMNS, orient="row")
    samples = pl.DataFrame({"series": d.series, "t": d.t, "v": d.v}).sort("t")
    for width in WINDOWS:
        wanted = _group(samples, width)
        own = found.filter(pl.col("width") == width)
        ended = wanted.filter(pl.col("start") + width * 1000 <= until_ms)
        both = own.join(wanted, on=("series", "start"), how="inner", suffix="_wanted")
        lost = len(ended.join(own, on=("series", "start"), how="anti"))
        exact = pl.all_horizontal(pl.col(name) == pl.col(f"{name}_wanted") for name in ("n", "min", "max", "last"))
        close = pl.all_horizontal((pl.col(name) - pl.col(f"{name}_wanted")).abs() < 1e-7 for name in ("mean", "sd"))
        wrong = len(both) - len(both.filter(exact & close))
        if lost or wrong or len(both) != len(own) or not len(ended):
            raise Mismatch(f"{width}-s windows: {lost} of {len(ended)} missing, {wrong} wrong, {len(own)} published")


def _window(result: Result, code_of: dict[str, int]) -> tuple[object, ...]:
    values = [result.values[name] for name in ("count", "min", "max", "last", "mean", "sd")]
    return (code_of[f"{result.equipment}/{result.name}"], result.window_s, result.window_start, *values)


def _group(samples: pl.DataFrame, width: int) -> pl.DataFrame:
    start = (pl.col("t") // (width * 1000) * (width * 1000)).alias("start")
    v = pl.col("v")
    return samples.group_by("series", start, maintain_order=True).agg(
        v.len().alias("n"), v.min().alias("min"), v.max().alias("max"), v.last().alias("last"), v.mean().alias("mean"),
        v.std(ddof=0).alias("sd"),
    )  # fmt: skip
