"""What a benchmark found, as a table for people and as JSON: one row a case, beside a baseline of the same call."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

COLUMNS = ("case", "median", "unit", "least", "greatest", "rounds", "baseline", "ratio")


@dataclass(frozen=True, slots=True)
class Row:
    """`value` median of the rounds; `ratio` = median of value / baseline by round; a baseline's own row has neither."""

    case: str
    value: float
    unit: str
    min: float
    max: float
    rounds: int
    baseline: str | None = None
    ratio: float | None = None


def row(case: str, unit: str, values: Sequence[float], baseline: tuple[str, Sequence[float]] | None = None) -> Row:
    """
    >>> row("x", "1/s", [4.0, 6.0, 5.0], ("plain", [2.0, 2.0, 2.0])).ratio
    2.5
    """
    name, ratio = None, None
    if baseline is not None:
        name, others = baseline
        ratio = median(own / other for own, other in zip(values, others, strict=True))
    return Row(case, median(values), unit, min(values), max(values), len(values), name, ratio)


def machine() -> str:
    """Processor, number of cores, system and Python, in one line."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    cores = f"{os.cpu_count()} cores"
    return ", ".join((model or platform.processor() or platform.machine(), cores, platform.system(), _python()))


def _python() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def to_json(bench: str, rows: Sequence[Row]) -> str:
    return json.dumps({"bench": bench, "machine": machine(), "rows": [asdict(found) for found in rows]}, indent=2)


def drawing(found: Mapping[str, Sequence[Row]]) -> Table:
    """One table, a part a benchmark."""
    table = Table(title=machine())
    for name in ("bench", *COLUMNS):
        table.add_column(name, justify="left" if name in ("bench", "case", "unit", "baseline") else "right")
    for bench, rows in found.items():
        table.add_section()
        for number, one in enumerate(rows):
            table.add_row("" if number else bench, *cells(one))
    return table


def cells(one: Row) -> tuple[str, ...]:
    """As `COLUMNS` has them, three digits each.

    >>> cells(row("x", "1/s", [1234567.0], ("plain", [1234.0])))
    ('x', '1.23 M', '1/s', '1.23 M', '1.23 M', '1', 'plain', '1,000')
    """
    figures = (figure(one.value), one.unit, figure(one.min), figure(one.max), str(one.rounds))
    return (one.case, *figures, one.baseline or "-", "-" if one.ratio is None else figure(one.ratio))


def figure(value: float) -> str:
    """Three digits, with M from a million up.

    >>> [figure(x) for x in (0.4567, 12.34, 1234.5, 98_760, 1_234_567, 24_312_000)]
    ['0.457', '12.3', '1,230', '98,800', '1.23 M', '24.3 M']
    """
    if abs(value) >= 1e6:
        return f"{float(f'{value / 1e6:.3g}'):,g} M"
    return f"{float(f'{value:.3g}'):,g}"
