"""Which samples count (interfaces, "What comes in"): quality 0, and 7 (simulated) where configured."""

import numpy as np
import numpy.typing as npt

GOOD, SIMULATED = 0, 7
Flags = npt.NDArray[np.bool_]


def usable(q: npt.NDArray[np.uint8] | None, simulated: Flags | bool, size: int) -> Flags:
    """By row. q u8 by row, None where all are good; `simulated`: may simulated samples count, for all or by row."""
    if q is None:
        return np.ones(size, np.bool_)
    return np.asarray((q == GOOD) | ((q == SIMULATED) & simulated), np.bool_)
