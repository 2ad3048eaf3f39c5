"""Sees to it that the newest revision of a point stays, in a store that overwrites without asking.

Rules: of what was corrected the newest revision is remembered, and asked for where it may lie from before our time; so
an older one that comes later changes nothing. A point keeps the union of all fields ever written: where a revision has
fewer than the one before, the point goes first, and the scores in it, which are results of their own, go with the new
one. One historian writes a line; of two, the older one's memory would be wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import isfinite

from connectors.influx.measurements import LEVEL, SCORES, WINDOW, Measurement, window_name
from connectors.influx.points import field_name
from connectors.influx.queries import TAG, Queries, Where, quoted, select
from connectors.influx.series import Identity, identities, path_tags, tags_of
from pipeline.core.results import Result, Value

Point = tuple[Identity, int]
Row = Mapping[str, Value]
MOST_REMEMBERED = 200_000
HOUR_MS = 3_600_000
STATEMENTS = 50  # in one request


class Revisions:
    """Of one measurement."""

    def __init__(self, queries: Queries, measurement: Measurement, levels: Sequence[str]) -> None:
        self._queries, self._measurement, self._levels = queries, measurement, levels
        self._scores = SCORES if set(SCORES) <= measurement.types.keys() else ()
        self._newest: dict[Point, int] = {}
        self._corrected: set[int] = set()  # times of these points, for nearly all that comes has another
        self._asked_from: int | None = None  # what was corrected from here on is remembered

    def prepare(self, results: Sequence[Result]) -> list[Result]:
        """Those to be written; what they would leave over in the store is gone when this returns."""
        if not results:
            return []
        self._ask(min([r.window_start for r in results]))
        newest, times = self._newest, self._corrected
        current = [r for r in results if r.window_start not in times or r.revision >= newest.get(point_of(r), 0)]
        corrections = {point_of(r): r for r in current if r.revision > 0 and r.kind != "score"}
        if not corrections or self._measurement.is_whole:
            return current
        kept = self._clear(corrections)
        return [_with(r, kept.get(point_of(r))) for r in current]

    def note(self, written: Sequence[Result]) -> None:
        """After they are stored."""
        corrected = [r for r in written if r.revision > 0 and r.kind != "score"]
        self._newest |= {point_of(r): r.revision for r in corrected}
        self._corrected.update([r.window_start for r in corrected])
        if len(self._newest) > MOST_REMEMBERED:
            self._newest, self._corrected, self._asked_from = {}, set(), None

    def _ask(self, since_ms: int) -> None:
        if self._asked_from is not None and since_ms >= self._asked_from:
            return
        since_ms = since_ms // HOUR_MS * HOUR_MS
        where = Where(conditions=[f"{quoted('revision')}::field > 0"])
        where.between(since_ms, self._asked_from)
        for point, row in self._read(where, [where.text()], f"{quoted('revision')}::field"):
            self._newest.setdefault(point, int(row["revision"] or 0))
            self._corrected.add(point[1])
        self._asked_from = since_ms

    def _clear(self, corrections: Mapping[Point, Result]) -> dict[Point, dict[str, Value]]:
        """Deletes the points that have more fields than their correction; returns the scores that were in them."""
        where, kept = Where(), dict[Point, dict[str, Value]]()
        ranges = [self._range(where, list(own)) for _, own in groupby(sorted(corrections, key=self._line), self._line)]
        for point, row in self._read(where, ranges, "*::field"):
            if point not in corrections:
                continue
            stored = {name for name, value in row.items() if value is not None}
            r = corrections[point]
            new = {field_name(self._measurement, name) for name, value in r.values.items() if exists(value)}
            new |= {name for name, value in (("coverage", r.coverage), ("formula", r.formula)) if exists(value)}
            if stored - new - {"revision", *self._scores}:
                kept[point] = {name: row[name] for name in self._scores if row.get(name) is not None}
        self._delete(list(kept))
        return kept

    def _line(self, point: Point) -> tuple[str, int]:
        """By which points are asked for together: all but the last level, and the window."""
        identity = point[0]
        return "/".join(identity[0].split("/")[: len(self._levels) - 1]), identity[2]

    def _range(self, where: Where, own: Sequence[Point]) -> str:
        line, window_s = self._line(own[0])
        for level, name in path_tags(line, self._levels).items():
            if name:
                where.tag(level, name)
        if window_s != self._measurement.usual_window:
            where.tag(WINDOW, window_name(window_s))
        times = [time for _, time in own]
        where.between(min(times), max(times) + 1)
        return where.text()

    def _delete(self, points: Sequence[Point]) -> None:
        """`level` follows from the others, and is a field in one measurement: a delete takes no fields."""
        where, statements = Where(), []
        for identity, time in points:
            for name, value in tags_of(self._measurement, identity, self._levels).items():
                if name != LEVEL:
                    where.tag(name, value)
            where.conditions.append(f"time = {time}ms")
            statements.append(f"DELETE FROM {quoted(self._measurement.name)}{where.text()}")
        for k in range(0, len(statements), STATEMENTS):
            self._queries.run(statements[k : k + STATEMENTS], where.values)

    def _read(self, where: Where, texts: Sequence[str], fields: str) -> Iterator[tuple[Point, Row]]:
        tags = (*self._levels, *self._measurement.tags)
        for k in range(0, len(texts), STATEMENTS):
            statements = [select(self._measurement.name, tags, text, fields) for text in texts[k : k + STATEMENTS]]
            table = self._queries.table(statements, where.values, tags, self._measurement.types)
            if table.is_empty():
                continue
            whose = identities(table, self._measurement, self._levels)
            rest = table.drop("time", *(f"{TAG}{tag}" for tag in tags))
            for (equipment, name, window_s, start, product), row in zip(
                whose.iter_rows(), rest.iter_rows(named=True), strict=True
            ):
                yield ((equipment, name, window_s, product or ""), start), row


def _with(r: Result, scores: Mapping[str, Value] | None) -> Result:
    return replace(r, values={**scores, **r.values}) if scores and r.kind != "score" else r


def point_of(r: Result) -> Point:
    return (r.equipment, r.name, r.window_s, r.product or ""), r.window_start


def exists(value: Value) -> bool:
    return value is not None and (not isinstance(value, float) or isfinite(value))
