"""Names to small integer codes: lines, sources and series of one partition, and where each series belongs.

Rules: codes are given in log order and never change; a series stays with the source that brought it first. A line has
so many series as its configuration allows, and beyond that those that it declares; all others have one code together,
their line's `surplus`, and are not remembered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.names_block import FrameName, Names
from pipeline.core.tables import Tables

Codes = npt.NDArray[np.int32]
SURPLUS = "_surplus"  # no metric that comes can be called so


def _codes() -> Codes:
    return np.zeros(0, np.int32)


class Bound(NamedTuple):
    """How many series of a line are taken in, and which (unit, metric) always are."""

    most: int
    declared: frozenset[tuple[str, str]]


@dataclass(slots=True)
class Registry:
    """line_of, source_of: i32 by series code (rows past `series` are room); source_line i32 by source code. `named`:
    line -> code by name in frames, of which several, with other sources, may be one series. `labels`: (equipment,
    metric) by series code. `bounds` and `counts`: of series, by line. `surplus`: line -> code. `tables`: a
    memory that no snapshot keeps."""

    lines: dict[str, int] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    sources: dict[tuple[int, str], int] = field(default_factory=dict)
    source_line: Codes = field(default_factory=_codes)
    sources_of: dict[int, list[int]] = field(default_factory=dict)
    series: dict[tuple[int, str, str], int] = field(default_factory=dict)
    names: list[tuple[str, str]] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)
    line_of: Codes = field(default_factory=_codes)
    source_of: Codes = field(default_factory=_codes)
    named: dict[int, dict[FrameName, int]] = field(default_factory=dict)
    bounds: dict[int, Bound] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    surplus: dict[int, int] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)

    def line(self, path: str) -> int:
        code = self.lines.get(path)
        if code is None:
            code = self.lines[path] = len(self.paths)
            self.paths.append(path)
        return code

    def source(self, line: int, name: str) -> int:
        code = self.sources.get((line, name))
        if code is None:
            code = self.sources[line, name] = len(self.sources)
            self.source_line = _set(self.source_line, code, line)
            self.sources_of.setdefault(line, []).append(code)
        return code

    def bound(self, line: int, bound: Bound) -> None:
        """In force from here on: what was too much may have room now."""
        self.bounds[line] = bound
        if line in self.surplus:
            self.tables.forget()

    def codes(self, line: int, names: Names) -> Codes:
        """Series codes of a frame's names, one a name."""
        known = self.named.setdefault(line, {})
        try:
            return np.array([known[name] for name in names], np.int32)
        except KeyError:
            return np.array([self._code(line, name, known) for name in names], np.int32)

    def _code(self, line: int, name: FrameName, known: dict[FrameName, int]) -> int:
        """Of a name that may be new. A series has room for two names."""
        code = known.get(name)
        if code is None:
            code = self._series(line, name)
            if code != self.surplus.get(line) and len(known) < 2 * self.counts[line]:
                known[name] = code
        return code

    def _series(self, line: int, name: FrameName) -> int:
        code = self.series.get((line, name.unit, name.metric))
        if code is None:
            most, declared = self.bounds[line]
            count = self.counts.get(line, 0)
            if count >= most and (name.unit, name.metric) not in declared:
                return self._surplus(line)
            self.counts[line] = count + 1
            code = self._new(line, name.unit, name.metric, name.source or name.unit)
        return code

    def _surplus(self, line: int) -> int:
        code = self.surplus.get(line)
        if code is None:
            code = self.surplus[line] = self._new(line, "", SURPLUS, "")
        return code

    def _new(self, line: int, unit: str, metric: str, source: str) -> int:
        code = self.series[line, unit, metric] = len(self.series)
        path = self.paths[line]
        self.names.append((unit, metric))
        self.labels.append((f"{path}/{unit}" if unit else path, metric))
        self.line_of = _set(self.line_of, code, line)
        self.source_of = _set(self.source_of, code, self.source(line, source))
        return code

    def of_line(self, line: int, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Codes of those (unit, metric) of a line that have been seen."""
        found = {key: self.series.get((line, *key)) for key in wanted}
        return {key: code for key, code in found.items() if code is not None}

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "tables"}


def _set(column: Codes, code: int, value: int) -> Codes:
    longer = grown(column, code + 1, 0)
    longer[code] = value
    return longer
