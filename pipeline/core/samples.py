"""Decoded samples at the gateway: numpy columns of many payloads at once, and what could not be read.

Rule: bad bytes never raise; they become a `Reject`, and the good samples of the same payload are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

RejectCode = Literal[
    "bad_topic", "bad_path", "bad_json", "bad_value", "bad_quality", "bad_time", "too_large", "too_many", "no_number",
    "clock", "poison",
]  # fmt: skip

FRAMED: tuple[RejectCode, ...] = ("clock", "no_number", "too_many")  # a worker's rejects of rows, kept as a frame

UNDATED, FROZEN, HISTORICAL, OVERRIDE = 1, 2, 4, 8  # bits of the column `flags`


class Payload(NamedTuple):
    """One message as the broker handed it over."""

    topic: str
    body: bytes
    receipt_ms: int
    retained: bool = False


class Payloads(Sequence[Payload]):
    """Messages as columns: `topics`, `bodies`, `receipt_ms` i64[n], `retained` bool[n]."""

    __slots__ = ("bodies", "receipt_ms", "retained", "topics")

    def __init__(
        self,
        topics: Sequence[str],
        bodies: Sequence[bytes],
        receipt_ms: npt.NDArray[np.int64],
        retained: npt.NDArray[np.bool_],
    ) -> None:
        self.topics, self.bodies, self.receipt_ms, self.retained = topics, bodies, receipt_ms, retained

    @classmethod
    def of(cls, payloads: Sequence[Payload]) -> "Payloads":
        if isinstance(payloads, cls):
            return payloads
        topics, bodies, receipt_ms, retained = zip(*payloads, strict=True) if payloads else ((), (), (), ())
        return cls(topics, bodies, np.array(receipt_ms, np.int64), np.array(retained, np.bool_))

    def __len__(self) -> int:
        return len(self.topics)

    @overload
    def __getitem__(self, at: int) -> Payload: ...

    @overload
    def __getitem__(self, at: slice) -> "Payloads": ...

    def __getitem__(self, at: int | slice) -> "Payload | Payloads":
        if isinstance(at, slice):
            return Payloads(self.topics[at], self.bodies[at], self.receipt_ms[at], self.retained[at])
        return Payload(self.topics[at], self.bodies[at], int(self.receipt_ms[at]), bool(self.retained[at]))


class Name(NamedTuple):
    """Where a series lives. `unit` is "" for a metric of the line itself. `source` is the path of the row's own
    equipment ("" = line + "/" + unit) or a Sparkplug edge node."""

    line: str
    unit: str
    metric: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Samples:
    """n rows in order of receipt.

    name i32[n] index into `names`, which may hold more: calls may share a list that only grows; t i64[n] ms since the
    epoch; v f64[n] (NaN where the value is text; bool = 0/1);
    text i32[n] index into `texts` or -1; q u8[n] canonical quality; flags u8[n]; seq u64[n] (0 = none);
    payload i32[n] index of the payload the row came in (non-decreasing).
    """

    names: Sequence[Name]
    texts: list[str]
    name: npt.NDArray[np.int32]
    t: npt.NDArray[np.int64]
    v: npt.NDArray[np.float64]
    text: npt.NDArray[np.int32]
    q: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint8]
    seq: npt.NDArray[np.uint64]
    payload: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.t)


@dataclass(frozen=True, slots=True)
class Reject:
    """A payload that holds `samples` unreadable samples (an unreadable payload counts 1). `line` is "" where the
    topic names none; `sentence` says where, what is wrong, what was got and expected."""

    payload: int
    line: str
    code: RejectCode
    sentence: str
    samples: int = 1
