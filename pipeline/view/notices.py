"""What a line says and nobody understands, as rows of the screen: which unit, since when, and what to write.

Rule: only what holds now: a unit that says a known state again, or a line that has gone silent, has no notice.
"""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.text import Text

from pipeline.view.cells import Cell, row
from pipeline.view.figures import LineFigures, UnitState
from pipeline.view.incidents import ADVICE_ROWS, place, rest
from pipeline.view.page import Page
from pipeline.view.records import safe
from pipeline.view.state_guess import codes_row, perhaps, toml_key
from pipeline.view.words import Words

LONGEST = 20


def unknown_states(line: LineFigures, now_ms: int) -> list[tuple[str, UnitState]]:
    """(unit, what it says)."""
    return [] if line.is_silent(now_ms) else line.unknown_states()


def notice_rows(lines: Sequence[LineFigures], page: Page, room: int) -> list[Text]:
    """At most `room` rows, the newest first; what does not fit is counted."""
    found = [(line.path, *one) for line in lines for one in unknown_states(line, page.now_ms)]
    found.sort(key=lambda one: -one[2].since_ms)
    rows: list[Text] = []
    for n, (path, unit, said) in enumerate(found):
        drawn = list(_notice(path, unit, said, page))
        left = room - len(rows)
        if len(drawn) > left - (n + 1 < len(found)):
            if left > 0:
                rows.append(Text(f"    … {page.words.whole(len(found) - n)} {page.words['more_unknown']}", "yellow"))
            break
        rows += drawn
    return rows


def _notice(path: str, unit: str, said: UnitState, page: Page) -> Iterator[Text]:
    """What, where and since when; below it what to write."""
    w = page.words
    mark = Text(" !  ", "bold yellow")
    text = w.said("not_understood", shown(said.state))
    cells = (Cell(page.time(said.since_ms), page.time_width), place(f"{path}/{unit}", page), rest(text, page, "bold"))
    yield mark.append_text(row(*cells))
    room = max(10, page.width - page.time_width - 7)
    for n, line in enumerate(wrap(remedy(said, w), room)[:ADVICE_ROWS]):
        yield row(Cell("" if n else "→", 1), Cell(line, room), indent=page.time_width + 5)


def shown(state: str) -> str:
    return safe(state if len(state) <= LONGEST else state[: LONGEST - 1] + "…")


def remedy(said: UnitState, words: Words) -> str:
    """The row of `codes` that the line's file lacks; of a number not, for it needs the whole table."""
    if said.state.replace(".", "", 1).lstrip("-").isdecimal():
        return words["map_code"]
    return words.said(
        "map_state",
        f"[units.metrics.{toml_key(said.metric)}.codes]",
        codes_row(said.state, perhaps(said.state, "state")),
    )


def notice_text(line: LineFigures, page: Page) -> str:
    """The same in plain lines, "" where there is none."""
    w = page.words
    return "; ".join(
        f"{safe(unit)} {w['since']} {page.time(said.since_ms)} {w.said('not_understood', shown(said.state))}: "
        f"{remedy(said, w)}"
        for unit, said in unknown_states(line, page.now_ms)
    )
