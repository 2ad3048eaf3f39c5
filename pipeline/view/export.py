"""A table in the formats of `parkpulse query`: files for programs; `drawing.py` draws it for people.

Rule: programs get every digit, people get six; both get every row, and every column that says something.
"""

from io import BytesIO

import polars as pl

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


def short_text(value: object) -> str:
    """
    >>> short_text(0.123456789), short_text(None), short_text(1234567)
    ('0.123457', '', '1234567')
    """
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
