"""Digits of many records at once: eight bytes are one word, and arithmetic on words handles all eight together.

Why it is fast: the usual number has at most eight digits before the point and eight after it, fifteen together. These
are two words, all their digits are below 2^53 and the power of ten is exact, so one division rounds as a parser does.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_LOW, _HIGH, _ZEROS = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080), np.uint64(0x3030303030303030)
_ABOVE_NINE, _ONE, _WIDTH = np.uint64(0x7676767676767676), np.uint64(1), np.uint64(8)
_TENS: Final = 10.0 ** np.arange(9)


def all_digits(word: Words) -> Bools:
    high = (word + np.uint64(0x4646464646464646)) | (word - _ZEROS)
    digits: Bools = high & _HIGH == 0
    return digits


def eight_digits(word: Words) -> Words:
    """Eight ASCII digits as a number: neighbours are joined three times. A byte of zeros counts as a 0."""
    pairs = (word & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> np.uint64(8)
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    return (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)


def marked_bytes(marks: Words) -> Words:
    """How many bytes stand before the first that is marked with its highest bit; 8 where none is."""
    before: Words = np.bitwise_count(~marks & (marks - _ONE)).astype(np.uint64) >> np.uint64(3)
    return before


def leading(word: Words) -> tuple[Words, Words]:
    """How many digits a word begins with (0 to 8), and the number they are."""
    folded = word ^ _ZEROS
    count = marked_bytes(((folded & _LOW) + _ABOVE_NINE | folded) & _HIGH)
    return count, eight_digits(word << (_WIDTH - count) * _WIDTH)  # a shift by 64 leaves nothing


def decimal(whole: Words, fraction: Words, places: Words, negative: Bools) -> Floats:
    """Exact up to 15 digits. Never -0.0, as in the strict codecs."""
    power = _TENS[places.view(np.int64)]
    value = (whole.astype(np.float64) * power + fraction) / power
    return np.where(negative, -value, value) + 0.0
