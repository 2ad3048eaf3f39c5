"""A cursor that walks many JSON records at once: one position per record in one buffer, every step a few numpy calls.

Rule: a step either understands its bytes exactly as a JSON parser would, or marks the record as not fitting; it never
guesses and never raises. What does not fit is read again, one by one, by the strict codecs.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from connectors.codecs.digits import all_digits, decimal, eight_digits, leading, marked_bytes
from connectors.codecs.distinct import mix, numbered, stand_ins

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Some = slice | Ints  # which records a step is for

ALL: Final = slice(None)
MAX_STRING: Final = 64  # bytes of a string the cursor reads
MAX_TEXT: Final = 400  # bytes of a text that is compared
_WIDTH: Final = 32  # bytes of a number, with what follows it
_PADDING: Final = bytes(512)  # no record outruns the text by more
_KEEP: Final = np.array([(1 << 8 * n) - 1 for n in range(9)], "<u8")
_QUOTES, _ONES, _HIGH = np.uint64(0x2222222222222222), np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_WHOLE, _END, _BAD = 3 << 8, 9 << 8, 10 << 8


def number_table(after: bytes, whole_only: bool = False) -> npt.NDArray[np.intp]:
    """JSON's number grammar, up to one of the bytes `after`: the next state (times 256) of [state * 256 + byte]."""
    start, minus, zero, whole, dot, fraction, e, sign, power = range(9)
    table = np.full((11, 256), _BAD, np.intp)
    digits, end = list(b"0123456789"), list(after)
    for state, goal in ((start, whole), (minus, whole), (whole, whole), (dot, fraction), (fraction, fraction)):
        table[state, digits] = goal << 8
    for state in (e, sign, power):
        table[state, digits] = power << 8
    table[start, ord("-")] = minus << 8
    table[[start, minus], ord("0")] = zero << 8
    if not whole_only:
        table[[zero, whole], ord(".")] = dot << 8
        table[[zero, whole, fraction], ord("e")] = e << 8
        table[[zero, whole, fraction], ord("E")] = e << 8
    table[e, list(b"+-")] = sign << 8
    for state in (zero, whole, fraction, power):
        table[state, end] = _END
    table[9] = _END
    return table.ravel()


_NUMBER: Final = number_table(b",}")


