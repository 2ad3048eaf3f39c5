"""The plot of `growth` as SVG, drawn by hand: CPU a sample and memory over the number of series, both axes by powers.

Rule: no library draws it; it is read on light and dark pages, so it brings its own ground.
"""

from collections.abc import Iterator, Sequence
from math import log10
from typing import NamedTuple

from pipeline.bench.table import Row, figure

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 360, 280, 60, 44, 48
INK, LINE, GRID = "#1f2933", "#0b6e99", "#d9dee3"
HALO = 'stroke="white" stroke-width="4" paint-order="stroke"'  # a line does not run through a number


class Point(NamedTuple):
    x: float
    y: float
    name: str


def growth_plot(rows: Sequence[Row]) -> str:
    panels = (("CPU, ", "CPU a sample, ns", 0), ("memory, ", "memory of the process, MB", WIDTH))
    drawn = [part for head, title, at in panels for part in _panel(points(rows, head), title, at)]
    size = f'viewBox="0 0 {2 * WIDTH} {HEIGHT}" width="{2 * WIDTH}" height="{HEIGHT}"'
    style = f'font-family="sans-serif" font-size="12" fill="{INK}"'
    ground = f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="white"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', ground, *drawn, "</svg>", ""])


def points(rows: Sequence[Row], head: str) -> list[Point]:
    """Of cases like "CPU, 10 k series"."""
    found = [row for row in rows if row.case.startswith(head)]
    return [Point(size(row.case.removeprefix(head)), row.value, row.case.removeprefix(head)) for row in found]


def size(name: str) -> float:
    """
    >>> size("10 k series")
    10000.0
    """
    number, power, _ = name.split()
    return float(number) * {"k": 1e3, "M": 1e6}[power]


def _panel(found: Sequence[Point], title: str, at: int) -> Iterator[str]:
    """At this distance from the left."""
    yield f'<text x="{at + LEFT}" y="24" font-weight="bold">{title}</text>'
    if not found:
        return
    low, high = _decades([one.y for one in found])
    first, last = log10(found[0].x), log10(found[-1].x)

    def across(x: float) -> float:
        return at + LEFT + 24 + (log10(x) - first) / max(last - first, 1) * (WIDTH - LEFT - 80)

    def up(y: float) -> float:
        return HEIGHT - BOTTOM - (log10(y) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    for power in range(low, high + 1):
        y = up(10**power)
        yield f'<line x1="{at + LEFT}" x2="{at + WIDTH - 30}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        yield f'<text x="{at + LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>'
    path = " ".join(f"{across(one.x):.1f},{up(one.y):.1f}" for one in found)
    yield f'<polyline points="{path}" fill="none" stroke="{LINE}" stroke-width="2"/>'
    for one in found:
        x, y = across(one.x), up(one.y)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{LINE}"/>'
        yield f'<text x="{x:.1f}" y="{y - 10:.1f}" text-anchor="middle" {HALO}>{figure(one.y)}</text>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - 24}" text-anchor="middle">{one.name.removesuffix(" series")}</text>'
    yield f'<text x="{at + (LEFT + WIDTH - 30) / 2:.0f}" y="{HEIGHT - 6}" text-anchor="middle">series</text>'


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Whole powers of ten that hold these.

    >>> _decades([120.0, 980.0])
    (2, 3)
    """
    low, high = int(log10(min(values))), -int(-log10(max(values)) // 1)
    return low, max(high, low + 1)
