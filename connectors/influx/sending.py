"""Sends lines in batches that every InfluxDB can take, and finds the lines that none will ever take.

Rules: at most `MOST_LINES` and `MOST_BYTES` a request (2.x has no limit of its own, and runs into a timeout). What the
server does not take is sent in halves until it is known which lines are to blame; one alone is refused twice before it
is blamed, and sending one again changes nothing. While a server asks to be left alone nothing is sent to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from connectors.influx.answers import Verdict, dropped, trouble, verdict
from connectors.influx.wire import Answer, Wire
from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import monotonic

MOST_LINES, MOST_BYTES = 5_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Blamed:
    """The place of a line that can never be stored, and the server's words."""

    place: int
    words: str


class Sender:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rests_until, self._resting = 0.0, ""

    def send(self, lines: pl.Series) -> list[Blamed]:
        """Lines as texts. Raises Unavailable: then some of them may be stored, and all are to be sent again."""
        self.leave_alone()
        return [blamed for first, last in batches(lines) for blamed in self._batch(lines, first, last)]

    def leave_alone(self) -> None:
        """Raises Unavailable for as long as the server asked to be left alone."""
        if self._resting and (rest := self._rests_until - monotonic()) > 0:
            raise Unavailable(self._resting, rest)
        self._resting = ""

    def _batch(self, lines: pl.Series, first: int, last: int) -> Iterator[Blamed]:
        answer = self._write(lines.slice(first, last - first))
        what = verdict(answer, self._wire.settings)
        if what is Verdict.REFUSED and last - first == 1:
            answer = self._write(lines.slice(first, last - first))
            what = verdict(answer, self._wire.settings)
        if what is Verdict.STORED:
            return
        if last - first == 1 or (what is Verdict.PARTIAL and dropped(answer) == last - first):
            yield from (Blamed(place, answer.words) for place in range(first, last))
            return
        middle = (first + last) // 2
        yield from self._batch(lines, first, middle)
        yield from self._batch(lines, middle, last)

    def _write(self, lines: pl.Series) -> Answer:
        answer = self._wire.write(body(lines))
        if answer.status in (429, 503):
            refused = trouble(answer, self._wire.settings)
            self._rests_until, self._resting = monotonic() + refused.retry_after, str(refused)
        return answer


def body(lines: pl.Series) -> bytes:
    found: bytes = lines.str.join("\n").cast(pl.Binary).item()
    return found


def batches(lines: pl.Series) -> Iterator[tuple[int, int]]:
    """Bounds of the batches, in order; a line that is too large alone is a batch."""
    ends = (lines.str.len_bytes() + 1).cum_sum()
    first, sent = 0, 0
    while first < len(lines):
        fitting = int(ends.search_sorted(sent + MOST_BYTES, side="right"))
        last = min(max(fitting, first + 1), first + MOST_LINES, len(lines))
        yield first, last
        first, sent = last, int(ends[last - 1])
