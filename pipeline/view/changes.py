"""What differs between two stores, figure by figure, and as a table that a person understands.

Rule: a figure that neither has is none; times in ms show as seconds; the longest windows stand first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipeline.core.calendar import CalendarConfig
from pipeline.core.results import ResultKind
from pipeline.view.shift_windows import with_shifts
from pipeline.view.tables import ResultStore, time_text, window_name

IDENTITY = ("equipment", "name", "window_s", "window_start", "product")
KINDS: tuple[ResultKind, ...] = ("kpi", "elements", "metric", "score", "anomaly", "state")
NEAR = 1e-12
_AFTER = ":after"
_BESIDE = {*IDENTITY, "revision", "formula"}
SCHEMA = {
    "kind": pl.String,
    **dict.fromkeys(("equipment", "name"), pl.String),
    **dict.fromkeys(("window_s", "window_start"), pl.Int64),
    "product": pl.String,
    "revision": pl.Int64,
    "figure": pl.String,
    "before": pl.String,
    "after": pl.String,
}


@dataclass(frozen=True, slots=True)
class Extent:
    """A line (or any equipment) from `since_ms` to `until_ms`; `clock`: up to where both stores are whole."""

    equipment: str
    since_ms: int
    until_ms: int
    clock: int


def changes(before: ResultStore, after: ResultStore, kind: ResultKind, extent: Extent) -> pl.DataFrame:
    """A row for each figure that differs (null = not there), by SCHEMA; `revision` is that of `before`."""
    where = (extent.equipment, extent.since_ms, extent.until_ms, None)
    old, new = before.read(kind, *where), after.read(kind, *where)
    closed = pl.col("window_start") + pl.col("window_s") * 1000 <= extent.clock
    figures = sorted((set(old.columns) | set(new.columns)) - _BESIDE)
    both = _plain(old.filter(closed), figures).join(
        _plain(new, figures), on=list(IDENTITY), how="full", coalesce=True, nulls_equal=True, suffix=_AFTER
    )
    parts = [
        both.filter(_differ(name, both.schema)).select(
            pl.lit(kind).alias("kind"),
            *IDENTITY,
            "revision",
            pl.lit(name).alias("figure"),
            pl.col(name).cast(pl.String).alias("before"),
            pl.col(name + _AFTER).cast(pl.String).alias("after"),
        )
        for name in figures
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def _plain(table: pl.DataFrame, figures: Sequence[str]) -> pl.DataFrame:
    """Numbers as floats, so that 1 and 1.0 are one; a figure that is not there is null."""
    columns = [
        (pl.lit(None, pl.Float64) if name not in table.columns else _number(table, name)).alias(name)
        for name in figures
    ]
    return table.select(*IDENTITY, "revision", *columns)


def _number(table: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64) if table.schema[name] != pl.String else pl.col(name)


def _differ(name: str, schema: pl.Schema) -> pl.Expr:
    """Numbers by more than a store's own form of them (seconds for ms) may change their last digit."""
    before, after = pl.col(name), pl.col(name + _AFTER)
    if schema[name] == schema[name + _AFTER] == pl.Float64:
        near = (before - after).abs() <= pl.max_horizontal(before.abs(), after.abs()) * NEAR
        return before.ne_missing(after) & ~near.fill_null(False)
    return before.cast(pl.String).ne_missing(after.cast(pl.String))


def counted(found: pl.DataFrame) -> tuple[int, int, int, int, int]:
    """Figures, windows, and of these: changed, new, only before."""
    windows = found.group_by("kind", *IDENTITY).agg(
        old=pl.col("revision").is_not_null().any(), new=pl.col("after").is_not_null().any()
    )
    old, new = windows["old"], windows["new"]
    return len(found), len(windows), int((old & new).sum()), int((~old).sum()), int((old & ~new).sum())


def for_people(found: pl.DataFrame, calendar: CalendarConfig | None, most: int) -> pl.DataFrame:
    """The first of them: time, equipment, name, window, figure, before, after."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    rank = pl.col("kind").replace_strict(order, return_dtype=pl.Int64)
    first = found.sort(
        pl.col("window_s"), rank, "window_start", "equipment", "name", "figure",
        descending=[True, *[False] * 5],
    ).head(most)  # fmt: skip
    shown = with_shifts(first, calendar, "kpi")
    seconds = pl.col("figure").str.ends_with("_ms")
    return shown.select(
        time_text("window_start").alias("time"),
        "equipment",
        pl.when(pl.col("kind").is_in(["kpi", "elements"])).then(pl.lit("")).otherwise("name").alias("metric"),
        pl.when(pl.col("window_s") > 0).then(window_name()).otherwise(pl.lit("")).alias("window"),
        pl.when(seconds).then(pl.col("figure").str.replace("_ms$", "_s")).otherwise("figure").alias("figure"),
        *(_short(name, seconds).alias(name) for name in ("before", "after")),
    )


def _short(name: str, seconds: pl.Expr) -> pl.Expr:
    """Numbers to six digits; what is no number as it is; what is not there as a dash."""
    number = pl.col(name).cast(pl.Float64, strict=False)
    number = pl.when(seconds).then(number / 1000).otherwise(number).round_sig_figs(6)
    whole = number.cast(pl.Int64, strict=False)
    text = pl.when(number == whole).then(whole.cast(pl.String)).otherwise(number.cast(pl.String))
    return pl.coalesce(text, pl.col(name), pl.lit("-"))
