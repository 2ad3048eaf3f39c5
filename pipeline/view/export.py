"""A table in the formats of `parkpulse query`: files for programs, a drawing for people.

Rule: programs get every digit, people get six; both get every row, and every column that says something.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.view.narrow import Column

FORMATS = ("table", "csv", "json", "parquet")


def file_bytes(table: pl.DataFrame, format: str) -> bytes:
    """The table as csv, json (one array) or parquet."""
    buffer = BytesIO()
    if format == "csv":
        table.write_csv(buffer)
    elif format == "parquet":
        table.write_parquet(buffer)
    else:
        buffer.write(table.write_json().encode() + b"\n")
    return buffer.getvalue()


def drawing(columns: Sequence["Column"]) -> "Table":
    """One row a row; where a screen is too narrow its cells fold, never end in dots."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        side: Literal["left", "right"] = "right" if column.is_number else "left"
        drawn.add_column(column.name, justify=side, overflow="fold", width=column.width)
    for cells in zip(*(column.cells for column in columns), strict=True):
        drawn.add_row(*cells)
    return drawn


def short_text(value: object) -> str:
    """
    >>> short_text(0.123456789), short_text(None), short_text(1234567)
    ('0.123457', '', '1234567')
    """
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
