"""What a benchmark found, as a table for people and as JSON: one row a case, beside a baseline of the same call."""

import json
import os
import platform
from collections.abc import Sequence
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


def drawing(bench: str, rows: Sequence[Row]) -> Table:
    table = Table(title=f"{bench}: {machine()}")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in ("case", "unit", "baseline") else "right")
    for found in rows:
        figures = (f"{found.value:.3g}", found.unit, f"{found.min:.3g}", f"{found.max:.3g}", str(found.rounds))
        table.add_row(found.case, *figures, found.baseline or "-", "-" if found.ratio is None else f"{found.ratio:.3g}")
    return table
