"""Durations (i64 ms) and bounds of lines as columns by line code, so that a slice asks arrays and not objects."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.line_config import TimeConfig

Ints = npt.NDArray[np.int64]
NAMES = (
    "allowed_lateness",
    "idle_timeout",
    "max_hold",
    "max_clock_skew",
    "max_age",
    "correction_horizon",
    "valid_for",
)


def _column() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(slots=True)
class LineTimes:
    allowed_lateness: Ints = field(default_factory=_column)
    idle_timeout: Ints = field(default_factory=_column)
    max_hold: Ints = field(default_factory=_column)
    max_clock_skew: Ints = field(default_factory=_column)
    max_age: Ints = field(default_factory=_column)
    correction_horizon: Ints = field(default_factory=_column)
    valid_for: Ints = field(default_factory=_column)
    max_open_rows: Ints = field(default_factory=_column)

    def set(self, line: int, time: TimeConfig) -> None:
        for name in NAMES:
            self._put(name, line, getattr(time, f"{name}_ms"))
        self._put("max_open_rows", line, time.max_open_rows)

    def _put(self, name: str, line: int, value: int) -> None:
        column = grown(getattr(self, name), line + 1, 0)
        column[line] = value
        setattr(self, name, column)
