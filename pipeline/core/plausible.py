"""What no gateway can have written, though it is a frame: numbers and names that would break those who use them."""

from dataclasses import dataclass, field
from functools import lru_cache

from pipeline.core.by_table import ByTable
from pipeline.core.equipment import line_slip, name_slip
from pipeline.core.frames import Frame
from pipeline.core.names_block import Names

COUNTABLE = 1 << 53
MAX_TEXT = 8_192
DAY_MS = 86_400_000
AHEAD_MS = 366 * DAY_MS  # a clock may be wrong by much; by more, nobody wrote it
MAX_PATHS, MAX_LEGAL = 20_000, 100_000


def implausible(frame: Frame, append_ms: int) -> str:
    """What cannot be of a frame appended at `append_ms`, as a sentence; "" where nothing is wrong."""
    if max(frame.boot, frame.number, frame.total_rows, frame.total_rejects) > COUNTABLE:
        return _uncountable(frame)
    if not 0 <= frame.ingest_ms <= append_ms + AHEAD_MS:
        return f"frame: ingest_ms: no time of receipt; got {frame.ingest_ms}; expected 0 to a year ahead of the log"
    if slip := gateway_slip(frame.gateway):
        return slip
    if frame.texts and (longest := max(map(len, frame.texts))) > MAX_TEXT:
        return f"frame: a text of {longest} characters; expected at most {MAX_TEXT}"
    return ""


def _uncountable(frame: Frame) -> str:
    numbers = {name: getattr(frame, name) for name in ("boot", "number", "total_rows", "total_rejects")}
    name, number = next(item for item in numbers.items() if item[1] > COUNTABLE)
    return f"frame: {name}: more than can have been counted; got {number}; expected at most 2^53"


@lru_cache(maxsize=1_024)
def gateway_slip(name: str) -> str:
    """What is wrong with the name of a gateway, as a sentence, or ""."""
    slip = name_slip(name)
    return f"frame: the gateway's name {slip}; got {name[:70]!r}; expected a legal name" if slip else ""


@dataclass(slots=True)
class Spelling:
    """Checks paths, names and tables of names, each once: `seen` says of a table that it is legal. Most new tables hold
    names of others in another order, so that each of their `legal` names costs one look."""

    seen: ByTable[bool] = field(default_factory=ByTable)
    paths: set[str] = field(default_factory=set)
    legal: set[str] = field(default_factory=set)

    def slip(self, line: str, names: Names) -> str:
        """What is wrong with the path of a line or with names of its frame, or ""."""
        if line not in self.paths:
            if slip := line_slip(line):
                return f"key: {slip}; got {line[:200]!r}; expected the path of a line"
            if len(self.paths) >= MAX_PATHS:
                self.paths.clear()
            self.paths.add(line)
        if not self.seen.get("", names):
            for name in names:
                if slip := (self._name_slip(name.unit) if name.unit else "") or self._name_slip(name.metric):
                    return f"frame: a name {slip}; got {name.unit[:70]!r}, {name.metric[:70]!r}; expected legal names"
            self.seen.put("", names, True)
        return ""

    def _name_slip(self, name: str) -> str:
        if name in self.legal:
            return ""
        slip = name_slip(name)
        if not slip:
            if len(self.legal) >= MAX_LEGAL:
                self.legal.clear()
            self.legal.add(name)
        return slip
