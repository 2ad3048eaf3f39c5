"""What all rows of one picture share: language, time, width, and the widths of columns that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pipeline.view.amounts import clock_time
from pipeline.view.words import Words

WIDE = 128
LONGEST = 24  # columns of a line's name


@dataclass(frozen=True, slots=True)
class Page:
    """`names`: short names of the lines by path; `delay_ms` where it is measured for all lines at once."""

    words: Words
    zone: ZoneInfo
    now_ms: int
    width: int
    names: Mapping[str, str]
    delay_ms: float | None = None

    @property
    def is_wide(self) -> bool:
        """One row a line instead of two."""
        return self.width >= WIDE

    @property
    def time_width(self) -> int:
        return 11 if self.is_wide else 8

    def time(self, ms: int) -> str:
        """On a narrow screen the date alone, where it is not today's."""
        text = clock_time(ms, self.now_ms, self.zone)
        return text if self.is_wide else text.split(" ")[0]

    def place(self, equipment: str) -> str:
        """A line, or a unit below the short name of its line."""
        line, _, unit = equipment.rpartition("/")
        return self.names.get(equipment) or f"{self.names.get(line, line)}/{unit}"

    @property
    def line_width(self) -> int:
        """On a wide screen what the longest name needs, so that bars get the rest."""
        needed = max([15, *map(len, self.names.values())])
        return min(LONGEST, needed, 15 + self.width - WIDE) if self.is_wide else min(30, max(8, self.width - 61))

    @property
    def ratio_widths(self) -> tuple[int, int, int, int]:
        """OEE and its three factors."""
        if self.is_wide:
            more = (self.width - WIDE + 15 - self.line_width) // 4
            return 12 + more, 14 + more, 15 + more, 12 + more
        each = (min(self.width, 111) - 7) // 4
        return each, each, each, each
