"""Windows of metrics as the JSON of `results.v1`, made out of columns: the same results as `results_json` would write.

Rule: every float that exists keeps its bits (shortest exact decimal); what does not exist is null, never NaN.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.core.results import WindowResults

STATISTICS = (("mean", "mean"), ("min", "least"), ("max", "most"), ("last", "last"), ("sd", "sd"))


@dataclass
class Heads:
    """How the results of each series begin, by series code; made once."""

    texts: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))

    def cover(self, labels: Sequence[tuple[str, str]]) -> None:
        encode = msgspec.json.encode
        new = [
            f'"equipment":{encode(equipment).decode()},"name":{encode(name).decode()},"window_s":'
            for equipment, name in labels[len(self.texts) :]
        ]
        if new:
            self.texts = pl.concat([self.texts, pl.Series(new, dtype=pl.String)], rechunk=True)


def encode(found: WindowResults, heads: Heads) -> Iterator[tuple[int, int, list[str], bool]]:
    """(line code, offset, results as JSON, is there a score among them) for each line."""
    heads.cover(found.labels)
    head = heads.texts.gather(found.series)
    metrics = _metrics(found, head)
    scored = np.flatnonzero(found.score >= 0)
    scores = _scores(found, head, scored) if len(scored) else []
    place = np.full(len(found), -1)
    place[scored] = np.arange(len(scored))
    for rows in _by_line(found.line):
        own = place[rows]
        own = own[own >= 0]
        texts = [metrics[k] for k in rows.tolist()] + [scores[k] for k in own.tolist()]
        yield int(found.line[rows[0]]), int(found.offset[rows[0]]), texts, bool(len(own))


def _by_line(line: npt.NDArray[np.int32]) -> list[npt.NDArray[np.intp]]:
    """Places of the rows of each line."""
    if not len(line):
        return []
    order = np.argsort(line, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(line[order])) + 1)


def _metrics(found: WindowResults, head: pl.Series) -> list[str]:
    count = _text(found.n)
    statistics = {name: _number(getattr(found, column), found.n > 0) for name, column in STATISTICS}
    values = [part for name, text in statistics.items() for part in (f',"{name}":', text)]
    return _joined(
        '{"kind":"metric",', head, f'{found.window_s},"window_start":', _text(found.start),
        ',"product":null,"revision":', _text(found.revision), ',"values":{"count":', count, *values,
        '},"coverage":', _number(found.coverage), ',"formula":null}',
    )  # fmt: skip


def _scores(found: WindowResults, head: pl.Series, rows: npt.NDArray[np.intp]) -> list[str]:
    return _joined(
        '{"kind":"score",', head.gather(rows), f'{found.window_s},"window_start":', _text(found.start[rows]),
        ',"product":null,"revision":', _text(found.revision[rows]), ',"values":{"ewma":', _number(found.ewma[rows]),
        ',"score":', _number(found.score[rows]), '},"coverage":null,"formula":null}',
    )  # fmt: skip


def _text(column: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series(column).cast(pl.String)


def _number(column: npt.NDArray[np.float64], exists: npt.NDArray[np.bool_] | None = None) -> pl.Series:
    """Shortest exact decimals; null where a number is none, or does not exist."""
    known = np.isfinite(column) if exists is None else np.isfinite(column) & exists
    text = pl.Series(column).cast(pl.String)
    return text if known.all() else text.set(pl.Series(~known), "null")


def _joined(*parts: str | pl.Series) -> list[str]:
    columns = {f"{k}": part for k, part in enumerate(parts) if isinstance(part, pl.Series)}
    pieces = [pl.lit(part) if isinstance(part, str) else pl.col(f"{k}") for k, part in enumerate(parts)]
    return pl.DataFrame(columns).select(pl.concat_str(pieces)).to_series().to_list()
