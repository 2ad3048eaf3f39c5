"""The baseline's windows: JSON of one record in, 10-s and 1-min windows and EWMA scores out, as one writes it by hand.

Rule: no order, no repeats, no lateness beyond two seconds, no checkpoint; a dict entry a series and window.
"""

from dataclasses import dataclass, field
from math import sqrt

import msgspec

WIDTHS_MS, LATENESS_MS, ALPHA = (10_000, 60_000), 2_000, 0.05


class Sample(msgspec.Struct):
    """One object of a batch."""

    t: int
    m: str
    v: float


class Window(msgspec.Struct):
    """One window of one series, as it is published."""

    equipment: str
    window_s: int
    window_start: int
    count: int = 0
    total: float = 0.0
    square: float = 0.0
    min: float = float("inf")
    max: float = float("-inf")
    last: float = 0.0
    score: float = 0.0


@dataclass(slots=True)
class PlainWindows:
    """Of all lines; `clock`: the newest event time of each line."""

    samples: int = 0
    open: dict[tuple[str, int, int], Window] = field(default_factory=dict)
    clock: dict[bytes, int] = field(default_factory=dict)
    ewma: dict[str, tuple[float, float]] = field(default_factory=dict)
    decoder: msgspec.json.Decoder[list[Sample]] = field(default_factory=lambda: msgspec.json.Decoder(list[Sample]))

    def take(self, line: bytes, value: bytes) -> None:
        newest, path = self.clock.get(line, 0), line.decode()
        for sample in self.decoder.decode(value):
            self.samples += 1
            newest = max(newest, sample.t)
            self._add(f"{path}/{sample.m}", sample.t, sample.v)
        self.clock[line] = newest

    def _add(self, equipment: str, t: int, v: float) -> None:
        mean, variance = self.ewma.get(equipment, (v, 0.0))
        score = abs(v - mean) / sqrt(variance) if variance > 0 else 0.0
        d = v - mean
        self.ewma[equipment] = mean + ALPHA * d, (1 - ALPHA) * (variance + ALPHA * d * d)
        for width in WIDTHS_MS:
            start = t // width * width
            window = self.open.get((equipment, width, start))
            if window is None:
                window = self.open[equipment, width, start] = Window(equipment, width // 1000, start)
            window.count += 1
            window.total += v
            window.square += v * v
            window.min, window.max, window.last = min(window.min, v), max(window.max, v), v
            window.score = max(window.score, score)

    def closed(self) -> list[bytes]:
        """Windows that are over by the slowest line's clock, taken out, as JSON."""
        until = min(self.clock.values(), default=0) - LATENESS_MS
        over = [key for key in self.open if key[1] + key[2] <= until]
        return [msgspec.json.encode(self.open.pop(key)) for key in over]
