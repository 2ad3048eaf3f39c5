"""The distinct ones among many, without a sort: each goes to a slot by its hash, and who is left there stands for all.

Why it is fast: a few passes over columns, whatever the number of records; a sort of 64-bit hashes costs ten times that.
Rule: that two in one slot are equal is checked by the caller, never assumed; where they are not, the sort decides.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_SLOT_BITS = 16
_MIX = np.uint64(0x9E3779B97F4A7C15)


def mix(hashed: Words, word: Words) -> Words:
    mixed = (hashed ^ word) * _MIX
    mixed ^= mixed >> np.uint64(29)
    return mixed


def stand_ins(hashed: Words) -> Ints:
    """By record: the index of the record that stands for all of its slot."""
    slot = (hashed >> np.uint64(64 - _SLOT_BITS)).view(np.int64)
    table = np.empty(1 << _SLOT_BITS, np.int64)
    table[slot] = np.arange(len(slot))
    found: Ints = table[slot]
    return found


def numbered(stand_in: Ints) -> tuple[Ints, Ints]:
    """The records that stand for others, and by record the place of its own among these."""
    stands = stand_in == np.arange(len(stand_in))
    return np.flatnonzero(stands), (np.cumsum(stands) - 1)[stand_in]


def distinct_numbers(values: Ints) -> tuple[Ints, Ints]:
    """The distinct values in any order, and by record the place of its own among these."""
    stand_in = stand_ins(values.view(np.uint64) * _MIX)
    if (values == values[stand_in]).all():
        first, code = numbered(stand_in)
        return values[first], code
    found, code = np.unique(values, return_inverse=True)
    return found, code.astype(np.int64)
