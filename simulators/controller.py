"""What a machine's controller says of what happened: its state, mode and reason of a stop, and its counters.

Rule: samples only look at what was booked; states are said at each change and again at least every 10 s.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from simulators.payloads import Sample
from simulators.signals import times
from simulators.truth import StateInterval

REPEAT_MS, REPEAT_PHASE_MS = 9000, 4333
STATE_METRICS = ("state", "mode", "stop_reason")


def say_states(
    unit: str, states: Sequence[StateInterval], before: StateInterval | None, span: tuple[int, int]
) -> Iterator[Sample]:
    """`states` cover [t0, t1); `before` is the one that held before t0, None where nothing was known."""
    repeats = set(times(REPEAT_MS, REPEAT_PHASE_MS, *span))
    told = ("", "", "") if before is None else _said(before)
    for interval in states:
        again = {t for t in repeats if interval.from_ms <= t < interval.to_ms}
        for metric, value, old in zip(STATE_METRICS, _said(interval), told, strict=True):
            changed = {interval.from_ms} if value != old else set()
            yield from (Sample(unit, metric, t, value) for t in sorted(again | changed))
        told = _said(interval)


def _said(interval: StateInterval) -> tuple[str, str, str]:
    return interval.state, interval.mode, interval.reason or "none"


def say_counter(unit: str, metric: str, readings: Sequence[int], begun: int, gains: Sequence[int]) -> Iterator[Sample]:
    """A counter as of the ms of each reading; it stood at `begun`, and gained one at each of `gains`."""
    for t in readings:
        yield Sample(unit, metric, t, begun + bisect_right(gains, t))
