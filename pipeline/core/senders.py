"""Who sent a record and which names it holds, as one small code: line, gateway, its boot, table of names.

Rules: what a record's key and names block mean is found out once, and only of what is spelled as it must be. Codes go
on as long as the memory does; it is bounded by the names and blocks it holds, and one too full is followed by a new
one, between two polls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.by_table import MAX_KEPT
from pipeline.core.frames import NAMES
from pipeline.core.grown import grown
from pipeline.core.names_block import Names
from pipeline.core.plausible import Spelling, gateway_slip

Ints = npt.NDArray[np.int64]
Key = tuple[str, str, int, int]  # line, gateway, boot, id of the table of names
NOBODY = -1
NAME_BYTES = 64  # of a block that weigh as much as a name


def _column() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(slots=True, eq=False)
class Senders:
    """By code: `keys`, `names`, and as columns (i64) `boot` and `count` of names. `met`: by key of the log and names
    block the code that was looked for last."""

    spelling: Spelling = field(default_factory=Spelling)
    keys: list[Key] = field(default_factory=list)
    names: list[Names] = field(default_factory=list)
    boot: Ints = field(default_factory=_column)
    count: Ints = field(default_factory=_column)
    codes: dict[Key, int] = field(default_factory=dict)
    met: dict[bytes, dict[bytes, int]] = field(default_factory=dict)
    weight: int = 0

    def roomy(self) -> "Senders":
        """Itself, or the one that follows it."""
        return self if self.weight <= MAX_KEPT else Senders(self.spelling)

    def code(self, line: str, gateway: str, boot: int, names: Names) -> int:
        """Of what may be new."""
        key = line, gateway, boot, id(names)
        code = self.codes.get(key)
        if code is None:
            code = len(self.keys)
            self.boot, self.count = grown(self.boot, code + 1, 0), grown(self.count, code + 1, 0)
            self.boot[code], self.count[code] = boot, len(names)
            self.weight += len(names) + 1
            self.names.append(names)
            self.keys.append(key)
            self.codes[key] = code
        return code

    def look(self, key: bytes, block: bytes, boot: int) -> int:
        """Of a key of the log, a names block and a boot; NOBODY where one is not as it must be."""
        try:
            line = key.decode()
            gateway, names = NAMES.decode(block)
        except ValueError:
            return NOBODY
        if gateway_slip(gateway) or self.spelling.slip(line, names):
            return NOBODY
        code = self.code(line, gateway, boot, names)
        met = self.met.setdefault(key, {})
        if block not in met:
            self.weight += len(block) // NAME_BYTES + 1
        met[block] = code
        return code

    def known(self, keys: Sequence[bytes], values: Sequence[bytes], boot: Ints, block: Ints) -> Ints:
        """Codes of records, by the boot and the size (at least 1) of the names block that they tell; NOBODY where they
        were not looked for before."""
        met, nothing = self.met.get, dict[bytes, int]()
        said = zip(keys, values, (-block).tolist(), strict=True)
        code = np.array([met(key, nothing).get(value[names:], NOBODY) for key, value, names in said], np.int64)
        if len(self.keys):
            code[self.boot.take(code) != boot] = NOBODY
        return code
