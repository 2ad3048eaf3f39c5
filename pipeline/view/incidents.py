"""Alarms and anomalies of all lines as rows of the screen: the worst alarm first, the newest anomaly first.

Rule: an alarm stands with what to do about it; a priority is a number before it is a colour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from textwrap import wrap

from rich.text import Text

from pipeline.core.results import Transition
from pipeline.view.amounts import kept_end
from pipeline.view.cells import Cell, row, title
from pipeline.view.figures import STALE_MS, Anomaly, LineFigures
from pipeline.view.page import Page
from pipeline.view.records import safe

BADGES = {1: "bold white on red", 2: "black on yellow", 3: "black on cyan", 4: "reverse"}
ADVICE_ROWS, OVER_ROWS = 2, 4
KEPT_OVER_MS = 600_000


def open_alarms(lines: Iterable[LineFigures]) -> list[Transition]:
    found = [alarm for line in lines for alarm in line.alarms.values()]
    return sorted(found, key=lambda alarm: (alarm.priority, -alarm.raised_ms, alarm.equipment, alarm.alarm))


def alarm_rows(lines: Sequence[LineFigures], page: Page, room: int) -> list[Text]:
    """At most `room` rows: the heading, the worst alarm with its advice, the next ones with as much of theirs as leaves
    those after them a row, and those that are just over."""
    w, alarms = page.words, open_alarms(lines)
    rows = [title(f"{w['open_alarms']}: {len(alarms)}" if alarms else w["no_alarms"], page.width)]
    for n, alarm in enumerate(alarms):
        left, after = room - len(rows), len(alarms) - n - 1
        if left < 2 and after:
            rows.append(Text(f"    … {w.whole(after + 1)} {w['more_alarms']}", "dim"))
            return rows[:room]
        rows += alarm_row(alarm, page, max(1 if n else 2, left - after))[:left]
    over = sorted((one for line in lines for one in line.over), key=lambda one: -one.event_time_ms)
    recent = [one for one in over if page.now_ms - one.event_time_ms <= KEPT_OVER_MS]
    return [*rows, *(over_row(one, page) for one in recent[:OVER_ROWS])][:room]


def alarm_row(alarm: Transition, page: Page, most: int) -> list[Text]:
    """At most so many rows: the message, then its advice; what does not fit of that ends in dots."""
    message, advice = said(alarm, page)
    when = Cell(page.time(alarm.raised_ms), page.time_width)
    badge = Text().append(f" {alarm.priority} ", BADGES.get(alarm.priority, "reverse"))
    rows = [badge.append(" ").append_text(row(when, place(alarm.equipment, page), rest(message, page, "bold")))]
    room, most = max(10, page.width - page.time_width - 7), min(most - 1, ADVICE_ROWS)
    lines = wrap(advice, room) if most else []
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    for n, text in enumerate(lines):
        rows.append(row(Cell("" if n else "→", 1), Cell(text, room), indent=page.time_width + 5))
    return rows


def over_row(alarm: Transition, page: Page) -> Text:
    message, _ = said(alarm, page)
    cells = (Cell(page.time(alarm.event_time_ms), page.time_width), place(alarm.equipment, page), rest(message, page))
    drawn = Text(" ✓  ").append_text(row(*cells))
    drawn.stylize("dim")
    return drawn


def said(alarm: Transition, page: Page) -> tuple[str, str]:
    """Message and advice in the language of the screen."""
    w = page.words
    return safe(w.of(alarm.message_en, alarm.message_vi)), safe(w.of(alarm.advice_en, alarm.advice_vi))


def place(equipment: str, page: Page) -> Cell:
    width = 22 if page.width < 100 else 32
    return Cell(kept_end(page.place(equipment), width), width)


def rest(text: str, page: Page, style: str = "") -> Cell:
    return Cell(text, max(10, page.width - 6 - page.time_width - place("", page).width), style=style)


def newest_anomalies(lines: Iterable[LineFigures], now_ms: int) -> list[Anomaly]:
    """Of the last ten minutes, those that go on first; one that is not said again is over."""
    found = [anomaly for line in lines for anomaly in line.anomalies.values()]
    said = [replace(one, open=one.open and now_ms - one.until_ms <= STALE_MS) for one in found]
    recent = [one for one in said if now_ms - one.until_ms <= KEPT_OVER_MS]
    return sorted(recent, key=lambda one: (not one.open, -one.since_ms, -one.level, one.equipment, one.metric))


def anomaly_rows(lines: Sequence[LineFigures], page: Page, room: int) -> list[Text]:
    """At most `room` rows: the heading, then open anomalies, then those that are over."""
    w, found = page.words, newest_anomalies(lines, page.now_ms)
    rows = [title(w["anomalies"] if found else w["no_anomalies"], page.width)]
    for one in found[: max(0, room - 1)]:
        metric = safe(one.metric.rpartition("/")[0] or one.metric)
        how = w["very_unusual"] if one.level >= 2 else w["unusual"]
        end = w["still"] if one.open else f"{w['until']} {page.time(one.until_ms)}"
        text, score = f"{metric}: {how}, {end}", f" ({w['score']} {w.decimal(one.score, 1)})"
        text += score if len(text + score) <= rest("", page).width else ""
        mark = Text(f" {'▲' * one.level:<2} ", "bold" if one.open else "dim")
        cells = (Cell(page.time(one.since_ms), page.time_width), place(one.equipment, page), rest(text, page))
        rows.append(mark.append_text(row(*cells)))
    return rows[:room]
