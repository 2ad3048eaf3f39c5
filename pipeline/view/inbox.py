"""The inbox: metrics that came and that nobody declared, and states that no table knows, with what was seen of them.

Rule: a sample is touched once, in whole polls; what is kept is one row a metric, however much is read. Whether a
counter fell is asked of rows in order of event time; rows that come late of an older poll are not asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.core.by_table import ByTable
from pipeline.core.equipment import is_below
from pipeline.core.frames import NO_TEXT, Frame, FrameError, Kind, decode
from pipeline.core.line_config import LineConfig, MetricConfig
from pipeline.core.names_block import Names
from pipeline.core.packml import NAMED, meant
from pipeline.core.ports import Record
from pipeline.core.traits import declared, numeric

UNKNOWN = "unknown_state"
"""The kind of a state or mode that said what no table knows."""

NO_NUMBER = "text_for_number"
"""The kind of a declared metric that needs numbers and sent text."""

VALUES = 5
"""Different texts of a metric that are shown; one more is kept, which tells that there are more."""

Series = tuple[str, str, str]
Codes = npt.NDArray[np.int32]
_SCHEMA: dict[str, pl.DataType] = {
    "series": pl.Int32(), "count": pl.UInt32(), "texts": pl.UInt32(), "min": pl.Float64(), "max": pl.Float64(),
    "first_t": pl.Int64(), "last_t": pl.Int64(), "first_v": pl.Float64(), "last_v": pl.Float64(), "falls": pl.Boolean(),
    "rises": pl.UInt32(), "whole": pl.Boolean(), "values": pl.List(pl.String), "last_text": pl.String(),
}  # fmt: skip
_V, _STEP = pl.col("v").drop_nulls(), pl.col("v").drop_nulls().diff()
_ONE_POLL = (
    pl.len().alias("count"), pl.col("text").count().alias("texts"), _V.min().alias("min"), _V.max().alias("max"),
    pl.col("t").first().alias("first_t"), pl.col("t").last().alias("last_t"),
    _V.first().alias("first_v"), _V.last().alias("last_v"), (_STEP < 0).any().alias("falls"),
    (_STEP > 0).sum().alias("rises"), (_V.floor() == _V).all().alias("whole"),
    pl.col("text").drop_nulls().unique(maintain_order=True).head(VALUES + 1).alias("values"),
    pl.col("text").last().alias("last_text"),
)  # fmt: skip
_LINK = pl.when(pl.col("first_t") >= pl.col("last_t").shift(1)).then(pl.col("first_v") - pl.col("last_v").shift(1))
_TWO_POLLS = (
    pl.col("count").sum(), pl.col("texts").sum(), pl.col("min").min(), pl.col("max").max(),
    pl.col("first_t").min(), pl.col("last_t").max(), pl.col("first_v").sort_by("first_t").drop_nulls().first(),
    pl.col("last_v").sort_by("last_t").drop_nulls().last(), pl.col("falls").any() | (_LINK < 0).any(),
    pl.col("rises").sum() + (_LINK > 0).sum(), pl.col("whole").all(),
    pl.col("values").explode().drop_nulls().unique(maintain_order=True).head(VALUES + 1),
    pl.col("last_text").sort_by("last_t").last(),
)  # fmt: skip


def declared_series(lines: Iterable[LineConfig]) -> frozenset[Series]:
    """(line, unit, metric) of everything that a file declares."""
    return frozenset(
        (line.path, unit.name, metric.name) for line in lines for unit in line.units for metric in unit.metrics
    )


def named_series(lines: Iterable[LineConfig]) -> dict[Series, MetricConfig]:
    """The states and modes among them: what they send are names, or codes of names."""
    return {
        (line.path, unit.name, metric.name): metric
        for line in lines
        for unit in line.units
        for metric in unit.metrics
        if metric.role in NAMED
    }


def number_series(lines: Iterable[LineConfig]) -> dict[Series, MetricConfig]:
    """Those that need numbers, for their role or for an alarm."""
    return {
        (line.path, *key): metric
        for line in lines
        for needs in (numeric(line),)
        for key, metric in declared(line).items()
        if key in needs
    }


@dataclass(slots=True)
class Inbox:
    """Takes records of samples.v1; `series` are the undeclared ones at `equipment` and below, in order of coming, and
    the `named` ones, of which only samples count that name nothing known, and those that need `numbers`,
    of which only texts count."""

    declared: frozenset[Series]
    equipment: str = ""
    named: Mapping[Series, MetricConfig] = field(default_factory=dict)
    numbers: Mapping[Series, MetricConfig] = field(default_factory=dict)
    series: dict[Series, int] = field(default_factory=dict)
    seen: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SCHEMA))
    met: ByTable[Codes] = field(default_factory=ByTable)

    def take(self, records: Sequence[Record]) -> None:
        """One poll. What is no frame is passed over; `parkpulse log` shows it."""
        parts: list[pl.DataFrame] = []
        for record in records:
            try:
                frame = decode(record.value)
            except FrameError:
                continue
            if frame.kind is Kind.DATA and len(frame):
                parts += self._rows(record.key.decode(errors="replace"), frame)
        if parts:
            rows = self._strange(pl.concat(parts)).sort("series", "t", maintain_order=True)
            both = pl.concat([self.seen, _by_series(rows, _ONE_POLL)])
            self.seen = _by_series(both, _TWO_POLLS)

    def _strange(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Without the samples of states and modes whose meaning is known; a number stands as the text it is."""
        needed = [code for series, code in self.series.items() if series in self.numbers]
        rows = rows.filter(~rows["series"].is_in(needed) | rows["text"].is_not_null()) if needed else rows
        named = {code: self.named[series] for series, code in self.series.items() if series in self.named}
        if not named:
            return rows
        number = pl.coalesce(_whole("v"), pl.col("v").cast(pl.String))
        said = rows.select(
            "series", "t", pl.lit(None, pl.Float64).alias("v"), pl.coalesce("text", number).alias("text")
        )
        of_names = rows["series"].is_in(list(named))
        said = said.filter(of_names & said["text"].is_not_null())
        pairs = said.select("series", "text").unique()
        unknown = [
            meant(text, named[code].codes) not in NAMED[named[code].role]
            for code, text in zip(pairs["series"].to_list(), pairs["text"].to_list(), strict=True)
        ]
        strange = said.join(pairs.filter(pl.Series(unknown, dtype=pl.Boolean)), on=["series", "text"], how="semi")
        return pl.concat([rows.filter(~of_names), strange])

    def _rows(self, line: str, frame: Frame) -> list[pl.DataFrame]:
        codes = self._codes(line, frame.names)[frame.index]
        new = np.flatnonzero(codes >= 0)
        if not len(new):
            return []
        text = np.full(len(new), NO_TEXT, np.uint16) if frame.text is None else frame.text[new]
        texts = pl.Series(frame.texts, dtype=pl.String)
        at = pl.Series(np.where(text == NO_TEXT, 0, text).astype(np.uint32))
        v = np.where((text == NO_TEXT) & np.isfinite(frame.v[new]), frame.v[new], np.nan)
        said = texts.gather(at) if len(texts) else pl.Series([None], dtype=pl.String).gather(at)
        table = pl.DataFrame({"series": codes[new], "t": frame.t[new], "v": v, "text": said, "is": text != NO_TEXT})
        return [table.select("series", "t", pl.col("v").fill_nan(None), pl.when("is").then("text").alias("text"))]

    def _codes(self, line: str, names: Names) -> Codes:
        """Series by index of a name; -1: declared, or not asked for."""
        met = self.met.get(line, names)
        if met is None:
            found = [self._code((line, name.unit, name.metric)) for name in names]
            met = self.met.put(line, names, np.array(found, np.int32))
        return met

    def _code(self, series: Series) -> int:
        asked = is_below("/".join(series[:2] if series[1] else series[:1]), self.equipment)
        wanted = asked and (series not in self.declared or series in self.named or series in self.numbers)
        return self.series.setdefault(series, len(self.series)) if wanted else -1


