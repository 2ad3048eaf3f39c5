"""Records of one boot of a gateway for one line, a *stream*: numbered from 1, with running totals of rows and rejects.

Rules: what is not simply the next record of its stream is a repeat, fills a hole, or leaves one. A hole that had to be
forgotten stays missing: what fills it later is taken for a repeat. A boot is a number and no time: which boot of a
gateway is over is told by when the log last heard of it.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown

MAX_HOLES = 10_000  # of one stream, however long each is
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Hole = tuple[int, int, int]
COLUMNS = ("number", "rows", "rejects", "hour", "row", "heard")


def _column() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Headers:
    """What the headers of some records say, as columns (i64 by record)."""

    stream: Ints
    size: Ints
    number: Ints
    rows: Ints
    rejects: Ints
    total_rejects: Ints
    named: Flags

    def take(self, index: npt.NDArray[np.intp]) -> "Headers":
        return Headers(
            self.stream[index], self.size[index], self.number[index], self.rows[index],
            self.rejects[index], self.total_rejects[index], self.named[index],
        )  # fmt: skip


@dataclass(slots=True)
class Streams:
    """`codes`: line -> (gateway, boot) -> code. Columns by code: newest number, totals of rows and rejects, and the row
    of the ledger for the hour its newest record came in; `heard`: append time of the newest record of any number;
    `holes`: code -> (first, last, row) of the numbers still missing, in order."""

    codes: dict[int, dict[tuple[str, int], int]] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    size: int = 0
    number: Ints = field(default_factory=_column)
    rows: Ints = field(default_factory=_column)
    rejects: Ints = field(default_factory=_column)
    hour: Ints = field(default_factory=_column)
    row: Ints = field(default_factory=_column)
    heard: Ints = field(default_factory=_column)
    holes: dict[int, list[Hole]] = field(default_factory=dict)

    def code(self, line: int, gateway: str, boot: int) -> int:
        own = self.codes.get(line)
        if own is None:
            own = self.codes[line] = {}
        code = own.get((gateway, boot))
        if code is None:
            code = own[gateway, boot] = self._new()
        return code

    def _new(self) -> int:
        code = self.free.pop() if self.free else self.size
        self.size = max(self.size, code + 1)
        for name in COLUMNS:
            column = grown(getattr(self, name), code + 1, 0)
            column[code] = -1 if name == "hour" else 0
            setattr(self, name, column)
        return code

    def regular(self, found: Headers) -> Flags:
        """Records of streams that all go on by one number, with totals that fit, and so need no look one by one."""
        order = np.argsort(found.stream, kind="stable")
        own = found.take(order)
        first = np.append(True, own.stream[1:] != own.stream[:-1])
        fits = np.ones(len(order), np.bool_)
        for now, step, known in (
            (own.number, 1, self.number),
            (own.rows, own.size, self.rows),
            (own.total_rejects, own.rejects, self.rejects),
        ):
            fits &= now - step == np.where(first, known[own.stream], np.append(0, now[:-1]))
        fits &= own.named
        broken = np.unique(own.stream[~fits])
        return np.asarray(~np.isin(found.stream, broken), np.bool_) if len(broken) else np.ones(len(order), np.bool_)

    def follow(self, found: Headers) -> None:
        """Of several records of one stream the last one stays."""
        self.number[found.stream] = found.number
        self.rows[found.stream] = found.rows
        self.rejects[found.stream] = found.total_rejects

    def fill(self, code: int, number: int) -> int | None:
        """The ledger's row of the hole that this number fills, which is smaller then, or two."""
        holes = self.holes.get(code, [])
        at = bisect_right(holes, number, key=itemgetter(0)) - 1
        if at < 0 or number > holes[at][1]:
            return None
        first, last, row = holes[at]
        holes[at : at + 1] = [(a, b, row) for a, b in ((first, number - 1), (number + 1, last)) if a <= b]
        del holes[:-MAX_HOLES]
        return row

    def leap(self, found: Headers, row: int) -> int:
        """What is missing before one record that is newer than the next one; the hole is booked in this row."""
        code, number = int(found.stream[0]), int(found.number[0])
        newest = int(self.number[code])
        if number == newest + 1:
            return 0
        holes = self.holes.setdefault(code, [])
        holes.append((newest + 1, number - 1, row))
        del holes[:-MAX_HOLES]
        rows, rejects = found.rows - found.size - self.rows[code], found.total_rejects - found.rejects
        return int((rows + rejects - self.rejects[code])[0])

    def retire(self, line: int, before_ms: int, gone: set[int]) -> bool:
        """Gives up a line's boots of which nothing came since, but never the one of a gateway that was heard last, and
        says if there was any; and what is known of rows of the ledger that go."""
        own, newest, known = self.codes.get(line, {}), dict[str, int](), len(self.free)
        for (gateway, _), code in own.items():
            newest[gateway] = max(newest.get(gateway, 0), int(self.heard[code]))
        for key, code in list(own.items()):
            if self.heard[code] < min(before_ms, newest[key[0]]):
                del own[key]
                self.holes.pop(code, None)
                self.free.append(code)
        for code in own.values():
            if int(self.row[code]) in gone:
                self.hour[code] = -1
            if code in self.holes:
                self.holes[code] = [hole for hole in self.holes[code] if hole[2] not in gone]
        return len(self.free) > known
