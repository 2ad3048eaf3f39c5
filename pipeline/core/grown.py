"""Columns that grow with what comes."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

S = TypeVar("S", bound=np.generic)


def grown(column: npt.NDArray[S], size: int, fill: float | int | bool) -> npt.NDArray[S]:
    """The same column with room for `size` rows; new rows hold `fill`. Doubles, so that growth costs little."""
    if len(column) >= size:
        return column
    longer = np.empty(max(size, 2 * len(column), 64), column.dtype)
    longer[: len(column)] = column
    longer[len(column) :] = fill
    return longer
