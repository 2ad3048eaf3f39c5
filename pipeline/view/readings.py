"""What a line without parts measures: the sum of its power meters, and its newest readings by name.

Rule: only powers add up; everything else stands for itself.
"""

from collections import Counter

from pipeline.core.line_config import MetricConfig
from pipeline.view.figures import LineFigures
from pipeline.view.records import safe
from pipeline.view.words import Words

FRESH_MS = 60_000


def readings_text(line: LineFigures, words: Words, width: int) -> str:
    """As many readings as fit, and how many more there are."""
    newest = max((at for _, at in line.readings.values()), default=0)
    fresh = {name: value for name, (value, at) in sorted(line.readings.items()) if newest - at <= FRESH_MS}
    known = declared(line)
    powers = [name for name in fresh if name in known and known[name].role == "power"]
    meters = Counter(unit for unit, _ in powers)
    parts = []
    if len(powers) > 1:
        uom = known[powers[0]].uom
        parts.append(f"{words['total']} {words.value(sum(fresh[name] for name in powers))} {uom}".rstrip())
    for name in [*powers, *(name for name in fresh if name not in powers)]:
        unit, metric = name
        uom = known[name].uom if name in known else ""
        label = unit if name in powers and unit and meters[unit] == 1 else f"{unit}.{metric}".strip(".")
        parts.append(safe(f"{label} {words.value(fresh[name])} {uom}".rstrip()))
    return _fitting(parts, words["more_metrics"], width)


def declared(line: LineFigures) -> dict[tuple[str, str], MetricConfig]:
    units = line.config.units if line.config else ()
    return {(unit.name, metric.name): metric for unit in units for metric in unit.metrics}


def _fitting(parts: list[str], more: str, width: int) -> str:
    """
    >>> _fitting(["aa 1", "bb 2", "cc 3"], "more", 15), _fitting(["a 1", "b 2"], "more", 80)
    ('aa 1  (+2 more)', 'a 1  b 2')
    """
    for shown in range(len(parts), 0, -1):
        left = len(parts) - shown
        text = "  ".join([*parts[:shown], *([f"(+{left} {more})"] if left else [])])
        if len(text) <= width:
            return text
    return parts[0] if parts else ""
