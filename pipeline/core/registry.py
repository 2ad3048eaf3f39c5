"""Names to small integer codes: lines, sources and series of one partition, and where each series belongs.

Rule: codes are given in log order and never change; a series stays with the source that brought it first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import FrameName

Codes = npt.NDArray[np.int32]


def grown(column: npt.NDArray[np.generic], size: int, fill: float | int | bool) -> npt.NDArray[np.generic]:
    """The same column with room for `size` rows; new rows hold `fill`. Doubles, so that growth costs little."""
    if len(column) >= size:
        return column
    longer = np.full(max(size, 2 * len(column), 64), fill, dtype=column.dtype)
    longer[: len(column)] = column
    return longer


@dataclass(slots=True)
class Registry:
    """line_of, source_of: i32 by series code (rows past `series` are room). `named`: line -> code by name in frames,
    of which several, with other sources, may be one series."""

    lines: dict[str, int] = field(default_factory=dict)
    sources: dict[tuple[int, str], int] = field(default_factory=dict)
    source_line: list[int] = field(default_factory=list)
    series: dict[tuple[int, str, str], int] = field(default_factory=dict)
    names: list[tuple[str, str]] = field(default_factory=list)
    line_of: Codes = field(default_factory=lambda: np.zeros(0, np.int32))
    source_of: Codes = field(default_factory=lambda: np.zeros(0, np.int32))
    named: dict[int, dict[FrameName, int]] = field(default_factory=dict)

    def line(self, path: str) -> int:
        return self.lines.setdefault(path, len(self.lines))

    def source(self, line: int, name: str) -> int:
        code = self.sources.setdefault((line, name), len(self.sources))
        if code == len(self.source_line):
            self.source_line.append(line)
        return code

    def codes(self, line: int, names: tuple[FrameName, ...]) -> list[int]:
        """Series codes of a frame's names, one a name."""
        known = self.named.setdefault(line, {})
        try:
            return list(map(known.__getitem__, names))
        except KeyError:
            known.update((name, self._series(line, name)) for name in names if name not in known)
            return list(map(known.__getitem__, names))

    def _series(self, line: int, name: FrameName) -> int:
        key = (line, name.unit, name.metric)
        code = self.series.get(key)
        if code is None:
            code = self.series[key] = len(self.series)
            self.names.append((name.unit, name.metric))
            self.line_of = _set(self.line_of, code, line)
            self.source_of = _set(self.source_of, code, self.source(line, name.source or name.unit))
        return code

    def of_line(self, line: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Codes of those (unit, metric) of a line that have been seen."""
        found = {key: self.series.get((line, *key)) for key in wanted}
        return {key: code for key, code in found.items() if code is not None}


def _set(column: Codes, code: int, value: int) -> Codes:
    longer = grown(column, code + 1, 0).astype(np.int32, copy=False)
    longer[code] = value
    return longer
