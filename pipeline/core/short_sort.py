"""A stable sort of numbers that are mostly small: numpy sorts what fits into two bytes by radix, four times as fast.

>>> stably_sorted(np.array([2, 1, 2, 1])).tolist()
[1, 3, 0, 2]
"""

import numpy as np
import numpy.typing as npt

_SHORT = tuple((kind, np.iinfo(kind).min, np.iinfo(kind).max) for kind in (np.int16, np.uint16))


def short(numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """The same numbers, in two bytes if all of them fit."""
    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    for kind, least, most in _SHORT:
        if least <= low and high <= most:
            return numbers.astype(kind)
    return numbers


def stably_sorted(numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """The order of these numbers."""
    return np.argsort(short(numbers), kind="stable")
