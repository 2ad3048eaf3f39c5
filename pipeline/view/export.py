"""A table in the formats of `parkpulse query`: files for programs, a drawing for people.

Rule: programs get every digit, people get six; both get every row and every column.
"""

from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from rich.table import Table

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


def drawing(table: pl.DataFrame) -> "Table":
    """One row a row; where a screen is too narrow its cells fold, never end in dots."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, dtype in table.schema.items():
        drawn.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for cells in zip(*(map(short_text, column) for column in table), strict=True):
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
