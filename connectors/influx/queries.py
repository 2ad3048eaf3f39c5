"""InfluxQL, the one query language that 1.x, 2.x and 3.x share: statements of ours, and their answers as tables.

Rule: only names that our configuration declares stand in the text, quoted; every other text is a bound value ($p0), so
that nothing which came from outside can become a statement. Fields and tags are told apart by their place in a row, for
`anomalies` has a tag and a field of one name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from connectors.influx.answers import trouble
from connectors.influx.dtypes import DTYPES
from connectors.influx.measurements import FieldType
from connectors.influx.wire import Answer, Wire
from pipeline.core.errors import Unavailable

Cell = float | int | str | bool | None
FIRST_MS, LAST_MS = -9_223_372_036_854, 9_223_372_036_853
"""Times that InfluxDB can hold: 1677 to 2262."""


class Series(msgspec.Struct):
    columns: list[str]
    name: str = ""
    values: list[list[Cell]] = []


class Statement(msgspec.Struct):
    statement_id: int = 0
    series: list[Series] = []
    error: str = ""


class Body(msgspec.Struct):
    results: list[Statement] = []
    error: str = ""


TAG = "tag "
"""Before the names of tags in a table, for a field may have the same."""
_BODY = msgspec.json.Decoder(Body)


def quoted(name: str) -> str:
    """
    >>> quoted('a"b')
    '"a\\\\"b"'
    """
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass
class Where:
    """Conditions that are joined by AND; texts go into `values`."""

    values: dict[str, str] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)

    def tag(self, name: str, value: str) -> None:
        place = f"p{len(self.values)}"
        self.values[place] = value
        self.conditions.append(f"{quoted(name)} = ${place}")

    def between(self, since_ms: int | None, until_ms: int | None) -> None:
        """since_ms <= time < until_ms."""
        if since_ms is not None:
            self.conditions.append(f"time >= {max(since_ms, FIRST_MS)}ms")
        if until_ms is not None:
            self.conditions.append(f"time < {min(until_ms, LAST_MS)}ms")

    def text(self) -> str:
        """Takes the conditions out; the values stay, so that several statements can share them."""
        found, self.conditions = self.conditions, []
        return f" WHERE {' AND '.join(found)}" if found else ""


def select(measurement: str, tags: Sequence[str], where: str, fields: str = "*::field") -> str:
    """Fields first, then these tags, so that `table` knows them by their place."""
    columns = ", ".join([fields, *(f"{quoted(tag)}::tag" for tag in tags)])
    return f"SELECT {columns} FROM {quoted(measurement)}{where}"


class Queries:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def run(self, statements: Sequence[str], values: Mapping[str, str]) -> list[Statement]:
        """The answers, in order; what comes in chunks has several. Raises Unavailable where one has failed."""
        answer = self._wire.query("; ".join(statements), values)
        if answer.status != 200:
            raise trouble(answer, self._wire.settings)
        found = [statement for body in self._bodies(answer) for statement in body.results]
        if error := next((statement.error for statement in found if statement.error), ""):
            status = 404 if "not found" in error else 200
            raise trouble(Answer(status, error), self._wire.settings)
        return found

    def _bodies(self, answer: Answer) -> Iterator[Body]:
        try:
            for line in answer.text.split("\n"):
                if line.strip():
                    yield _BODY.decode(line)
        except msgspec.DecodeError as error:
            raise Unavailable(f"store: {self._wire.settings.url}: no InfluxDB answers there: {error}") from error

    def table(
        self, statements: Sequence[str], values: Mapping[str, str], tags: Sequence[str], types: Mapping[str, FieldType]
    ) -> pl.DataFrame:
        """Rows of all statements: `time`, tags by "tag <name>" (null where a row has none), fields by their names."""
        found = self.run(statements, values)
        parts = [_rows(series, tags, types) for statement in found for series in statement.series]
        return pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()

    def stored_types(self) -> dict[str, dict[str, FieldType]]:
        """Of each measurement the fields that are stored, with their types; of one with several the last."""
        series = [series for statement in self.run(["SHOW FIELD KEYS"], {}) for series in statement.series]
        found: dict[str, dict[str, FieldType]] = {}
        for one in series:
            own = found.setdefault(one.name, {})
            own |= {str(name): known for name, text in one.values if (known := _KNOWN_TYPES.get(str(text)))}
        return found


_KNOWN_TYPES: Mapping[str, FieldType] = {
    "float": "float", "integer": "integer", "string": "string", "boolean": "boolean",
}  # fmt: skip


def _rows(series: Series, tags: Sequence[str], types: Mapping[str, FieldType]) -> pl.DataFrame:
    columns = list(zip(*series.values, strict=True)) or [()] * len(series.columns)
    first = len(series.columns) - len(tags)
    named = [pl.Series("time", columns[0], pl.Int64)]
    named += [pl.Series(f"{TAG}{tag}", columns[first + k], pl.String) for k, tag in enumerate(tags)]
    named += [_field(name, columns[k], types) for k, name in enumerate(series.columns[1:first], 1)]
    return pl.DataFrame(named)


def _field(name: str, values: Sequence[Cell], types: Mapping[str, FieldType]) -> pl.Series:
    """What is not declared is a text where one is, else a float; without any value it has no type."""
    known = types.get(name)
    if known is not None:
        return pl.Series(name, values, DTYPES[known], strict=False)
    if any(isinstance(value, str) for value in values):
        return pl.Series(name, values, pl.String, strict=False)
    return pl.Series(name, values, pl.Null if all(value is None for value in values) else pl.Float64, strict=False)
