"""Time stamps whose unit is told by their size: seconds, ms, us or ns since 1970, as Telegraf can write them.

Rule: exact in whole numbers; one stamp and a column of stamps are read alike. Seconds below 10^11 (the year 5138), ms
below 10^14, us below 10^17; what is finer than a millisecond stays as nanoseconds.

>>> [read_stamp(stamp) for stamp in (1780000000, 1780000000123, 1780000000123456, 1780000000123456789)]
[(1780000000000, 0), (1780000000123, 0), (1780000000123, 456000), (1780000000123, 456789)]
"""

from bisect import bisect_right
from typing import Final

import numpy as np
import numpy.typing as npt

from connectors.codecs.json_cursor import Ints
from connectors.codecs.json_samples import Flaw, show

MAX_STAMP: Final = (1 << 63) - 1

_SIZES: Final = (10**11, 10**14, 10**17)
_UP: Final = (1000, 1, 1, 1)  # what a unit is multiplied with, and divided by, for ms
_DOWN: Final = (1, 1, 1000, 10**6)
_REST: Final = (0, 0, 1000, 1)  # nanoseconds in one of what is left


def read_stamp(raw: object) -> tuple[int, int] | Flaw:
    """Milliseconds, and the nanoseconds below them."""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= MAX_STAMP:
        size = bisect_right(_SIZES, raw)
        ms, rest = divmod(raw * _UP[size], _DOWN[size])
        return ms, rest * _REST[size]
    return Flaw("bad_time", f"time: no stamp; got {show(raw)}; expected a whole number of s, ms, us or ns since 1970")


def split_stamps(stamps: Ints) -> tuple[Ints, npt.NDArray[np.uint64]]:
    """The same for a column of stamps from 0 to `MAX_STAMP`."""
    size = np.searchsorted(np.array(_SIZES), stamps, "right")
    up, down, rest = np.array(_UP)[size], np.array(_DOWN)[size], np.array(_REST)[size]
    return stamps * up // down, (stamps % down * rest).astype(np.uint64)
