"""What there is in InfluxDB, asked without reading its values: paths from the index, periods from the revisions.

>>> unescaped("metrics,line=line\\ 1,unit=a\\,b")
{'line': 'line 1', 'unit': 'a,b'}
"""

import re
from collections.abc import Sequence

import polars as pl

from connectors.influx.measurements import Measurement
from connectors.influx.queries import Queries, quoted, select
from connectors.influx.reading import below, is_below
from connectors.influx.series import identities

_APART = re.compile(r"(?<!\\),")
_PAIR = re.compile(r"(?<!\\)=")
_ESCAPED = re.compile(r"\\([,= ])")


def series_paths(queries: Queries, measurement: Measurement, levels: Sequence[str]) -> list[str]:
    """Equipment with points, sorted."""
    found = set()
    for statement in queries.run([f"SHOW SERIES FROM {quoted(measurement.name)}"], {}):
        for series in statement.series:
            for (key,) in series.values:
                tags = unescaped(str(key))
                found.add("/".join(tags[level] for level in levels if level in tags))
    return sorted(found)


def unescaped(key: str) -> dict[str, str]:
    """The tags of a series, as its key in line protocol says them."""
    pairs = (_PAIR.split(part, maxsplit=1) for part in _APART.split(key)[1:])
    return {_ESCAPED.sub(r"\1", name): _ESCAPED.sub(r"\1", value) for name, value in pairs}


def places(queries: Queries, measurement: Measurement, levels: Sequence[str], equipment: str) -> pl.DataFrame:
    """Columns window_s, first start, last start."""
    tags, where = (*levels, *measurement.tags), below(equipment, levels)
    statement = select(measurement.name, tags, where.text(), '"revision"::field')
    table = queries.table([statement], where.values, tags, measurement.types)
    if table.is_empty():
        return table
    start = pl.col("window_start")
    found = identities(table, measurement, levels).filter(is_below(equipment))
    return found.group_by("window_s").agg(start.min().alias("first"), start.max().alias("last")).sort("window_s")