class Cursor:
    """`at` is the position in each record, `fits` whether it was understood so far."""

    def __init__(self, text: bytes) -> None:
        padded = text + _PADDING
        self.bytes: npt.NDArray[np.uint8] = np.frombuffer(padded, np.uint8)
        self._words: Words = np.ndarray((len(padded) - 7,), "<u8", padded, 0, (1,))
        self._numbers = np.ndarray((len(padded) - _WIDTH + 1,), f"V{_WIDTH}", padded, 0, (1,))
        self.start(np.empty(0, np.int64))

    def start(self, at: Ints) -> None:
        self.at = at.copy()
        self.fits = np.ones(len(at), np.bool_)

    def matches(self, at: Ints, text: bytes) -> Bools:
        """Where these bytes stand at `at`; moves nothing."""
        same = np.ones(len(at), np.bool_)
        for i in range(0, len(text), 8):
            piece = text[i : i + 8]
            same &= self._words[at + i] & _KEEP[len(piece)] == np.uint64(int.from_bytes(piece, "little"))
        return same

    def literal(self, text: bytes) -> None:
        """Exactly these bytes."""
        self.fits &= self.matches(self.at, text)
        self.at += len(text)

    def space(self) -> None:
        """One blank, or none."""
        self.at += self.bytes[self.at] == ord(" ")

    def key(self, name: bytes) -> Bools:
        """A comma and the key, each with one blank after it or none; stays where it is in records without it."""
        found: Bools = self.bytes[self.at] == ord(",")
        if not found.any():
            return found
        after = self.at + 1
        after += self.bytes[after] == ord(" ")
        found &= self.matches(after, name)
        after += len(name)
        after += self.bytes[after] == ord(" ")
        self.at = after if found.all() else np.where(found, after, self.at)
        return found

    def stamp(self) -> Ints:
        """13 digits: a time in ms from 2001 to 2286. The first 8 of them are mostly the same in all records."""
        head, tail = self._words[self.at], self._words[self.at + 5]
        usual = head[:1]
        fits = (head == usual) & all_digits(usual) & (usual & np.uint64(0xFF) != ord("0"))
        value = np.broadcast_to(eight_digits(usual), head.shape)
        if not fits.all():
            fits = all_digits(head) & (head & np.uint64(0xFF) != ord("0"))
            value = eight_digits(head)
        self.fits &= fits & all_digits(tail)
        self.at += 13
        return (value * np.uint64(100_000) + eight_digits(tail) % np.uint64(100_000)).view(np.int64)

    def integer(self, some: Some) -> Words:
        """1 to 18 digits without leading zero."""
        begin = self.at[some]
        at, going = begin.copy(), np.ones(len(begin), np.bool_)
        value = np.zeros(len(begin), np.uint64)
        for _ in range(19):
            digit = self.bytes[at] - np.uint8(48)
            going &= digit <= 9
            if not going.any():
                break
            value = np.where(going, value * np.uint64(10) + digit, value)
            at += going
        length = at - begin
        self.fits[some] &= (length >= 1) & (length <= 18) & ((length == 1) | (self.bytes[begin] != ord("0")))
        self.at[some] = at
        return value

    def nanoseconds(self) -> Words:
        """19 digits: a time in ns from 2001 to 2262."""
        head, middle, tail = self._words[self.at], self._words[self.at + 8], self._words[self.at + 11]
        value = eight_digits(head) * np.uint64(10**11) + eight_digits(middle) * np.uint64(1000)
        value += eight_digits(tail) % np.uint64(1000)
        self.fits &= all_digits(head) & all_digits(middle) & all_digits(tail)
        self.fits &= (value >= np.uint64(10**18)) & (value < np.uint64(1 << 63))
        self.at += 19
        return value

    def number(self, some: Some, table: npt.NDArray[np.intp] = _NUMBER) -> npt.NDArray[np.float64]:
        """Any JSON number of less than 32 bytes, correctly rounded, up to the `,` or `}` (or what the table says)."""
        at = self.at[some]
        negative = self.bytes[at] == ord("-")
        begin = at + negative
        digits, whole = leading(self._words[begin])
        end = begin + digits.view(np.int64)
        is_dot = self.bytes[end] == ord(".")
        places, fraction = leading(self._words[end + 1])
        places *= is_dot
        fraction *= is_dot
        end += is_dot * (places.view(np.int64) + 1)
        usual = (digits - np.uint64(1) < 8) & (is_dot <= (places - np.uint64(1) < 8)) & (digits + places < 16)
        usual &= (self.bytes[begin] != ord("0")) | (digits == 1)
        after = table[_WHOLE : _WHOLE + 256]
        usual &= (after == _END)[self.bytes[end]]
        if after[ord(".")] == _BAD:
            usual &= ~is_dot
        value = decimal(whole, fraction, places, negative)
        others = np.flatnonzero(~usual)
        if len(others):
            value[others], length, fits = self._any_number(at[others], table)
            end[others] = at[others] + length
            usual[others] = fits
        self.fits[some] &= usual
        self.at[some] = end
        return value

    def _any_number(self, at: Ints, table: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.float64], Ints, Bools]:
        """Value, length, and whether it is one; by the grammar, byte by byte."""
        text = self._numbers[at].view(np.uint8).reshape(len(at), _WIDTH)
        state, length = np.zeros(len(at), np.intp), np.zeros(len(at), np.int64)
        for column in np.ascontiguousarray(text.T):
            state = table.take(state + column)
            going = state < _END
            if not going.any():
                break
            length += going
        fits = state == _END
        text *= np.arange(_WIDTH) < length[:, None]
        text[~fits] = 0
        text[~fits, 0] = ord("0")
        with np.errstate(over="ignore"):
            value = text.view(f"S{_WIDTH}").ravel().astype(np.float64)
        return value + 0.0, length, fits & np.isfinite(value)  # -0.0 becomes 0.0, as in the strict codecs

    def boolean(self, some: Some) -> npt.NDArray[np.float64]:
        """`true` or `false` as 1 and 0."""
        at = self.at[some]
        true, false = self.matches(at, b"true"), self.matches(at, b"false")
        self.fits[some] &= true | false
        self.at[some] = at + np.where(true, 4, 5)
        return true.astype(np.float64)

    def string(self, some: Some) -> tuple[Ints, list[bytes]]:
        """A string, still escaped, as an index into the distinct ones; the caller decodes and checks each of these."""
        begin = self.at[some] + 1
        length = self._string_length(begin)
        fits = (self.bytes[begin - 1] == ord('"')) & (length <= MAX_STRING)
        length = np.where(fits, length, 0)
        code, texts, same = self.distinct(begin, length)
        self.fits[some] &= fits & same
        self.at[some] = begin + length + 1
        return code, texts

    def _string_length(self, begin: Ints) -> Ints:
        """Bytes before the next quote; more than `MAX_STRING` where it is farther away."""
        length = np.zeros(len(begin), np.int64)
        for i in range(0, MAX_STRING + 1, 8):
            other = self._words[begin + i] ^ _QUOTES
            before = marked_bytes((other - _ONES) & ~other & _HIGH).view(np.int64)
            length += before if i == 0 else before * (length == i)
            if length.max(initial=0) < i + 8:
                break
        return length

    def distinct(self, begin: Ints, length: Ints) -> tuple[Ints, list[bytes], Bools]:
        """Index into the distinct texts (of at most `MAX_TEXT` bytes), these, and False where a hash stood for another
        text."""
        size = int(length.max(initial=0))
        words = [self._words[begin + i] & _KEEP[np.clip(length - i, 0, 8)] for i in range(0, size, 8)]
        hashed = length.astype(np.uint64)
        for word in words:
            hashed = mix(hashed, word)
        first, code = numbered(stand_ins(hashed))
        same = self._same(length, words, first[code])
        if not same.all():  # two in one slot
            _, first, code = np.unique(hashed, return_index=True, return_inverse=True)
            same = self._same(length, words, first[code])
        texts = [self.bytes[b : b + n].tobytes() for b, n in zip(begin[first], length[first], strict=True)]
        return code.astype(np.int64), texts, same

    @staticmethod
    def _same(length: Ints, words: list[Words], as_at: Ints) -> Bools:
        same: Bools = length == length[as_at]
        for word in words:
            same &= word == word[as_at]
        return same
