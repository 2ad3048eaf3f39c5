"""What a result or a transition may hold, so that whoever reads the log can store it and send it on.

Rule: the sentence names the field, what it got and what is expected; "" means fit.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import get_args

from pipeline.core.alarm import State
from pipeline.core.equipment import line_slip, name_slip
from pipeline.core.plausible import COUNTABLE, MAX_TEXT
from pipeline.core.results import Result, Transition, Value

FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999  # of the years 1 to 9999
MAX_WINDOW_S = 366 * 86_400
MAX_NAME, MAX_VALUES = 200, 500
STATES = frozenset(get_args(State))


def result_slip(r: Result) -> str:
    if not 0 <= r.revision <= COUNTABLE:
        return f"revision: got {r.revision}; expected 0 to 2^53"
    if not FIRST_MS <= r.window_start <= LAST_MS:
        return f"window_start: got {r.window_start}; expected ms of a year from 1 to 9999"
    if not 0 <= r.window_s <= MAX_WINDOW_S:
        return f"window_s: got {r.window_s}; expected 0 to a year"
    if slip := equipment_slip(r.equipment):
        return slip
    if not 0 < len(r.name) <= MAX_NAME or not r.name.isprintable():
        return f"name: got {r.name[:MAX_NAME]!r}; expected 1 to {MAX_NAME} printable characters"
    if (r.product is not None and len(r.product) > MAX_NAME) or (r.formula is not None and len(r.formula) > MAX_NAME):
        return f"product or formula: longer than {MAX_NAME} characters"
    return _values_slip(r.values)


def _values_slip(values: Mapping[str, Value]) -> str:
    if len(values) > MAX_VALUES:
        return f"values: {len(values)} of them; expected at most {MAX_VALUES}"
    for name, value in values.items():
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            return f"values: a field called {name[:MAX_NAME]!r}; expected 1 to {MAX_NAME} printable characters"
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            return f"values.{name}: got {value}; expected a whole number of 64 bits"
        if isinstance(value, str) and len(value) > MAX_TEXT:
            return f"values.{name}: a text of {len(value)} characters; expected at most {MAX_TEXT}"
    return ""


def transition_slip(t: Transition) -> str:
    if not 0 <= t.transition <= COUNTABLE or not 0 <= t.revision <= COUNTABLE:
        return f"transition, revision: got {t.transition}, {t.revision}; expected 0 to 2^53"
    for name in ("event_time_ms", "raised_ms"):
        if not FIRST_MS <= getattr(t, name) <= LAST_MS:
            return f"{name}: got {getattr(t, name)}; expected ms of a year from 1 to 9999"
    if not 1 <= t.priority <= 4:
        return f"priority: got {t.priority}; expected 1 to 4"
    if not {t.state, t.previous} <= STATES:
        return f"state, previous: got {t.state[:30]!r}, {t.previous[:30]!r}; expected {', '.join(sorted(STATES))}"
    if slip := equipment_slip(t.equipment):
        return slip
    if slip := name_slip(t.alarm):
        return f"alarm: {slip}; got {t.alarm[:MAX_NAME]!r}"
    if not 0 < len(t.id) <= MAX_NAME or not t.id.isprintable():
        return f"id: got {t.id[:MAX_NAME]!r}; expected 1 to {MAX_NAME} printable characters"
    texts = (t.uom, t.message_en, t.message_vi, t.advice_en, t.advice_vi, t.incident, t.reason)
    return f"a text is longer than {MAX_TEXT} characters" if max(map(len, texts)) > MAX_TEXT else ""


@lru_cache(maxsize=65_536)
def equipment_slip(path: str) -> str:
    slip = line_slip(path)
    return f"equipment: {slip}; got {path[:MAX_NAME]!r}; expected a path" if slip else ""
