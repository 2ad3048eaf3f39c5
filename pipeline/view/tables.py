"""Results of the store as the tables of `parkpulse query`, with the columns that interfaces.md 5 promises.

Rule: the declared columns are always there, in their order and of their type, also when nothing is stored; what
results hold beyond them follows, by name. Times in seconds come from the stored integer milliseconds, divided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl

from connectors.codecs.alerts_json import IS_ACTIVE
from pipeline.core.calendar import CalendarConfig
from pipeline.core.results import Extent, ResultKind
from pipeline.view.shift_windows import SHIFT, shift_starts, with_shifts

What = Literal["metrics", "elements", "kpis", "anomalies", "alerts", "states", "ledger"]

_UNITS = (("h", 3600), ("m", 60), ("s", 1))


class ResultStore(Protocol):
    """What a store offers to those who look: connectors/local_store.py, memory_store.py, influx/store.py."""

    def read(
        self, kind: ResultKind, equipment: str, since_ms: int | None, until_ms: int | None, window_s: int | None
    ) -> pl.DataFrame: ...

    def read_alerts(self, equipment: str, since_ms: int | None, until_ms: int | None) -> pl.DataFrame: ...

    def equipment(self, kind: str) -> list[str]: ...

    def extents(self, kind: str, equipment: str) -> list[Extent]: ...


@dataclass(frozen=True, slots=True)
class Shape:
    """One measurement: what is declared first, what comes last, and whether fields beyond them are shown between."""

    kind: ResultKind
    fields: tuple[str, ...]
    last: tuple[str, ...] = ("revision",)
    ints: frozenset[str] = frozenset({"revision"})
    texts: frozenset[str] = frozenset()
    is_open: bool = False
    windows: bool = True


_LEDGER = (
    "received", "stored", "corrected", "duplicate", "conflict", "expired", "rejected", "waiting", "gap", "undated",
)  # fmt: skip
_ELEMENTS = ("pbt_s", "apt_s", "aust_s", "adet_s", "adot_s", "unclassified_s", "ideal_s", "pq", "gq", "sq", "rq")
_KPIS = ("oee", "availability", "effectiveness", "quality_ratio", "nee")
_PRODUCT = frozenset({"product"})
_CONTRIBUTORS = frozenset({"contributors"})

SHAPES: dict[What, Shape] = {
    "metrics": Shape(
        "metric",
        ("count", "mean", "min", "max", "last", "sd", "ewma", "score"),
        ("coverage", "revision"),
        frozenset({"count", "revision"}),
    ),
    "elements": Shape("elements", _ELEMENTS, ("revision", "product"), texts=_PRODUCT, is_open=True),
    "kpis": Shape("kpi", _KPIS, ("coverage", "revision", "product"), texts=_PRODUCT, is_open=True),
    "anomalies": Shape(
        "anomaly", ("score", "level", "open", "contributors"), (), frozenset({"level", "open"}), _CONTRIBUTORS
    ),
    "states": Shape("state", ("state", "reason"), (), texts=frozenset({"state", "reason"}), windows=False),
    "ledger": Shape("ledger", _LEDGER, (), frozenset(_LEDGER)),
}
WHATS: tuple[What, ...] = (*SHAPES, "alerts")


@dataclass(frozen=True, slots=True)
class Question:
    """One measurement at `equipment` (a whole path) and below, with since_ms <= time < until_ms; windows of one length,
    or of the shifts of `calendar` alone."""

    what: What
    equipment: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    window_s: int | None = None
    calendar: CalendarConfig | None = None
    only_shifts: bool = False


def query_table(store: ResultStore, question: Question, levels: Sequence[str]) -> pl.DataFrame:
    """The answer; alerts and states have no windows to choose."""
    chosen = (question.equipment, question.since_ms, question.until_ms)
    if question.what == "alerts":
        return _alerts(store.read_alerts(*chosen), levels)
    shape = SHAPES[question.what]
    window_s = question.window_s if shape.windows else None
    if question.only_shifts and shape.windows:
        table = _of_shifts(store, question, shape.kind)
    else:
        table = with_shifts(store.read(shape.kind, *chosen, window_s), question.calendar, shape.kind)
    if question.what == "metrics":
        table = _with_scores(table, store.read("score", *chosen, window_s))
    window = [window_name().alias("window")] if shape.windows else []
    return table.select(
        time_text("window_start").alias("time"),
        *level_columns(pl.col("equipment"), levels),
        "name",
        *window,
        *_fields(table, shape),
    )


def _of_shifts(store: ResultStore, question: Question, kind: ResultKind) -> pl.DataFrame:
    """Read by the lengths that shifts have in this time; 0 is the length of no window."""
    extents = store.extents(kind, question.equipment)
    first, last = min((one.first_ms for one in extents), default=0), max((one.last_ms for one in extents), default=-1)
    lengths = shift_starts(question.calendar, first, last)["window_s"].unique().to_list()
    chosen = (question.equipment, question.since_ms, question.until_ms)
    found = pl.concat((store.read(kind, *chosen, length) for length in lengths or (0,)), how="diagonal_relaxed")
    shifts = with_shifts(found, question.calendar, kind).filter("is_shift")
    return shifts.sort("window_start", "equipment", "name", maintain_order=True)


def _with_scores(metrics: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Scores are results of their own, and fields of the metric's point."""
    identity = ["equipment", "name", "window_s", "window_start", "product"]
    new = [name for name in ("ewma", "score") if name in scores.columns]
    right = scores.select(*identity, *new)
    return metrics.join(right, on=identity, how="left", nulls_equal=True, maintain_order="left")


