"""Times of recorded files: which column holds them, and what they say, in microseconds since the epoch.

Rule: a naive time is of the zone given, and every row has one. Of day/month/year and month/day/year a file is the one
that its first telling row shows; where none tells, day/month/year; what was understood is said.

>>> date_order(pl.Series("t", ["02/08/2020 10:00", "02/13/2020 10:00"]))
DateOrder(form='%m-%d-%Y', remark="times are read as month/day/year, as row 2 shows: '02/13/2020 10:00'")
>>> date_order(pl.Series("t", ["02/08/2020"])).remark
"times are read as day/month/year; no row tells day from month; row 1 is '02/08/2020'"
"""

from typing import NamedTuple

import polars as pl

from pipeline.core.spelling import unknown
from simulators.recorded_cells import numbers_in

USUAL = ("time", "timestamp", "datetime", "date", "t", "ts", "timestamp_ms", "time_ms", "timestamp_s", "epoch")
ZONED = "%Y-%m-%d %H:%M:%S%.f%#z"
DATES = ("%Y-%m-%d", "%d.%m.%Y")
CLOCKS = ("%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
EXPECTED = "expected ISO 8601, day.month.year, day/month/year or epoch s, ms, us or ns"

_DAY_AND_MONTH = r"^\s*(\d{1,2})[/-](\d{1,2})[/-]\d{4}"
_MONTHS = 12


class DateOrder(NamedTuple):
    """How dates like 08/02/2020 are read, and the sentence that says so; `form` "" where a column has none."""

    form: str = ""
    remark: str = ""


def find_time(table: pl.DataFrame, wanted: str, zone: str) -> str:
    """The column named, else the first with a usual name, else the first of text that reads as times."""
    names = {column.strip(): column for column in table.columns}
    if wanted:
        if wanted not in names:
            raise ValueError(unknown("column", wanted, names))
        return names[wanted]
    usual = [column for name, column in names.items() if name.casefold() in USUAL]
    texts = [column for column in table.columns if table[column].dtype == pl.String and column not in usual]
    for column in usual + texts:
        times = _parse(table[column], zone, numbers=column in usual)
        if times.null_count() * 2 < len(times):
            return column
    raise ValueError(f"no column with times found; got {', '.join(table.columns)}; name it with --time")


def read_times(column: pl.Series, zone: str) -> pl.Series:
    """i64 microseconds since the epoch."""
    times = _parse(column, zone, numbers=True)
    if times.null_count():
        row = times.is_null().arg_max() or 0
        got = "nothing" if column[row] is None else repr(column[row])
        remark = date_order(column).remark
        raise ValueError(
            f"column {column.name!r}, row {row + 1}: no time; got {got}; {EXPECTED}{f'; {remark}' if remark else ''}"
        )
    return times


def date_order(column: pl.Series) -> DateOrder:
    if column.dtype != pl.String:
        return DateOrder()
    first, second = (column.str.extract(_DAY_AND_MONTH, group).cast(pl.Int32) for group in (1, 2))
    if first.null_count() == len(first):
        return DateOrder()
    telling = (first > _MONTHS) != (second > _MONTHS)
    row = (telling if telling.any() else first.is_not_null()).fill_null(False).arg_max() or 0
    is_month_first = bool((second > _MONTHS)[row]) and bool(telling.any())
    form, words = ("%m-%d-%Y", "month/day/year") if is_month_first else ("%d-%m-%Y", "day/month/year")
    if telling.any():
        return DateOrder(form, f"times are read as {words}, as row {row + 1} shows: {column[row]!r}")
    tells = f"no row tells day from month; row {row + 1} is {column[row]!r}"
    return DateOrder(form, f"times are read as {words}; {tells}")


def _parse(column: pl.Series, zone: str, numbers: bool) -> pl.Series:
    """Null where there is no time; `numbers`: may texts be numbers since the epoch?"""
    if column.dtype.is_numeric():
        return _from_epoch(column)
    if column.dtype != pl.String:
        return pl.Series(column.name, [None] * len(column), pl.Int64)
    if numbers and (found := numbers_in(column)).null_count() == column.null_count():
        return _from_epoch(found)
    frame = pl.DataFrame({"text": column.str.strip_chars()})
    text = pl.col("text").str.replace("T", " ", literal=True).str.replace("Z$", "+00:00").str.replace_all("/", "-")
    text = pl.when(text.str.contains(":", literal=True)).then(text).otherwise(text + " 00:00")
    zoned = text.str.to_datetime(ZONED, strict=False, time_unit="us").dt.timestamp("us")
    order = date_order(column).form
    forms = [f"{date} {clock}" for date in (*DATES, *([order] if order else [])) for clock in CLOCKS]
    naive = pl.coalesce(text.str.to_datetime(form, strict=False, time_unit="us") for form in forms)
    naive = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return frame.select(pl.coalesce(zoned, naive.dt.timestamp("us"))).to_series()


def _from_epoch(column: pl.Series) -> pl.Series:
    """Seconds, ms, us or ns, by their size: each reads as a year before 5138."""
    middle = column.cast(pl.Float64).abs().median()
    size = middle if isinstance(middle, float) else 0.0
    per_unit = next((us for limit, us in ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1)) if size < limit), 0)
    if per_unit == 0:
        return column.cast(pl.Int64) // 1000
    if column.dtype.is_integer():
        return column.cast(pl.Int64) * per_unit
    return (column * per_unit).round().cast(pl.Int64, strict=False)
