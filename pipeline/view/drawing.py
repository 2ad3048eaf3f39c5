"""A table drawn for people, on standard output: one row a row; what a screen cannot hold folds, never ends in dots.

Rule: a text is padded once, however often it stands in its column, and by the columns that it takes on a screen.

>>> from pipeline.view.narrow import Column
>>> print("\\n".join(drawn([Column("name", ("máy-rót", "line"), False), Column("mean", ("1", "22.5"), True)])))
name     mean
─────────────
máy-rót     1
line     22.5
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from shutil import get_terminal_size
from textwrap import wrap

import polars as pl
from rich.cells import cell_len

from pipeline.view.narrow import GAP, Column, columns_of, narrowed, spoken
from pipeline.view.words import Words

PIPED_WIDTH = 1_000_000
"""Columns of a table that nobody's screen limits: each row stays one line."""

Parts = tuple[str, ...]
"""A cell, line by line, each as wide as its column."""


def write_drawing(table: pl.DataFrame, levels: Sequence[str], language: str) -> list[str]:
    """Names of the columns that the screen has no room for. Bytes, so that an encoding changes no letter of a path."""
    width = get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH
    columns, shared, out = narrowed(columns_of(table), levels, width, language)
    columns = [spoken(column, Words(language)) for column in columns]
    above = wrap("  ".join(shared), width, break_on_hyphens=False) if shared else []
    sys.stdout.flush()
    sys.stdout.buffer.write("\n".join([*above, *drawn(columns), ""]).encode())
    sys.stdout.buffer.flush()
    return out


def drawn(columns: Sequence[Column]) -> list[str]:
    """The names, a rule, the rows."""
    widths = [column.width or column.natural for column in columns]
    sized = list(zip(columns, widths, strict=True))
    names = [_parts(column.name, width, column.is_number) for column, width in sized]
    cells = [_cells(column, width) for column, width in sized]
    rule = "─" * (sum(widths) + GAP * (len(widths) - 1))
    blanks = [" " * width for width in widths]
    return [*_rows([names], blanks), rule, *_rows(zip(*cells, strict=True), blanks)]


def _cells(column: Column, width: int) -> Iterator[Parts]:
    parts = {cell: _parts(cell, width, column.is_number) for cell in set(column.cells)}
    return map(parts.__getitem__, column.cells)


def _rows(rows: Iterable[Sequence[Parts]], blanks: Sequence[str]) -> Iterator[str]:
    gap = " " * GAP
    for row in rows:
        for n in range(max(map(len, row))):
            shown = (parts[n] if n < len(parts) else blank for parts, blank in zip(row, blanks, strict=True))
            yield gap.join(shown).rstrip()


def _parts(text: str, width: int, is_number: bool) -> Parts:
    """One part where it fits, as most do."""
    folded = wrap(text, width, break_on_hyphens=False) if cell_len(text) > width else [text]
    blanks = (" " * (width - cell_len(part)) for part in folded)
    return tuple(blank + part if is_number else part + blank for part, blank in zip(folded, blanks, strict=True))
