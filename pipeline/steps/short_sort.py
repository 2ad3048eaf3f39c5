"""A stable sort of numbers that are mostly small: the fewer bytes numpy is given, the faster it sorts them.

>>> stably_sorted(np.array([2, 1, 2, 1])).tolist()
[1, 3, 0, 2]
"""

import numpy as np
import numpy.typing as npt

_SMALL = np.iinfo(np.int16)


def stably_sorted(numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """The order of these numbers."""
    is_small = len(numbers) and _SMALL.min <= numbers.min() and numbers.max() <= _SMALL.max
    return np.argsort(numbers.astype(np.int16) if is_small else numbers, kind="stable")
