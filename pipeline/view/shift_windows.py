"""Windows of elements and KPIs that are shifts: those of the length of a shift that the calendar begins there.

Rule: results name a window by its length alone, so the calendar of the configuration tells; after a change of it the
shifts of before show by their length.
"""

import polars as pl

from pipeline.core.calendar import MINUTE_MS, CalendarConfig, shifts_over
from pipeline.core.results import ResultKind

SHIFT = "shift"
KINDS: frozenset[ResultKind] = frozenset({"elements", "kpi"})
_LAST_MS = 4_102_444_800_000  # 2100-01-01


def usual_lengths(calendar: CalendarConfig) -> set[int]:
    """Seconds; where clocks are put on or back in a shift it is another."""
    return {(shift.end - shift.begin) * MINUTE_MS // 1000 for shift in calendar.shifts}


def shift_starts(calendar: CalendarConfig | None, first_ms: int, last_ms: int) -> pl.DataFrame:
    """window_s and window_start of the shifts that begin in [first, last]."""
    low, high = max(first_ms, 0), min(last_ms, _LAST_MS)
    found = shifts_over(calendar, low, high + 1) if calendar is not None and low <= high else ()
    rows = {((shift.end - shift.start) // 1000, shift.start) for shift in found if shift.start >= low}
    return pl.DataFrame(sorted(rows), {"window_s": pl.Int64, "window_start": pl.Int64}, orient="row")


def with_shifts(table: pl.DataFrame, calendar: CalendarConfig | None, kind: ResultKind) -> pl.DataFrame:
    """With the column `is_shift`."""
    if kind not in KINDS or calendar is None or table.is_empty():
        return table.with_columns(is_shift=pl.lit(False))
    first, last = table.select(first=pl.col("window_start").min(), last=pl.col("window_start").max()).row(0)
    starts = shift_starts(calendar, first, last).with_columns(is_shift=pl.lit(True))
    joined = table.join(starts, on=["window_s", "window_start"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("is_shift").fill_null(False))
