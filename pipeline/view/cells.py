"""Rows of the screen out of cells of fixed width, so that columns stand under each other in any language."""

from typing import Literal, NamedTuple

from rich.style import Style
from rich.text import Text

Side = Literal["left", "right"]


class Cell(NamedTuple):
    text: str
    width: int
    side: Side = "left"
    style: str = ""


def row(*cells: Cell, indent: int = 0) -> Text:
    """One blank between cells; what is too long ends in dots."""
    out = Text(" " * indent)
    for n, cell in enumerate(cells):
        part = Text(cell.text, Style.parse(cell.style) if cell.style else "")
        part.truncate(cell.width, overflow="ellipsis")
        part.align(cell.side, cell.width)
        out.append_text(part if n == 0 else Text(" ").append_text(part))
    return out


def title(text: str, width: int) -> Text:
    """A heading with a rule to the edge."""
    out = Text("── ", "dim").append(text, "not dim bold").append(" ")
    return out.append("─" * max(0, width - out.cell_len))
