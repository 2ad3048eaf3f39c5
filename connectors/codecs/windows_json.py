"""Windows of metrics as the JSON of `results.v1`, made out of columns: the same results as `results_json` would write.

Rule: every float that exists keeps its bits (shortest exact decimal); what does not exist is null, never NaN.

Why it is fast: the windows of a poll, of all lines and lengths, are written in few passes over columns, each into one
text out of which every line's results are cut; how the results of a series begin is made once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.core.results import WindowResults
from pipeline.core.short_sort import stably_sorted

STATISTICS = (("mean", "mean"), ("min", "least"), ("max", "most"), ("last", "last"), ("sd", "sd"))
BLOCK = 8_192  # rows written at once: beyond it memory is asked for and given back each time


@dataclass
class Heads:
    """How the results of each series begin, by series code; made once."""

    texts: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))

    def cover(self, labels: Sequence[tuple[str, str]]) -> None:
        new = labels[len(self.texts) :]
        if new:
            said = pl.DataFrame([_quoted([label[k] for label in new]) for k in (0, 1)], schema=("equipment", "name"))
            heads = said.select(pl.format('"equipment":{},"name":{},"window_s":', "equipment", "name")).to_series()
            self.texts = pl.concat([self.texts, heads], rechunk=True)


def _quoted(texts: Sequence[str]) -> pl.Series:
    lines = msgspec.json.Encoder().encode_lines(texts).decode().split("\n")
    return pl.Series(lines[:-1], dtype=pl.String)


class Told(NamedTuple):
    """Results of one line and table of windows: pieces of JSON, a comma between them; is there a score among them?"""

    line: int
    offset: int
    pieces: list[memoryview]
    scored: bool


def encode(tables: Sequence[WindowResults], heads: Heads) -> Iterator[Told]:
    """Table by table, line by line: metrics, then scores."""
    tables = [table for table in tables if len(table)]
    if not tables:
        return
    heads.cover(max((table.labels for table in tables), key=len))
    widths = pl.Series([f'{table.window_s},"window_start":' for table in tables])
    rows, bounds = _by_line(_Rows.joined(tables))
    cuts = np.searchsorted(bounds, [*range(0, len(rows), BLOCK), len(rows)])
    for first, last in pairwise(np.unique(cuts).tolist()):
        own = bounds[first : last + 1]
        yield from _told(rows.take(np.arange(own[0], own[-1])), own - own[0], heads, widths)


def _told(rows: "_Rows", bounds: npt.NDArray[np.intp], heads: Heads, widths: pl.Series) -> Iterator[Told]:
    begin = _concatenated(
        heads.texts.gather(rows.series), widths.gather(rows.table), _text(rows.start), ',"product":null,"revision":',
        _text(rows.revision), ',"values":{',
    )  # fmt: skip
    scored = np.flatnonzero(rows.score >= 0)
    metrics, ends = _bytes(_metrics(rows, begin))
    scores, score_ends = _bytes(_scores(rows, begin, scored))
    own = zip(
        rows.line[bounds[:-1]].tolist(), rows.offset[bounds[:-1]].tolist(), pairwise(ends[bounds].tolist()),
        pairwise(score_ends[np.searchsorted(scored, bounds)].tolist()), strict=True,
    )  # fmt: skip
    for line, offset, (low, high), (first, last) in own:
        pieces = [metrics[low : high - 1]]
        yield Told(line, offset, pieces if first == last else [*pieces, scores[first : last - 1]], first < last)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of several tables; `table`: the place of each one's."""

    table: npt.NDArray[np.intp]
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
        return len(self.line)

    @classmethod
    def joined(cls, tables: Sequence[WindowResults]) -> "_Rows":
        names = [name for name in cls.__dataclass_fields__ if name != "table"]
        columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in names}
        return cls(np.repeat(np.arange(len(tables)), [len(table) for table in tables]), **columns)

    def take(self, index: npt.NDArray[np.intp]) -> "_Rows":
        return _Rows(**{name: getattr(self, name).take(index) for name in self.__dataclass_fields__})


def _by_line(rows: _Rows) -> tuple[_Rows, npt.NDArray[np.intp]]:
    """The rows of each line of a table together, and where each begins and the last one ends."""
    key = rows.table * (int(rows.line.max()) + 1) + rows.line
    if (key[1:] < key[:-1]).any():
        order = stably_sorted(key)
        rows, key = rows.take(order), key.take(order)
    return rows, np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1], [True])))


def _bytes(texts: pl.Series) -> tuple[memoryview, npt.NDArray[np.int64]]:
    """Texts with commas between, and where each begins."""
    ends = np.cumsum(texts.str.len_bytes().to_numpy().astype(np.int64) + 1)
    joined: bytes = texts.str.join(",").cast(pl.Binary).item()
    return memoryview(joined), np.append(0, ends)


def _metrics(rows: _Rows, begin: pl.Series) -> pl.Series:
    statistics = {name: _number(getattr(rows, column), rows.n > 0) for name, column in STATISTICS}
    values = [part for name, text in statistics.items() for part in (f',"{name}":', text)]
    return _concatenated(
        '{"kind":"metric",', begin, '"count":', _text(rows.n), *values, '},"coverage":', _number(rows.coverage),
        ',"formula":null}',
    )  # fmt: skip


def _scores(rows: _Rows, begin: pl.Series, chosen: npt.NDArray[np.intp]) -> pl.Series:
    return _concatenated(
        '{"kind":"score",', begin.gather(chosen), '"ewma":', _number(rows.ewma.take(chosen)), ',"score":',
        _number(rows.score.take(chosen)), '},"coverage":null,"formula":null}',
    )  # fmt: skip


def _text(column: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series(column).cast(pl.String)


def _number(column: npt.NDArray[np.float64], exists: npt.NDArray[np.bool_] | None = None) -> pl.Series:
    """Shortest exact decimals; null where a number is none, or does not exist."""
    known = np.isfinite(column) if exists is None else np.isfinite(column) & exists
    text = pl.Series(column).cast(pl.String)
    return text if known.all() else text.set(pl.Series(~known), "null")


def _concatenated(*parts: str | pl.Series) -> pl.Series:
    columns = {f"{k}": part for k, part in enumerate(parts) if isinstance(part, pl.Series)}
    pieces = [pl.lit(part) if isinstance(part, str) else pl.col(f"{k}") for k, part in enumerate(parts)]
    return pl.DataFrame(columns).select(pl.concat_str(pieces)).to_series()