def _fields(table: pl.DataFrame, shape: Shape) -> list[pl.Expr]:
    """Declared fields, then others by name, then the last ones; `<x>_ms` shows as `<x>_s`."""
    sources = {name.removesuffix("_ms") + "_s" if name.endswith("_ms") else name: name for name in table.columns}
    common = {"equipment", "name", "window_s", "window_start", "formula", "coverage", "revision", "product", "is_shift"}
    declared = {*shape.fields, *shape.last}
    others = sorted(sources.keys() - common - declared) if shape.is_open else []
    return [_field(name, sources.get(name), shape) for name in (*shape.fields, *others, *shape.last)]


def _field(name: str, source: str | None, shape: Shape) -> pl.Expr:
    dtype = pl.Int64 if name in shape.ints else pl.String if name in shape.texts else pl.Float64
    value = pl.lit(None) if source is None else pl.col(source)
    divided = value / 1000 if source is not None and source != name else value
    return divided.cast(dtype, strict=False).alias(name)


def _alerts(table: pl.DataFrame, levels: Sequence[str]) -> pl.DataFrame:
    """Time is the transition's event time; a second transition of an alarm in one ms moves on by 1 ms."""
    nth = pl.int_range(pl.len(), dtype=pl.Int64)
    series = ["equipment", "alarm", "priority"]
    moved = (pl.col("event_time_ms") - nth).cum_max().over(series) + nth.over(series)
    active = pl.col("state").replace_strict(IS_ACTIVE, default=None, return_dtype=pl.Int64)
    return (
        table.with_columns(moved.alias("moved"))
        .sort("moved", "equipment", "alarm", maintain_order=True)
        .select(
            time_text("moved").alias("time"),
            *level_columns(pl.col("equipment"), levels),
            pl.col("alarm").alias("name"),
            pl.col("state"),
            active.alias("active"),
            *("value", "threshold", "id", "message_en", "message_vi", "priority", "raised_ms", "transition"),
        )
    )


def time_text(column: str) -> pl.Expr:
    """ms since the epoch as ISO 8601 with ms, UTC."""
    return pl.from_epoch(pl.col(column), time_unit="ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")


def local_times(table: pl.DataFrame, zone: str) -> pl.DataFrame:
    """For people: `time` as the clocks of this zone show it, with their offset from UTC."""
    utc = pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms", strict=False)
    local = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
    return table.with_columns(pl.coalesce(local, "time").alias("time"))


def level_columns(path: pl.Expr, levels: Sequence[str]) -> list[pl.Expr]:
    """One column a level; empty where it does not apply, as the unit of a line."""
    parts = path.str.splitn("/", len(levels)).struct
    return [parts.field(f"field_{n}").fill_null("").alias(name) for n, name in enumerate(levels)]


def window_name() -> pl.Expr:
    """A shift, or the window's length in its largest whole unit: 10s, 1m, 15m, 8h."""
    seconds = pl.col("window_s")
    whole = [pl.when(seconds % size == 0).then(pl.format("{}" + unit, seconds // size)) for unit, size in _UNITS]
    return pl.when("is_shift").then(pl.lit(SHIFT)).otherwise(pl.coalesce(whole))
