"""What a reader without any of our code makes of a wire: series, and elements of a unit from loops over ms."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.wire import Message, Row, rows_of

Reading = tuple[int, float | int | str]
TIMES = ("apt", "aust", "adet", "unclassified")


def read_rows(messages: Sequence[Message]) -> Iterator[Row]:
    for message in messages:
        yield from rows_of(message)


def series(messages: Sequence[Message], metric: str, unit: str = "") -> list[Reading]:
    """One metric (of the unit with this path) in event time; the first of equal times counts."""
    first: dict[int, float | int | str] = {}
    for row in read_rows(messages):
        if row.metric == metric and unit in ("", row.unit):
            first.setdefault(row.t, row.v)
    return sorted(first.items())


def times(messages: Sequence[Message], unit: str, windows: Sequence[tuple[int, int]]) -> list[dict[str, int]]:
    """Times in ms of each window, ms by ms."""
    states, modes = dict(series(messages, "state", unit)), dict(series(messages, "mode", unit))
    element_at: dict[int, str] = {}
    state = mode = None
    for t in range(min(states), windows[-1][1]):
        state, mode = states.get(t, state), modes.get(t, mode)
        running = "apt" if state == "execute" else "adet"
        element_at[t] = "aust" if mode == "changeover" else running
    found = []
    for start, end in windows:
        spent = [element_at.get(t, "unclassified") for t in range(start, end)]
        found.append({name: spent.count(name) for name in TIMES})
    return found


def increases(messages: Sequence[Message], told: tuple[str, str], windows: Sequence[tuple[int, int]]) -> list[int]:
    """What a counter gains in each window, increase by increase; energy in Wh."""
    unit, metric = told
    scale = 1000 if "kwh" in metric else 1
    readings = [(t, round(float(value) * scale)) for t, value in series(messages, metric, unit)]
    steps = [(t, now - before) for (_, before), (t, now) in pairwise(readings)]
    return [sum(gained for t, gained in steps if start <= t < end) for start, end in windows]
