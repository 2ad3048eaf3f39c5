"""The whole screen as rows that fit it: a title, the lines, alarms, anomalies, and the ledger at the foot.

Rule: every row fits the width, all rows fit the height; what does not fit is counted, and trouble comes before it.
"""

from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

from rich.text import Text

from pipeline.view.amounts import full_time, lasting, seconds
from pipeline.view.counts import equation, summed
from pipeline.view.figures import LineFigures
from pipeline.view.incidents import alarm_rows, anomaly_rows, open_alarms
from pipeline.view.line_rows import heads, line_rows, said
from pipeline.view.minute import Minute, minutes
from pipeline.view.notices import notice_rows
from pipeline.view.page import Page

SEVERITY = {"none": 0, "down": 1, "wait": 2, "first": 3, "run": 4, "measure": 4}
LEAST_ANOMALIES = 3
DATED = 100  # columns from which there is room for the date, and for the ledger of each line


class Told(NamedTuple):
    """What stands around the lines: the name of the run, what is wrong with it, and notes at the foot."""

    name: str
    troubles: Sequence[str]
    notes: Sequence[str]


def picture(told: Told, lines: Sequence[LineFigures], page: Page, height: int) -> list[Text]:
    ledger = ledger_rows(lines, page)
    lines = [line for line in lines if not line.is_pseudo]
    troubles = [row for sentence in told.troubles for row in trouble_rows(sentence, page)]
    top = [headline(told.name, lines, page), *troubles, *heads(page)]
    foot = [*ledger, *(Text(f" {note}", "dim") for note in told.notes)]
    room = max(1, height - len(top) - len(foot))
    alarms, anomalies = alarm_rows(lines, page, height), anomaly_rows(lines, page, height)
    notices = notice_rows(lines, page, max(3, height // 6))
    incidents = len(notices) + len(alarms) + min(len(anomalies), LEAST_ANOMALIES)
    drawn = drawn_lines(lines, page, max(room - incidents, room // 2))
    notices = notices[: max(0, room - len(drawn))]
    room = max(0, room - len(drawn) - len(notices))
    alarm_room = min(len(alarms), max(room - min(len(anomalies), LEAST_ANOMALIES), room // 2))
    alarms = alarm_rows(lines, page, alarm_room)
    below = [*alarms, *anomalies[: room - len(alarms)]]
    rows = [*top, *drawn, *notices, *below, *[Text("")] * (room - len(below)), *foot][:height]
    for text in rows:
        text.no_wrap = True
        text.truncate(page.width, overflow="ellipsis")
    return rows


def trouble_rows(sentence: str, page: Page) -> list[Text]:
    """In red, and with a mark for who sees no red."""
    return [Text(row, "bold red") for row in wrap(f"✕ {sentence}", max(10, page.width), subsequent_indent="  ")]


def drawn_lines(lines: Sequence[LineFigures], page: Page, room: int) -> list[Text]:
    """All lines in their order where they fit, each with its ledger where that fits too; else the worst
    first, and how many more there are."""
    each = 1 if page.is_wide else 2
    if len(lines) <= room:
        found = minutes(lines)
        rows = [row for line in lines for row in line_rows(line, found.get(line.path), page)]
        if page.width >= DATED and 1 < len(lines) <= room - len(rows):
            return [row for line in lines for row in with_ledger(line, found.get(line.path), page)]
        if len(rows) <= room:
            return rows
    shown = sorted(lines, key=lambda line: trouble(line, page))[: max(1, (room - 1) // each)]
    found = minutes(shown)
    rows = [row for line in shown for row in line_rows(line, found.get(line.path), page)]
    rows.append(Text(f"  … {page.words.counted(len(lines) - len(shown), 'more_lines')}", "dim"))
    return rows


def with_ledger(line: LineFigures, minute: Minute | None, page: Page) -> list[Text]:
    rows, w, state = line_rows(line, minute, page), page.words, said(line, page)
    if line.heard_ms is not None:
        lasts = "" if state.since_ms is None else f"{w['lasting']} {lasting(page.now_ms - state.since_ms, w)} · "
        text = f"{equation(line.counts.hour(), w)} · {w['latency']} {seconds(delay_ms(line, page), w)}"
        rows.append(Text(f"    {lasts if page.is_wide else ''}{text}", "dim"))
    return rows


def trouble(line: LineFigures, page: Page) -> tuple[int, int]:
    """Sorts the worst first: by its worst open alarm, then by its state."""
    worst = min((alarm.priority for alarm in line.alarms.values()), default=9)
    return worst, SEVERITY[said(line, page).mark]


def delay_ms(line: LineFigures, page: Page) -> float | None:
    return line.delay_ms if page.delay_ms is None else page.delay_ms


def headline(name: str, lines: Sequence[LineFigures], page: Page) -> Text:
    """Name, time, and how much of everything there is; in reverse, which is legible on any ground."""
    w = page.words
    rates = [line.counts.rate for line in lines if line.counts.rate is not None and not line.is_silent(page.now_ms)]
    delays = [delay for line in lines if (delay := delay_ms(line, page)) is not None]
    alarms = len(open_alarms(lines))
    parts = [
        w.counted(len(lines), "lines") if page.width >= DATED else "",
        w.counted(alarms, "alarms"),
        f"{w.whole(sum(rates))} {w['samples']}" if rates else "",
        f"{w['latency']} {seconds(max(delays), w)}" if delays else "",
    ]
    right = " · ".join(part for part in parts if part)
    time = full_time(page.now_ms, page.zone, w) if page.width >= DATED else page.time(page.now_ms)
    left = f" {name}  {time}"
    return Text(f"{left}{right:>{max(len(right) + 2, page.width - len(left) - 1)}} ", "reverse bold")


def ledger_rows(lines: Sequence[LineFigures], page: Page) -> list[Text]:
    """The ledger of all lines; a sample that is missing is said in red, and in capitals."""
    w = page.words
    counts = summed(line.counts.hour() for line in lines)
    if not counts:
        return []
    terms = f"{w['ledger_hour']}: {equation(counts, w)}".replace(" ", "\xa0")
    for sign in ("+", "="):
        terms = terms.replace(f"\xa0{sign}\xa0", f" {sign}\xa0")  # a row ends between terms alone
    style = "bold red" if counts.get("gap") else ""
    return [Text(f" {text}".replace("\xa0", " "), style) for text in wrap(terms, max(10, page.width - 2))]
