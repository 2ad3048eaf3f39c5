"""What is said where a question finds nothing: which part of it is the cause, and what there is instead.

>>> from pipeline.view.words import Words
>>> nothing_there(["a/1", "a/2", "a/3", "a/4"], (0, 60_000), Words("en"))
'nothing matches; there is data of a/1, a/2, a/3 (+1 more line) between 1970-01-01T00:00:00Z and 1970-01-01T00:01:00Z'
"""

from collections.abc import Sequence

from pipeline.core.equipment import is_below
from pipeline.core.results import Extent
from pipeline.view.records import local_moment, safe, window_text
from pipeline.view.shift_windows import SHIFT, usual_lengths
from pipeline.view.tables import SHAPES, Question, ResultStore
from pipeline.view.whole_path import all_levels, near
from pipeline.view.words import Words

NAMED = 3
HOUR_MS = 3_600_000


def nothing_there(
    lines: Sequence[str], period: tuple[int, int] | None, words: Words, head: str = "nothing", zone: str = "UTC"
) -> str:
    """One line of text; `head` is its begin in the catalogue."""
    if period is None:
        return words["nothing_stored"]
    lines = [line for line in lines if not line.startswith("_")]  # what could not be assigned to one
    named = ", ".join(safe(line) for line in lines[:NAMED])
    more = f" (+{words.counted(len(lines) - NAMED, 'other_lines')})" if len(lines) > NAMED else ""
    return f"{words[head]} {named}{more} {_between(period, words, zone)}"


def why_nothing(store: ResultStore, question: Question, known: Sequence[str], words: Words, zone: str) -> str:
    """The first of equipment, window and period that the store has nothing of."""
    asked = question.equipment
    if asked and asked not in all_levels(known):
        meant = near(asked, known) or list(known[:NAMED])
        there = f"; {words['there_is']} {', '.join(map(safe, meant))}" if meant else ""
        return f"--equipment: {words['nothing_called']} '{safe(asked)}'{there}"
    extents = _extents(store, question)
    if not extents:
        return _none_of_it(store, question, words, zone)
    windows = [extent for extent in extents if extent.window_s == 0 or _is_asked(extent, question)]
    if not windows:
        there = ", ".join(window_text(extent.window_s) for extent in extents)
        length = SHIFT if question.only_shifts else window_text(question.window_s or 0)
        return f"--window: {words['no_window']} {length}; {words['there_is']} {there}"
    period = min(extent.first_ms for extent in windows), max(extent.last_ms for extent in windows)
    return f"--from/--to: {words['nothing_then']} {_between(period, words, zone)}"


def _is_asked(extent: Extent, question: Question) -> bool:
    if not question.only_shifts:
        return question.window_s is None or extent.window_s == question.window_s
    calendar, has_shifts = question.calendar, question.what in ("elements", "kpis")
    return calendar is not None and has_shifts and extent.window_s in usual_lengths(calendar)


def _none_of_it(store: ResultStore, question: Question, words: Words, zone: str) -> str:
    """The ledger is small, and knows every line and hour that samples came in."""
    ledger = store.read("ledger", "", None, None, None)
    asked = question.equipment
    hours: dict[str, list[int]] = {}
    for line, hour in zip(ledger["equipment"].to_list(), ledger["window_start"].to_list(), strict=True):
        if is_below(line, asked) or is_below(asked, line):
            hours.setdefault(line, []).append(hour)
    starts = [hour for found in hours.values() for hour in found]
    period = (min(starts), max(starts) + HOUR_MS) if starts else None
    return nothing_there(list(hours), period, words, "none_of_it", zone)


def _extents(store: ResultStore, question: Question) -> list[Extent]:
    if question.what != "alerts":
        return store.extents(SHAPES[question.what].kind, question.equipment)
    times = store.read_alerts(question.equipment, None, None)["event_time_ms"].to_list()
    return [Extent(0, min(times), max(times))] if times else []


def _between(period: tuple[int, int], words: Words, zone: str) -> str:
    first, last = (local_moment(ms, zone) for ms in period)
    return f"{words['between']} {first} {words['and']} {last}"
