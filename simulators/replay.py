"""Recorded CSV files as one table in event time, and that table as payloads of the own batch form.

Rule: values and the order of rows stay as recorded; only times move, by whole ms. Empty cells and what is no finite
number are no samples. The table: event time in microseconds since the epoch, then one column a metric.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.core.equipment import mend_name, name_slip
from pipeline.core.errors import ConfigError, plain
from pipeline.core.spelling import unknown
from simulators.recorded_cells import read_cells, with_points
from simulators.recorded_times import date_order, find_time, read_times

US, ROW = "/us", "/row"  # no metric has a slash in its name
EMPTY = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"]
MAX_BYTES = 1 << 16  # of a payload, but that a row is never torn
SLICE_SAMPLES = 200_000  # encoded at once
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What to read of each file: the column with the time and its zone, columns to take (none: all) or to leave."""

    time: str = ""
    zone: str = "UTC"
    columns: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


class Part(NamedTuple):
    """One file of a recording; `offset_us` was added to its recorded times to lay it behind the one before. `remarks`:
    how it was understood where it could be read in another way."""

    path: Path
    rows: int
    first_us: int
    offset_us: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    table: pl.DataFrame
    parts: tuple[Part, ...]

    @property
    def first_us(self) -> int:
        return int(self.table[US][0])

    @property
    def length_us(self) -> int:
        return int(self.table[US][-1]) - self.first_us


class Payload(NamedTuple):
    """`us` is the event time of its newest row, before any shift."""

    us: int
    rows: int
    samples: int
    body: bytes


def read_recording(paths: Sequence[Path], choice: Choice, keep_time: bool = False) -> Recording:
    """Files laid end to end, one sampling period apart; with `keep_time` merged where they were recorded."""
    parts, tables, follow = list[Part](), list[pl.DataFrame](), 0
    for path in paths:
        read, remarks = read_file(path, choice)
        table = read.sort(US, maintain_order=True)
        first, last = int(table[US][0]), int(table[US][-1])
        offset = -((first - follow) // 1000) * 1000 if parts and not keep_time else 0
        parts.append(Part(path, len(table), first, offset, remarks))
        tables.append(table.with_columns(pl.col(US) + offset))
        follow = last + offset + _period_us(table[US])
    whole = pl.concat(tables, how="diagonal_relaxed").sort(US, maintain_order=True)
    return Recording(whole, tuple(parts))


def _period_us(times: pl.Series) -> int:
    """The usual distance of two rows; a second where there is none."""
    steps = times.diff().drop_nulls()
    usual = steps.filter(steps > 0).median()
    return max(1000, int(usual)) if isinstance(usual, int | float) else SECOND_US


def read_file(path: Path, choice: Choice) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """One file, and remarks on it; raises ConfigError with one line that names it."""
    try:
        raw = _read_csv(path)
        stamp = find_time(raw, choice.time, choice.zone)
        times = read_times(raw[stamp], choice.zone)
        metrics = _choose(raw.columns, stamp, choice)
    except (ValueError, OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"{path}: {(plain(error).splitlines() or ['unreadable'])[0]}") from None
    read = {name: read_cells(raw[column]) for column, name in metrics.items()}
    remarks = [date_order(raw[stamp]).remark, *(line for _, bad in read.values() for line in bad)]
    table = pl.DataFrame([times.alias(US), *(values.alias(name) for name, (values, _) in read.items())])
    return table, tuple(filter(None, remarks))


def _read_csv(path: Path) -> pl.DataFrame:
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline()
    bare = re.sub(r'"[^"]*"', "", header)
    delimiter = max(",;\t|", key=bare.count)
    if delimiter not in bare:
        raise ValueError(
            f"no table; got the first line {header[:60].strip()!r}; expected names with , ; tab or | between"
        )
    table = pl.read_csv(path, separator=delimiter, null_values=EMPTY, infer_schema_length=None, glob=False)
    if table.is_empty():
        raise ValueError("no rows below the header; expected at least one")
    return table if delimiter == "," else with_points(table)


def _choose(columns: Sequence[str], stamp: str, choice: Choice) -> dict[str, str]:
    """Column of the file -> metric, in the file's order. A column goes by its own name or by its metric's."""
    names = {column: mend_name(column) for column in columns if column != stamp}
    for wanted in (*choice.columns, *choice.skip):
        if wanted not in names and wanted not in names.values():
            raise ValueError(unknown("column", wanted, names))
    taken = {
        column: name
        for column, name in names.items()
        if (not choice.columns or {column, name} & {*choice.columns}) and not {column, name} & {*choice.skip}
    }
    if not taken:
        raise ValueError(f"no column left to send; got {', '.join(names) or 'the time alone'}; choose at least one")
    for column, name in taken.items():
        same = [other for other in taken if taken[other] == name]
        if len(same) > 1 or name_slip(name):
            why = "is the metric of several columns" if len(same) > 1 else name_slip(name)
            raise ValueError(f"column {column!r}: its metric {name!r} {why}; rename it or leave it out with --skip")
    return taken


def payloads(recording: Recording, shift_us: int, cell_us: int = 0) -> Iterator[Payload]:
    """In event time; rows of one cell of so many microseconds travel together (0: as many as fit)."""
    metrics = recording.table.columns[1:]
    for rows in recording.table.iter_slices(max(1, SLICE_SAMPLES // len(metrics))):
        found = _encode(rows.with_row_index(ROW), metrics, shift_us, cell_us)
        for us, count, samples, body in found.iter_rows():
            yield Payload(us, count, samples, body.encode())


def _encode(rows: pl.DataFrame, metrics: Sequence[str], shift_us: int, cell_us: int) -> pl.DataFrame:
    moved = pl.col(US) + shift_us
    keys = [(moved // 1000).alias("t"), pl.col("m"), pl.col("v")]
    if rows.select((moved % 1000 != 0).any()).item():
        keys.append((moved % 1000).alias("s"))  # finer than a ms: keeps the order
    long = pl.concat(
        rows.select(ROW, US, pl.lit(name).alias("m"), pl.col(name).alias("v"))
        .filter(pl.col("v").is_finite() if rows[name].dtype.is_float() else pl.col("v").is_not_null())
        .select(ROW, US, pl.struct(keys).struct.json_encode().alias("json"))
        for name in metrics
    ).sort(ROW, maintain_order=True)
    long = long.with_columns((pl.col("json").str.len_bytes() + 1).cum_sum().alias("bytes"))
    cell = pl.col(US) // cell_us if cell_us else pl.lit(0)
    cut = [cell.alias("cell"), (pl.col("bytes").min().over(ROW) // MAX_BYTES).alias("bulk")]
    body = pl.format("[{}]", pl.col("json").str.join(","))
    grouped = long.group_by(cut, maintain_order=True)
    found = grouped.agg(pl.col(US).max(), pl.col(ROW).n_unique().alias("rows"), pl.len().alias("n"), body.alias("body"))
    return found.select(US, "rows", "n", "body")
