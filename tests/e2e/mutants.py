"""Wires that lie a little: what an end-to-end comparison with the truth has to notice, or it compares nothing.

Rule: each mutant changes one thing that a state, a part or a reading says; all other bytes stay.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Literal, TypedDict

Messages = list[tuple[str, bytes]]
Mutant = Literal["state_dropped", "state_moved", "reading_skipped", "reject_counted_good"]
MUTANTS: tuple[Mutant, ...] = ("state_dropped", "state_moved", "reading_skipped", "reject_counted_good")


class Row(TypedDict):
    t: int
    m: str
    v: float | int | str


def mutate(messages: Messages, mutant: Mutant, window_ms: int = 10_000) -> Messages:
    """The messages of a whole run with one lie in them. Readings lie where a window of `window_ms` shows it."""
    match mutant:
        case "state_dropped":
            place, _ = _entry_into_execute(messages)
            return messages[:place] + messages[place + 1 :]
        case "state_moved":
            place, t = _entry_into_execute(messages)
            topic, body = messages[place]
            return [*messages[:place], (topic, body.replace(b"%d" % t, b"%d" % (t + 1))), *messages[place + 1 :]]
        case "reading_skipped":
            t = _last_rise_of_a_window(_readings(messages, "packs_ok"), window_ms)
            return _change_rows(messages, lambda row: None if row["t"] == t and _is(row, "packs_ok") else row)
        case "reject_counted_good":
            rises = _rises(_readings(messages, "packs_rejected"))
            return _count_good(messages, rises[len(rises) // 2])


def _entry_into_execute(messages: Messages) -> tuple[int, int]:
    """Place and time of a message, about the middle of the run, that says the unit has begun to execute."""
    entries, before = [], "execute"
    for place, (topic, body) in enumerate(messages):
        if topic.endswith("/state"):
            said = json.loads(body)
            if said["value"] == "execute" != before:
                entries.append((place, int(said["timestamp_ms"])))
            before = said["value"]
    return entries[len(entries) // 2]


def _readings(messages: Messages, metric: str) -> list[tuple[int, int]]:
    return sorted((row["t"], int(row["v"])) for _, body in messages for row in _rows(body) if _is(row, metric))


def _rises(readings: list[tuple[int, int]]) -> list[int]:
    """The times of readings that are higher than the one before."""
    return [t for (_, before), (t, now) in pairwise(readings) if now > before]


def _last_rise_of_a_window(readings: list[tuple[int, int]], window_ms: int) -> int:
    """The newest rise that is the last reading of its window."""
    following = {t: after for (t, _), (after, _) in pairwise(readings)}
    ends = [t for t in _rises(readings) if following.get(t, t) // window_ms > t // window_ms]
    return ends[-1]


def _count_good(messages: Messages, since_ms: int) -> Messages:
    """One reject of the reading at `since_ms` stands in the other counter from then on."""

    def change(row: Row) -> Row:
        step = 1 if _is(row, "packs_ok") else -1 if _is(row, "packs_rejected") else 0
        return {**row, "v": int(row["v"]) + step} if step and row["t"] >= since_ms else row

    return _change_rows(messages, change)


def _change_rows(messages: Messages, change: Callable[[Row], Row | None]) -> Messages:
    changed = []
    for topic, body in messages:
        rows = _rows(body)
        kept = [row for row in map(change, rows) if row is not None]
        written = json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()
        changed.append((topic, body if kept == rows else written))
    return changed


def _rows(body: bytes) -> list[Row]:
    """The rows of a batch; none where the body is something else."""
    try:
        content: list[Row] | object = json.loads(body)
    except ValueError:
        return []
    return content if isinstance(content, list) else []


def _is(row: Row, metric: str) -> bool:
    return row["m"].endswith(f"/{metric}")
