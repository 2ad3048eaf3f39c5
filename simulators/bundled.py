"""The bundled lines: every file of `simulators/lines`, by name; a new file is found without another line anywhere.

`HOURS` are those of their park, as `simulators/config/park.toml` declares them too: three shifts, six days a week.
"""

from datetime import date

import simulators.lines
from pipeline.core.discovery import plugin_files
from simulators.hours import Hours, Shift
from simulators.plant import Line

HOUR = 60
WORKDAYS = frozenset(range(6))  # Monday to Saturday
HOURS = Hours(
    "Asia/Ho_Chi_Minh",
    (
        Shift(6 * HOUR, 14 * HOUR, ((9 * HOUR + 30, 9 * HOUR + 45), (11 * HOUR + 30, 12 * HOUR)), WORKDAYS),
        Shift(14 * HOUR, 22 * HOUR, ((17 * HOUR + 40, 18 * HOUR + 10),), WORKDAYS),
        Shift(22 * HOUR, 30 * HOUR, ((23 * HOUR + 50, 24 * HOUR + 5), (26 * HOUR + 30, 27 * HOUR)), WORKDAYS),
    ),
    frozenset({date(2026, 1, 1), date(2026, 4, 30), date(2026, 5, 1), date(2026, 9, 2), date(2027, 1, 1)}),
)


def bundled_lines() -> list[Line]:
    """The `LINE` of each file, in the order of the files' names."""
    lines: list[Line] = [module.LINE for _, module in plugin_files(simulators.lines)]
    return lines
