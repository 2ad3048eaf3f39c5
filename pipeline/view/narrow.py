"""The columns of a table as a terminal can hold them: what does not fit is said shorter, then what matters least goes.

Rule: steps are taken one after another, and only while the table is too wide: the equipment as one column below what
all rows share; what is no main figure and the same in every row once above the table; the time of day without the date;
as few levels as tell equipment apart; four digits; names of columns folded; and last, columns left out, which is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile

import polars as pl
from rich.cells import cell_len

from pipeline.view.export import short_text
from pipeline.view.records import safe
from pipeline.view.words import Words

GAP = 2
SHORTEST = 6  # columns that a folded name keeps
SENTENCE = 24
FOLDING = frozenset({"message_en", "message_vi", "contributors", "reason"})
DISPENSABLE = (
    "id", "transition", "raised_ms", "product", "revision", "contributors", "undated", "conflict",
    "corrected", "active", "threshold", "value", "rq", "adot_s", "nee", "ewma", "sd", "unclassified_s", "sq", "pbt_s",
    "min", "max", "coverage", "gap", "waiting", "count", "priority",
)  # fmt: skip
"""What a narrow screen leaves out, first things first; the message in the other language after the first three."""

TOLD = frozenset({*DISPENSABLE, "name", "window", "reason"})


@dataclass(frozen=True)
class Column:
    """`width` where the name is wider than that, and folds; all widths are columns of a screen."""

    name: str
    cells: tuple[str, ...]
    is_number: bool
    width: int | None = None

    @cached_property
    def needs(self) -> int:
        return max(map(cell_len, set(self.cells)), default=0)

    @property
    def natural(self) -> int:
        return max(cell_len(self.name), self.needs)


def columns_of(table: pl.DataFrame) -> list[Column]:
    return [Column(column.name, _cells(column), column.dtype.is_numeric()) for column in table]


def _cells(column: pl.Series) -> tuple[str, ...]:
    """Each text is made once, however often it stands there."""
    values = column.to_list()
    texts = {value: safe(short_text(value)) for value in set(values)}
    return tuple(texts[value] for value in values)


def spoken(column: Column, words: Words) -> Column:
    """Numbers as the language writes them."""
    return replace(column, cells=tuple(map(words.written, column.cells))) if column.is_number else column


def width_of(columns: Sequence[Column]) -> int:
    return sum(column.natural + GAP for column in columns) - GAP


def narrowed(
    columns: list[Column], levels: Sequence[str], width: int, language: str
) -> tuple[list[Column], list[str], list[str]]:
    """The columns to draw, what all rows share, and the names of columns that are left out."""
    shared: list[str] = []
    for step in (joined, told_once, without_date, shortened, rounded):
        if width_of(columns) > width:
            columns = step(columns, levels, shared)
    out: list[str] = []
    other = "message_en" if language == "vi" else "message_vi"
    for name in (*DISPENSABLE[:3], other, *DISPENSABLE[3:]):
        if least_width(columns) > width:
            out += [column.name for column in columns if column.name == name]
            columns = [column for column in columns if column.name != name]
    return folded(columns, width), shared, out


def joined(columns: list[Column], levels: Sequence[str], shared: list[str]) -> list[Column]:
    """The levels as one column `equipment`, below what all rows share."""
    found = [column for column in columns if column.name in levels]
    paths = [[name for name in names if name] for names in zip(*(column.cells for column in found), strict=True)]
    common = [names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))]
    kept = min([len(common), *(len(path) - 1 for path in paths)])
    if kept > 0:
        shared.append("/".join(common[:kept]) + "/")
    equipment = Column("equipment", tuple("/".join(path[max(0, kept) :]) for path in paths), False)
    return [column if column.name not in levels else equipment for column in columns if column.name not in levels[1:]]


def told_once(columns: list[Column], levels: Sequence[str], shared: list[str]) -> list[Column]:
    left = []
    for column in columns:
        said = set(column.cells)
        if len(column.cells) <= 1 or len(said) > 1 or column.name not in TOLD:
            left.append(column)
        elif said != {""}:
            shared.append(f"{column.name} {column.cells[0]}")
    return left


def without_date(columns: list[Column], levels: Sequence[str], shared: list[str]) -> list[Column]:
    """`2026-05-29T03:26:40.000+07:00` as `03:26:40`, date and offset once; milliseconds stay where one row has some."""
    time = next(column for column in columns if column.name == "time")
    dates, offsets = {cell[:10] for cell in time.cells}, {cell[23:] for cell in time.cells}
    ends = 23 if any(cell[19:23] != ".000" for cell in time.cells) else 19
    start, after = 11 if len(dates) == 1 else 0, 23 if len(offsets) > 1 else None
    told = [*(dates if start else ()), *(f"UTC{offset.strip('Z')}" for offset in offsets if after is None)]
    if told:
        shared.append(" ".join(told))
    short = replace(time, cells=tuple(cell[start:ends] + (cell[after:] if after else "") for cell in time.cells))
    return [short if column.name == "time" else column for column in columns]


def shortened(columns: list[Column], levels: Sequence[str], shared: list[str]) -> list[Column]:
    """As many of the last levels as tell all equipment apart."""
    equipment = next(column for column in columns if column.name == "equipment")
    paths = {path: path.split("/") for path in equipment.cells}
    for kept in range(1, len(levels)):
        names = {path: "/".join(parts[-kept:]) for path, parts in paths.items()}
        if len(set(names.values())) == len(paths):
            short = replace(equipment, cells=tuple(names[path] for path in equipment.cells))
            return [short if column is equipment else column for column in columns]
    return columns


def rounded(columns: list[Column], levels: Sequence[str], shared: list[str]) -> list[Column]:
    return [
        replace(column, cells=tuple(f"{float(cell):.4g}" if "." in cell else cell for cell in column.cells))
        if column.is_number
        else column
        for column in columns
    ]


def least(column: Column) -> int:
    """How narrow a column can be: its cells whole (of sentences 24 columns), its name folded."""
    return max(min(column.needs, SENTENCE if column.name in FOLDING else column.needs), min(SHORTEST, len(column.name)))


def least_width(columns: Sequence[Column]) -> int:
    return sum(least(column) + GAP for column in columns) - GAP


def folded(columns: list[Column], width: int) -> list[Column]:
    """The longest first, until it fits; where all are as narrow as they can be, cells fold too."""
    widths = [column.natural for column in columns]
    room = width - GAP * (len(columns) - 1)
    if sum(widths) <= room:
        return columns
    for floors in ([least(column) for column in columns], [min(SHORTEST, size) for size in widths]):
        while sum(widths) > room:
            n = max(range(len(widths)), key=lambda n: widths[n] - floors[n])
            if widths[n] <= floors[n]:
                break
            widths[n] -= 1
    return [replace(column, width=size) for column, size in zip(columns, widths, strict=True)]
