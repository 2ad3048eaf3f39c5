"""One line of text for each factory line, for terminals that cannot draw and for files.

>>> percent(0.5432), percent(None)
('54 %', '-')
"""

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.core.results import Value
from pipeline.view.words import STATES_VI, WORDS

LEDGER = ("stored", "duplicate", "expired", "rejected")


class Rates(NamedTuple):
    """samples_s: samples per second of event time; latency_s: newest sample to result, None before the first one."""

    samples_s: float
    latency_s: float | None


def percent(value: Value) -> str:
    return f"{value * 100:.0f} %" if isinstance(value, int | float) else "-"


def line_text(
    path: str, figures: tuple[str, Mapping[str, Value], Mapping[str, Value], Mapping[str, Value]],
    alarms: Mapping[str, str], rates: Rates, language: str,
) -> str:  # fmt: skip
    """`figures`: state, KPIs and elements of the newest 10 s, ledger."""
    state, kpis, elements, ledger = figures
    w = WORDS[language]
    shown = STATES_VI.get(state, state) if language == "vi" else state
    if not kpis:
        return f"{_short(path)}  {shown or '-'}  ({w['waiting_for']})"
    factors = " × ".join(
        f"{w[word]} {percent(kpis.get(name))}"
        for word, name in (("availability",) * 2, ("effectiveness",) * 2, ("quality", "quality_ratio"))
    )
    produced = elements.get("pq")
    parts = f"{produced * 6:.0f}" if isinstance(produced, int | float) else "-"
    open_ = ", ".join(sorted(alarms.values())) or w["none"]
    delay = "-" if rates.latency_s is None else f"{rates.latency_s:.2f} s"
    counts = ", ".join(f"{ledger.get(name, 0)} {w[name]}" for name in LEDGER)
    return (
        f"{_short(path)}  {shown}  OEE {percent(kpis.get('oee'))} = {factors}  {parts} {w['parts']}  "
        f"{w['alarms']}: {open_}  {rates.samples_s:.0f} {w['samples']}  {w['latency']} {delay}  {w['ledger']}: {counts}"
    )


def _short(path: str) -> str:
    return "/".join(path.split("/")[-2:])
