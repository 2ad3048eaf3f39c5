"""One line of a factory as rows of the screen: compact (two rows, from 80 columns) and wide (one row, from 120).

Rule: a mark says what a colour says; a line without data says so, and shows no figure as if it were now.
"""

from collections.abc import Mapping
from typing import NamedTuple

from rich.text import Text

from pipeline.view.amounts import bar, kept_end, lasting, seconds
from pipeline.view.cells import Cell, row
from pipeline.view.figures import LineFigures
from pipeline.view.minute import FACTORS, Minute
from pipeline.view.page import Page
from pipeline.view.readings import readings_text
from pipeline.view.records import safe

SIGNS = ("", "= ", "× ", "× ")
STATE, LASTING, PARTS, RATE, LAG = 14, 7, 9, 9, 6
RUNNING = frozenset({"execute"})
DOWN = frozenset({"held", "holding", "stopped", "stopping", "aborted", "aborting", "clearing"})
MARKS = {
    "run": ("►", "green"), "down": ("■", "red"), "wait": ("○", "magenta"), "none": ("✕", "bold red"),
    "first": ("·", ""), "measure": ("●", ""),
}  # fmt: skip


class Said(NamedTuple):
    """The state of a line in words: its kind of mark, the word, since when."""

    mark: str
    state: str
    since_ms: int | None = None


def said(line: LineFigures, page: Page) -> Said:
    w = page.words
    if line.heard_ms is None:
        return Said("first", w["no_samples"])
    if line.is_silent(page.now_ms):
        return Said("none", w["no_data"], line.heard_ms)
    if not line.has_parts:
        return Said("measure", w["measuring"])
    if line.is_headless:
        return Said("none", w["no_data"], line.pace_ms)
    if not line.state:
        return Said("first", w.state("undefined"))
    mark = "run" if line.state in RUNNING else "down" if line.state in DOWN else "wait"
    return Said(mark, safe(w.state(line.state)), line.since_ms)


def heads(page: Page) -> list[Text]:
    """What stands in which column."""
    w = page.words
    first = [Cell(w["line"], page.line_width), Cell(w["state"], STATE), Cell(w["since"], page.time_width)]
    ends = [Cell(w["parts_short"], PARTS, "right"), Cell(w["samples"], RATE, "right"), Cell(w["lag"], LAG, "right")]
    names = (w["oee_wide"] if page.is_wide else w["oee"], *(w[name] for name in FACTORS))
    ratios = [Cell(sign + name, width) for sign, name, width in zip(SIGNS, names, page.ratio_widths, strict=True)]
    rows = laid_out(first, "", ratios, ends, page)
    for text in rows:
        text.stylize("dim")
    return rows


def line_rows(line: LineFigures, minute: Minute | None, page: Page) -> list[Text]:
    """One row on a wide screen, up to two on a narrow one; a line that counts no parts shows its readings."""
    w, state = page.words, said(line, page)
    is_now = line.heard_ms is not None and state.mark != "none"
    is_heard = line.heard_ms is not None and not line.is_silent(page.now_ms)
    mark, style = MARKS[state.mark]
    since, lasts = "", ""
    if state.since_ms is not None:
        since, lasts = page.time(state.since_ms), lasting(page.now_ms - state.since_ms, w)
    first = [
        Cell(kept_end(page.place(line.path), page.line_width), page.line_width, style="bold"),
        Cell(state.state, STATE, style=style),
        Cell(since, page.time_width),
    ]
    parts = w.whole(minute.parts) if is_now and minute else "-" if line.has_parts else ""
    rate = w.whole(line.counts.rate) if is_heard and line.counts.rate is not None else "-"
    ends = [
        Cell(parts, PARTS, "right"),
        Cell(rate, RATE, "right"),
        Cell(seconds(line.lag_ms, w) if is_heard else "-", LAG, "right"),
    ]
    rows = laid_out(first, lasts, middle(line, minute, is_now, page), ends, page)
    rows[0] = Text().append(f"{mark} ", style).append_text(rows[0][2:])
    return rows


def laid_out(first: list[Cell], lasts: str, ratios: list[Cell], ends: list[Cell], page: Page) -> list[Text]:
    if page.is_wide:
        return [row(*first, *ratios, *ends, indent=2)]
    below = row(*ratios, indent=4)
    return [row(*first, Cell(lasts, LASTING, "right"), *ends, indent=2), *([below] if below.plain.strip() else [])]


def middle(line: LineFigures, minute: Minute | None, is_now: bool, page: Page) -> list[Cell]:
    """OEE and its factors; or readings; or what is awaited."""
    width = sum(page.ratio_widths) + 3
    if not is_now:
        return [Cell("", width)]
    if not line.has_parts:
        return [Cell(readings_text(line, page.words, width), width)]
    if minute is None:
        return [Cell(page.words["waiting_for"], width, style="dim")]
    return ratio_cells(minute.kpis, page)


def ratio_cells(kpis: Mapping[str, float | None], page: Page) -> list[Cell]:
    """Each a number and a bar; all bars have one length, so that they compare."""
    leads = [f"{sign}{page.words.percent(kpis[name]):>5} " for sign, name in zip(SIGNS, ("oee", *FACTORS), strict=True)]
    length = max(0, min(width - len(lead) for lead, width in zip(leads, page.ratio_widths, strict=True)))
    return [
        Cell(lead + bar(kpis[name], length), width, style="" if sign else "bold")
        for sign, name, lead, width in zip(SIGNS, ("oee", *FACTORS), leads, page.ratio_widths, strict=True)
    ]
