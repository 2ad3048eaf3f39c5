"""One line of text for each factory line, for terminals that cannot draw and for files."""

from collections.abc import Iterable

from pipeline.core.results import Transition
from pipeline.view.amounts import seconds
from pipeline.view.figures import LineFigures
from pipeline.view.line_rows import said
from pipeline.view.minute import FACTORS, Minute
from pipeline.view.notices import notice_text
from pipeline.view.page import Page
from pipeline.view.readings import readings_text
from pipeline.view.records import safe

LEDGER = ("stored", "duplicate", "corrected", "expired", "rejected", "gap")
READINGS_WIDTH = 60


def line_text(line: LineFigures, minute: Minute | None, page: Page) -> str:
    """What the screen says of a line, but for what only the screen has room for."""
    w, state = page.words, said(line, page)
    name = page.place(line.path)
    if line.heard_ms is None or state.mark == "none":
        since = "" if state.since_ms is None else f" {page.time(state.since_ms)}"
        return f"{name}  {state.state}{since}"
    if line.has_parts and minute is None:
        return f"{name}  {state.state}  ({w['waiting_for']})"
    parts = [name, state.state]
    if minute is None:
        parts.append(readings_text(line, w, READINGS_WIDTH))
    else:
        factors = " × ".join(f"{w[name]} {w.percent(minute.kpis[name])}" for name in FACTORS)
        parts += [f"OEE {w.percent(minute.kpis['oee'])} = {factors}", f"{w.whole(minute.parts)} {w['parts']}"]
    rate = "-" if line.counts.rate is None else w.whole(line.counts.rate)
    delay = line.delay_ms if page.delay_ms is None else page.delay_ms
    counts = line.counts.hour()
    ledger = ", ".join(f"{w[name]} {w.whole(counts.get(name, 0))}" for name in LEDGER)
    parts += [
        f"{w['alarms']}: {named(line.alarms.values()) or w['none']}",
        f"{rate} {w['samples']}",
        f"{w['latency']} {seconds(delay, w)}",
        f"{w['clock_lag']} {seconds(line.lag_ms, w)}",
        f"{w['ledger']}: {ledger}",
    ]
    if notice := notice_text(line, page):
        parts.append(notice)
    return "  ".join(parts)


def named(alarms: Iterable[Transition]) -> str:
    return safe(", ".join(sorted({alarm.alarm for alarm in alarms})))