def _whole(name: str) -> pl.Expr:
    """A whole number without its point, null for others."""
    number = pl.col(name)
    return pl.when(number.floor() == number).then(number.cast(pl.Int64, strict=False).cast(pl.String))


def _by_series(rows: pl.DataFrame, found: Sequence[pl.Expr]) -> pl.DataFrame:
    grouped = rows.group_by("series", maintain_order=True).agg(*found)
    return grouped.select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())


def inbox_table(inbox: Inbox) -> pl.DataFrame:
    """line, unit, metric, kind, count, rate (a second), min, max, last, values, first_t, last_t, whole; sorted."""
    names: Mapping[int, Series] = {code: series for series, code in inbox.series.items()}
    codes = inbox.seen["series"].to_list()
    labels = {
        label: pl.Series([names[code][n] for code in codes], dtype=pl.String)
        for n, label in enumerate(("line", "unit", "metric"))
    }
    named = [code for code, series in names.items() if series in inbox.named]
    numbers = [code for code, series in names.items() if series in inbox.numbers]
    span = pl.col("last_t") - pl.col("first_t")
    last = pl.col("last_v").cast(pl.Float64)
    return (
        inbox.seen.with_columns(
            **labels,
            kind=pl.when(pl.col("series").is_in(named)).then(pl.lit(UNKNOWN))
            .when(pl.col("series").is_in(numbers)).then(pl.lit(NO_NUMBER)).otherwise(_kind()),
            rate=pl.when(span > 0).then((pl.col("count") - 1) / span * 1000),
            last=pl.when(pl.col("texts") == 0).then(last),
        )
        .sort("line", "unit", "metric")
        .select(
            "line", "unit", "metric", "kind", "count", "rate", "min", "max", "last", "last_text", "values",
            "first_t", "last_t", "whole",
        )
    )  # fmt: skip


def _kind() -> pl.Expr:
    """A truth is seen as both 0 and 1; a counter never falls, and rises twice."""
    least, most = pl.col("min"), pl.col("max")
    truth = (least == 0) & (most == 1) & pl.col("whole") & (pl.col("falls") | (pl.col("rises") == 1))
    counter = ~pl.col("falls") & (pl.col("rises") >= 2) & (least >= 0)
    chosen = pl.when(pl.col("texts") > 0).then(pl.lit("text")).when(truth).then(pl.lit("bool"))
    return chosen.when(counter).then(pl.lit("counter")).otherwise(pl.lit("number"))
