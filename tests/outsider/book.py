"""The stranger's own book: what the store has to hold, worked out from what was sent.

Rule: plain Python, nothing of the product; of one identity (unit, metric, time, seq) the first sent counts.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, field

Series = tuple[str, str]  # unit ("" = the line itself), metric
Key = tuple[str, str, str, int]  # unit, metric, window, start in ms
WINDOWS_MS = {"1s": 1_000, "10s": 10_000, "1m": 60_000}
USABLE = (0, 192)


@dataclass(frozen=True)
class Sample:
    unit: str
    metric: str
    t: int
    value: float | bool | str
    quality: int = 0
    seq: int = 0

    @property
    def identity(self) -> tuple[str, str, int, int]:
        return self.unit, self.metric, self.t, self.seq

    @property
    def usable(self) -> bool:
        return self.quality in USABLE


@dataclass
class Window:
    values: list[float] = field(default_factory=list)  # of usable samples, in time
    covered_ms: int = 0

    def row(self, length_ms: int) -> dict[str, float | None]:
        row: dict[str, float | None] = {"count": len(self.values), "coverage": self.covered_ms / length_ms}
        if not self.values:
            return row | dict.fromkeys(("mean", "min", "max", "last", "sd"))
        mean = math.fsum(self.values) / len(self.values)
        sd = math.sqrt(math.fsum((value - mean) ** 2 for value in self.values) / len(self.values))
        return row | {
            "mean": mean, "min": min(self.values), "max": max(self.values), "last": self.values[-1], "sd": sd,
        }  # fmt: skip


@dataclass
class Book:
    """Samples in the order they are sent, and how many of them end in which column of the ledger."""

    holds_ms: dict[Series, int]
    kept: dict[tuple[str, str, int, int], Sample] = field(default_factory=dict)
    ledger: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("received", "stored", "duplicate", "conflict", "rejected"), 0)
    )

    def send(self, sample: Sample) -> None:
        first = self.kept.get(sample.identity)
        if first is None:
            self.kept[sample.identity] = sample
            self._count("stored", 1)
        else:
            same = first.value == sample.value and first.quality % 192 == sample.quality % 192
            self._count("duplicate" if same else "conflict", 1)

    def reject(self, count: int) -> None:
        self._count("rejected", count)

    def _count(self, column: str, count: int) -> None:
        self.ledger[column] += count
        self.ledger["received"] += count

    def windows(self) -> dict[Key, dict[str, float | None]]:
        """Every window that the store holds when all of them have closed; texts have no statistics."""
        series: dict[Series, list[Sample]] = defaultdict(list)
        for sample in self.kept.values():
            if not isinstance(sample.value, str):
                series[sample.unit, sample.metric].append(sample)
        found: dict[Key, dict[str, float | None]] = {}
        for name, samples in series.items():
            samples.sort(key=lambda sample: (sample.t, sample.seq))
            for window, length in WINDOWS_MS.items():
                for start, content in _fill(samples, length, self.holds_ms.get(name, 10_000)).items():
                    found[*name, window, start] = content.row(length)
        return found


def _fill(samples: list[Sample], length: int, hold: int) -> dict[int, Window]:
    windows: dict[int, Window] = {}
    for sample in samples:
        window = windows.setdefault(sample.t // length * length, Window())
        if sample.usable:
            window.values.append(float(sample.value))
    for place, sample in enumerate(samples):
        if not sample.usable:
            continue
        end = sample.t + hold
        if place + 1 < len(samples):
            end = min(end, samples[place + 1].t)
        at = sample.t
        while at < end:
            start = at // length * length
            if start in windows:
                windows[start].covered_ms += min(end, start + length) - at
            at = start + length
    return windows


def compare(expected: dict[Key, dict[str, float | None]], stored: dict[Key, dict[str, float | None]]) -> list[str]:
    """Every difference between two sets of windows: missing ones, ones too many, other values."""
    slips = [f"missing: {key}" for key in expected.keys() - stored.keys()]
    slips += [f"too many: {key}" for key in stored.keys() - expected.keys()]
    for key in expected.keys() & stored.keys():
        for name, value in expected[key].items():
            got = stored[key].get(name)
            if not _equal(name, value, got):
                slips.append(f"other value: {key} {name}: expected {value!r}; got {got!r}")
    return sorted(slips)


def _equal(name: str, value: float | None, got: float | None) -> bool:
    if value is None or got is None:
        return value is got
    if name in ("mean", "sd", "coverage"):
        return math.isclose(value, got, rel_tol=0 if name == "coverage" else 1e-9, abs_tol=1e-9)
    return value == got
