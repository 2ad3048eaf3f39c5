"""Wires that lie a little: what an end-to-end comparison with the truth has to notice, or it compares nothing.

Rule: each mutant changes one thing that a state, a part or a reading of one line says; all other rows stay.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.wire import Message, Row, changed, rows_of

Lie = Callable[[Row], Row | None]


@dataclass(frozen=True)
class Told:
    """The metrics of a line that its figures hang on, as (path of the unit, metric); None where it has none."""

    state: tuple[str, str] | None
    good: tuple[str, str] | None
    reject: tuple[str, str] | None
    energy: tuple[str, str] | None

    @property
    def mutants(self) -> list[str]:
        parts = ["state_dropped", "state_moved", "reading_skipped", "reject_counted_good"] if self.state else []
        return parts + (["energy_reading_skipped", "energy_raised"] if self.energy else [])


def mutate(
    messages: Sequence[Message | None], told: Told, mutant: str, window_ms: int = 10_000
) -> list[Message | None]:
    """The messages of a whole run with one lie in them, None where nothing is left of one. Readings lie where a window
    of `window_ms` shows it."""
    lie = _lie([message for message in messages if message], told, mutant, window_ms)
    return [message and changed(message, lie) for message in messages]


def _lie(messages: list[Message], told: Told, mutant: str, window_ms: int) -> Lie:
    match mutant:
        case "state_dropped" | "state_moved":
            t = _entry_into_execute(_series(messages, told.state))
            moved = (lambda row: row._replace(t=t + 1)) if mutant == "state_moved" else lambda row: None
            return lambda row: moved(row) if row[:2] == told.state and row.t == t else row
        case "reading_skipped" | "energy_reading_skipped":
            metric = told.good if mutant == "reading_skipped" else told.energy
            skipped = _last_rise_of_a_window(_series(messages, metric), window_ms)
            return lambda row: None if row[:2] == metric and row.t == skipped else row
        case "reject_counted_good":
            rises = _rises(_series(messages, told.reject))
            since = rises[len(rises) // 2]
            step = {told.good: 1, told.reject: -1}
            return lambda row: (
                row._replace(v=row.v + step.get(row[:2], 0)) if row.t >= since and row[:2] in step else row
            )
        case "energy_raised":
            readings = _series(messages, told.energy)
            since = readings[len(readings) // 2][0]
            return lambda row: (
                row._replace(v=round(row.v + 0.001, 3)) if row[:2] == told.energy and row.t >= since else row
            )
    raise ValueError(mutant)


def _series(messages: list[Message], metric: tuple[str, str]) -> list[tuple[int, float | int | str]]:
    return sorted({(row.t, row.v) for message in messages for row in rows_of(message) if row[:2] == metric})


def _entry_into_execute(states: list[tuple[int, float | int | str]]) -> int:
    """When, about the middle of the run, the unit is first said to execute again."""
    entries = [t for (_, before), (t, now) in pairwise(states) if now == "execute" != before]
    return entries[len(entries) // 2]


def _rises(readings: list[tuple[int, float | int | str]]) -> list[int]:
    """The times of readings that are higher than the one before."""
    return [t for (_, before), (t, now) in pairwise(readings) if now > before]


def _last_rise_of_a_window(readings: list[tuple[int, float | int | str]], window_ms: int) -> int:
    """The newest rise that is the last reading of its window."""
    following = {t: after for (t, _), (after, _) in pairwise(readings)}
    ends = [t for t in _rises(readings) if following.get(t, t) // window_ms > t // window_ms]
    return ends[-1]
