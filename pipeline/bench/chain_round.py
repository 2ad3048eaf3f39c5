"""One round of a chain: a burst is sent, and the windows that come out of it are awaited, read and compared.

Rules: a round lasts from its first byte sent to the log's own time of the last record with one of its windows. Nothing
is read while the burst is under way but the end of one partition. The reference is plain arithmetic over the burst.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import NamedTuple

import msgspec
import numpy as np

from connectors.codecs import results_json
from pipeline.bench.burst import METRICS, UNITS, Burst
from pipeline.bench.loads import Mismatch
from pipeline.bench.plain_worker import PlainWindow
from pipeline.core.ports import Reader, Record

WIDTHS_MS, SPAN_MS, BEFORE_MS = (10_000, 10_000, 60_000), 20_000, 40_000
LOOK_S, STILL_S, PATIENCE_S = 0.1, 0.4, 60.0
EXACT, CLOSE = 1e-9, 1e-6
_PLAIN = msgspec.json.Decoder(PlainWindow)


class Window(NamedTuple):
    series: str
    width_ms: int
    start: int
    revision: int
    n: object
    min: object
    max: object
    last: object
    mean: object


@dataclass(slots=True)
class Load:
    """The process that publishes a burst."""

    burst: Burst
    process: "subprocess.Popen[str]"

    def told(self, order: str) -> list[str]:
        if self.process.stdin is None or self.process.stdout is None:
            raise Mismatch("the load has no ears")
        if order:
            print(order, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().split()

    def send(self) -> int:
        """When its first byte left, in ms of the wall."""
        match self.told("send"):
            case [began, _, "in", "order"]:
                return int(began)
            case said:
                raise Mismatch(f"the broker did not acknowledge every message, in order: {' '.join(said)}")


@contextmanager
def load(address: str, burst: Burst) -> Iterator[Load]:
    command = [sys.executable, "-m", "pipeline.bench.publisher", address, msgspec.json.encode(burst).decode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            own = Load(burst, process)
            if own.told("") != ["built"]:
                raise Mismatch("the load has not come up")
            yield own
        finally:
            process.kill()


def own_windows(record: Record) -> list[Window]:
    """Of a record of the product."""
    return [
        Window(
            f"{one.equipment}/{one.name}", one.window_s * 1000, one.window_start, one.revision,
            *(one.values[name] for name in ("count", "min", "max", "last", "mean")),
        )
        for one in results_json.decode(record.value)
        if one.kind == "metric"
    ]  # fmt: skip


def plain_windows(record: Record) -> list[Window]:
    """Of a record of the ordinary chain, whose series begin with their topic."""
    one = _PLAIN.decode(record.value)
    name = one.series[one.series.index("park/line-") :]
    return [Window(name, one.width, one.start, 0, one.n, one.min, one.max, one.last, one.mean)]


class Span(NamedTuple):
    """First byte sent, and last window in the log; ms of the wall."""

    began_ms: int
    ended_ms: int


@dataclass(slots=True)
class Chain:
    """Where a burst goes, and where its windows come out."""

    load: Load
    results: Reader
    windows: Callable[[Record], list[Window]]

    def rate(self, first_ms: int) -> float:
        """Samples a second of one round."""
        span = self.round(first_ms)
        return self.load.burst.samples / ((span.ended_ms - span.began_ms) / 1000)

    def round(self, first_ms: int) -> Span:
        """Sends the burst that begins then, 40 s behind a whole minute; raises Mismatch where a window is wrong."""
        self.load.told(f"stamp {first_ms}")
        self._read()
        began = self.load.send()
        found: dict[tuple[str, int, int], Window] = {}
        last_ms, until = 0, monotonic() + PATIENCE_S
        while True:
            self._await_still()
            last_ms = max(last_ms, self._take(first_ms, found))
            try:
                compare(self.load.burst, first_ms, list(found.values()))
                return Span(began, last_ms)
            except Mismatch:  # a window that is missing, or whose last revision is: it may come yet
                if monotonic() > until:
                    raise

    def _take(self, first_ms: int, found: dict[tuple[str, int, int], Window]) -> int:
        """Into `found`, the newest revision of each; append time of the last record with one of them, 0 without."""
        last_ms = 0
        for record in self._read():
            for one in self.windows(record):
                if first_ms <= one.start + one.width_ms - 10_000 <= first_ms + 10_000:
                    last_ms = max(last_ms, record.append_ms)
                    held = found.setdefault((one.series, one.width_ms, one.start), one)
                    if one.revision >= held.revision:
                        found[one.series, one.width_ms, one.start] = one
        return last_ms

    def _read(self) -> list[Record]:
        found = list[Record]()
        while some := self.results.poll(0.0):
            found += some
        return found

    def _await_still(self) -> None:
        """Until nothing more is written."""
        seen, since = -1, monotonic()
        while monotonic() < since + STILL_S:
            end = self.results.end_offset(0)
            if end != seen:
                seen, since = end, monotonic()
            sleep(LOOK_S)


def compare(burst: Burst, first_ms: int, found: Sequence[Window]) -> None:
    """Each window of the burst is there once and right."""
    size, per_window = burst.lines * UNITS * METRICS, 10_000 // burst.period_ms
    if len(found) < 3 * size:
        raise Mismatch(f"{3 * size - len(found)} of {3 * size} windows missing")
    v = np.zeros((size, burst.ticks))
    v[burst.series().reshape(-1), _ticks(burst).reshape(-1)] = burst.values().reshape(-1) / 1000
    for width, start, low, high in (
        (10_000, first_ms, 0, per_window),
        (10_000, first_ms + 10_000, per_window, 2 * per_window),
        (60_000, first_ms - BEFORE_MS, 0, 2 * per_window),
    ):
        own = [one for one in found if (one.width_ms, one.start) == (width, start)]
        rows = np.full((size, 5), np.nan)
        rows[[code(one.series) for one in own]] = [one[4:] for one in own]
        part = v[:, low:high]
        n = np.full(size, high - low)
        wanted = np.column_stack((n, part.min(axis=1), part.max(axis=1), part[:, -1], part.mean(axis=1)))
        lost = int(np.isnan(rows[:, 0]).sum())
        wrong = np.flatnonzero((np.abs(rows - wanted) > [EXACT, EXACT, EXACT, EXACT, CLOSE]).any(axis=1))
        if lost or len(wrong) or len(own) != size:
            shown = [f"; series {k}: {rows[k].tolist()}, not {wanted[k].tolist()}" for k in wrong[:1].tolist()]
            said = f"{lost} of {size} missing, {len(wrong)} wrong{''.join(shown)}"
            raise Mismatch(f"{width // 1000}-s windows: {said}")


def _ticks(burst: Burst) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    times: np.ndarray[tuple[int, int], np.dtype[np.int64]] = burst.times(0) // burst.period_ms
    return times


def code(series: str) -> int:
    """
    >>> code("park/line-0002/unit-3/metric-4")
    99
    """
    line, unit, metric = (int(part.rpartition("-")[2]) for part in series.split("/")[1:])
    return (line * UNITS + unit) * METRICS + metric
