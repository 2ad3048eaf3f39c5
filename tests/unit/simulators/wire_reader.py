"""What a reader without any of our code makes of the wire: rows from plain JSON, elements from loops over ms."""

import json
from collections.abc import Iterator
from itertools import pairwise

Messages = list[tuple[str, bytes]]
Row = tuple[str, int, float | int | str]  # metric, event time, value
TIMES = ("apt", "aust", "adet", "unclassified")


def read_message(body: bytes, topic: str) -> list[Row]:
    """The rows of one message; none where it is not of the two forms that the plant sends."""
    try:
        content = json.loads(body)
    except ValueError:
        return []
    if isinstance(content, list):
        return [(row["m"].rpartition("/")[2], row["t"], row["v"]) for row in content]
    t, value = content["timestamp_ms"], content["value"]
    if not isinstance(t, int) or isinstance(value, dict) or "quality" in content:
        return []
    return [(topic.rpartition("/")[2], t, value)]


def read_rows(messages: Messages) -> Iterator[Row]:
    for topic, body in messages:
        yield from read_message(body, topic)


def series(messages: Messages, metric: str) -> list[tuple[int, float | int | str]]:
    """One metric in event time; the first of equal times counts."""
    first: dict[int, float | int | str] = {}
    for name, t, value in read_rows(messages):
        if name == metric:
            first.setdefault(t, value)
    return sorted(first.items())


def elements(messages: Messages, windows: list[tuple[int, int]]) -> list[dict[str, int]]:
    """Times in ms and quantities of each window: ms by ms, increase by increase."""
    states, modes = dict(series(messages, "state")), dict(series(messages, "mode"))
    element_at: dict[int, str] = {}
    state = mode = None
    for t in range(min(states), windows[-1][1]):
        state, mode = states.get(t, state), modes.get(t, mode)
        running = "apt" if state == "execute" else "adet"
        element_at[t] = "aust" if mode == "changeover" else running
    found = []
    for start, end in windows:
        spent = [element_at.get(t, "unclassified") for t in range(start, end)]
        row = {name: spent.count(name) for name in TIMES}
        gq = increase(series(messages, "packs_ok"), start, end)
        sq = increase(series(messages, "packs_rejected"), start, end)
        found.append(row | {"gq": gq, "sq": sq, "pq": gq + sq})
    return found


def increase(readings: list[tuple[int, float | int | str]], start: int, end: int) -> int:
    return sum(int(now) - int(before) for (_, before), (t, now) in pairwise(readings) if start <= t < end)
