"""Cells of recorded files: numbers one by one, so that one bad cell spoils no column.

Rule: a column in which at least half of the cells are numbers is one of numbers, and every other cell of it is named
and not sent; any other column is text.

>>> values, bad = read_cells(pl.Series("speed", ["1.5", "n/a", "2"]))
>>> values.to_list(), bad
([1.5, None, 2.0], ["column 'speed', row 2: not a number, not sent; got 'n/a'"])
>>> with_points(pl.DataFrame({"a": ["1,5", "-1.234,25", "2.5", "1,5 A"]}))["a"].to_list()
['1.5', '-1234.25', '2.5', '1,5 A']
"""

import polars as pl

NAMED = 5
_COMMA = r"^\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+\s*$"


def read_cells(column: pl.Series) -> tuple[pl.Series, list[str]]:
    """The values to send, and a line about each bad cell: the first ones, and how many more there are."""
    if column.dtype != pl.String:
        return column, []
    text = column.str.strip_chars().replace("", None)
    numbers = numbers_in(text)
    bad = (numbers.is_null() & text.is_not_null()).arg_true()
    if len(bad) * 2 > len(text) - text.null_count():
        return text, []
    where = f"column {column.name!r}"
    lines = [f"{where}, row {row + 1}: not a number, not sent; got {text[row]!r:.80}" for row in bad.head(NAMED)]
    more = len(bad) - len(lines)
    return numbers, [*lines, f"{where}: {more} more cells are no numbers, not sent"] if more else lines


def numbers_in(column: pl.Series) -> pl.Series:
    """f64; null where a text is no number."""
    return column.str.strip_chars().cast(pl.Float64, strict=False)


def with_points(table: pl.DataFrame) -> pl.DataFrame:
    """Numbers with a decimal comma as others are written; for files in which no comma stands between columns."""
    text = pl.col(pl.String)
    pointed = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return table.with_columns(pl.when(text.str.contains(_COMMA)).then(pointed).otherwise(text))
