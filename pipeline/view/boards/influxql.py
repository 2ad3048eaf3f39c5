"""InfluxQL of the boards: which points a board is about, and what is asked of them.

Rules: variables of Grafana stand only inside regular expressions, escaped by Grafana (`:regex`); all other text comes
from what we declare. Elements are summed over windows of one length and one level of equipment (`unit` or `line`), so
nothing counts twice; all products together are the points without a product.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.kpi import Kpi
from pipeline.view.boards.formulas import in_influxql

RANGE = "$timeFilter"
NOW = "time >= ${__to}ms - 2m AND time <= ${__to}ms"
"""The last two minutes of the time shown."""
BEFORE_TOO = "time >= ${__from}ms - 7d AND time <= ${__to}ms"
"""The time shown and a week before it: what still stands at its beginning."""
MAY_LACK = frozenset({"ideal_ms"})
"""Elements that not every unit has; where one lacks, the KPIs made of it leave that unit out."""
SHORT_WINDOWS = "1s|10s|1m|15m"


def variable(level: str) -> str:
    """Name of the variable that chooses a level.

    >>> variable("work-center")
    'work_center'
    """
    return re.sub(r"\W", "_", level)


def is_chosen(name: str, variable_name: str) -> str:
    """
    >>> is_chosen("line", "line")
    '"line" =~ /^${line:regex}$/'
    """
    return f'"{name}" =~ /^${{{variable_name}:regex}}$/'


@dataclass(frozen=True, slots=True)
class Scope:
    """Points of one kind of equipment, `unit` or `line`, below what the variables of `chosen` say."""

    levels: tuple[str, ...]
    chosen: tuple[str, ...]
    level: str = "line"

    @property
    def places(self) -> str:
        return " AND ".join(is_chosen(level, variable(level)) for level in self.chosen)

    @property
    def tags(self) -> tuple[str, ...]:
        """The levels that tell one equipment of this kind from another."""
        return self.levels if self.level == "unit" else self.levels[:-1]

    def windows(self, when: str = RANGE, window: str = "") -> str:
        """Points of windows of one length, that of the variable `window` unless said."""
        length = f"\"window\" = '{window}'" if window else is_chosen("window", "window")
        return f"{self.places} AND \"level\"::tag = '{self.level}' AND {length} AND {when}"


def quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def grouped(tags: Sequence[str], *, by_time: bool = False) -> str:
    """
    >>> grouped(["line"], by_time=True)
    ' GROUP BY time($__interval), "line" fill(none)'
    """
    parts = [*(["time($__interval)"] if by_time else []), *(f'"{tag}"' for tag in tags)]
    return f" GROUP BY {', '.join(parts)}{' fill(none)' if by_time else ''}" if parts else ""


def kpi_query(
    kpi: Kpi, scope: Scope, tags: Sequence[str] = (), *, by_time: bool = False, when: str = RANGE, window: str = ""
) -> str:
    """One column, named as the KPI: the ratio of summed elements, by `tags` and by time where asked."""
    ratio = in_influxql(kpi.formula)
    sums = ", ".join(summed(name) for name in sorted(kpi.needs))
    lacking = "".join(f' AND "{field_of(name)}" >= 0' for name in sorted(kpi.needs & MAY_LACK))
    where = f"{scope.windows(when, window)} AND \"product\" = ''{lacking}"
    inner = f'SELECT {sums} FROM "elements" WHERE {where}{grouped(tags, by_time=by_time)}'
    holds = f" WHERE {' AND '.join(ratio.holds)}" if ratio.holds else ""
    return f'SELECT {ratio.text} AS "{kpi.id}" FROM ({inner}){holds}{grouped(tags)}'


def elements_query(values: Sequence[str], scope: Scope, tags: Sequence[str] = (), *, by_time: bool = False) -> str:
    """`values`: what is selected, sums of elements with their names."""
    where = f"{scope.windows()} AND \"product\" = ''"
    return f'SELECT {", ".join(values)} FROM "elements" WHERE {where}{grouped(tags, by_time=by_time)}'


def field_of(element: str) -> str:
    """Elements `<x>_ms` are stored as `<x>_s`.

    >>> field_of("apt_ms"), field_of("pq")
    ('apt_s', 'pq')
    """
    return f"{element.removesuffix('_ms')}_s" if element.endswith("_ms") else element


def summed(element: str) -> str:
    """
    >>> summed("apt_ms")
    'SUM("apt_s") * 1000 AS "apt_ms"'
    """
    field = field_of(element)
    return f'SUM("{field}"){"" if field == element else " * 1000"} AS "{element}"'
