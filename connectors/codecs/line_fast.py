"""Influx line protocol, many payloads at a time: cut up by the bytes that separate, everything else done on columns.

Rule: lines with exactly two blanks, no backslash, a time of 19 digits, and plain numbers or short words as values are
read here without a loop over samples, bit for bit as `line_protocol` would; a payload with another line is handed back
whole. A text that holds a separator never fits: one of its pieces has only one quote.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.codecs.columns import Bodies, Columns, Values, name_indices, text_indices
from connectors.codecs.distinct import distinct_numbers
from connectors.codecs.json_cursor import MAX_STRING, MAX_TEXT, Bools, Cursor, Ints, number_table
from connectors.codecs.json_samples import MAX_SAMPLES, Flaw, Rows, read_value
from connectors.codecs.line_protocol import Head, read_field, read_head
from connectors.codecs.stamps import split_stamps
from connectors.codecs.telegraf import name_of
from connectors.codecs.topics import Route
from pipeline.core.samples import Name

_PLAIN, _WHOLE = number_table(b", "), number_table(b"iu", whole_only=True)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where lines begin, where their two blanks and their ends are, and whose they are."""

    begin: Ints
    first: Ints
    second: Ints
    end: Ints
    owner: Ints

    def only(self, some: Bools) -> "_Lines":
        return _Lines(self.begin[some], self.first[some], self.second[some], self.end[some], self.owner[some])


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where fields begin, where their `=` and their ends are, and in which line they stand."""

    begin: Ints
    equal: Ints
    end: Ints
    line: Ints


def decode_simple_lines(rows: Rows, bodies: Bodies) -> tuple[Columns, Ints]:
    """Payloads of simple lines; also the indices (into `bodies`) of those handed back."""
    cursor = Cursor(b"\n".join([*bodies.texts, b""]))
    fine = np.ones(len(bodies.texts), np.bool_)
    lines = _lines(cursor, np.cumsum(bodies.size) + np.arange(1, len(fine) + 1), fine)
    lines, fields = _fields(cursor, lines, fine)
    t, seq = _read_stamps(cursor, lines, fine)
    owner = lines.owner[fields.line]
    values = _read_values(cursor, fields)
    name, names = _read_names(cursor, lines, fields, bodies)
    fine[owner[~cursor.fits | np.array([found is None for found in names], np.bool_)[name]]] = False
    count = np.bincount(owner, minlength=len(fine))
    fine &= (count > 0) & (count <= MAX_SAMPLES)
    good = fine[owner]
    columns = Columns(
        name=name_indices(rows, names, name, good),
        t=t[fields.line][good],
        v=values.v[good],
        text=text_indices(rows, values, good),
        q=np.zeros(np.count_nonzero(good), np.uint64),
        seq=seq[fields.line][good],
        payload=bodies.payload[owner[good]],
    )
    return columns, np.flatnonzero(~fine)


def _lines(cursor: Cursor, ends: Ints, fine: Bools) -> _Lines:
    """The lines of two blanks; a payload with another kind of line, or with a byte that needs care, is not fine."""
    data = cursor.bytes[: ends[-1]]
    needs_care = np.flatnonzero(((data < ord(" ")) & (data != ord("\n"))) | (data == ord("\\")))
    fine[np.searchsorted(ends, needs_care, "right")] = False
    end = np.flatnonzero(data == ord("\n"))
    begin = np.append(0, end[:-1] + 1)
    begin, end = begin[begin < end], end[begin < end]
    owner = np.searchsorted(ends, begin, "right")
    blanks = np.flatnonzero(data == ord(" "))
    at, after = np.searchsorted(blanks, begin), np.searchsorted(blanks, end)
    simple = (after - at == 2) & (data[begin] != ord("#"))
    fine[owner[~simple]] = False
    at = at[simple]
    return _Lines(begin[simple], blanks[at], blanks[at + 1], end[simple], owner[simple])


def _fields(cursor: Cursor, lines: _Lines, fine: Bools) -> tuple[_Lines, _Fields]:
    """The lines that are cut up by commas and equals signs in turn, and their fields."""
    comma, comma_line = _within(lines, np.flatnonzero(cursor.bytes == ord(",")))
    equal, equal_line = _within(lines, np.flatnonzero(cursor.bytes == ord("=")))
    size = len(lines.begin)
    even = np.bincount(equal_line, minlength=size) == np.bincount(comma_line, minlength=size) + 1
    fine[lines.owner[~even]] = False
    place = np.cumsum(even) - 1  # of a line among the even ones
    comma, equal, line = comma[even[comma_line]], equal[even[equal_line]], place[equal_line[even[equal_line]]]
    lines = lines.only(even)
    begin = np.sort(np.append(lines.first + 1, comma + 1))
    is_last = np.append(line[1:] != line[:-1], True)[: len(line)]
    end = np.where(is_last, lines.second[line], np.append(begin[1:], 0)[: len(line)] - 1)
    return lines, _Fields(begin, equal, end, line)


def _within(lines: _Lines, at: Ints) -> tuple[Ints, Ints]:
    """Those positions that lie between the two blanks of a line, and in which line."""
    line = np.searchsorted(lines.second, at)
    inside = np.append(lines.first, at[-1:])[line] < at
    return at[inside], line[inside]


def _read_stamps(cursor: Cursor, lines: _Lines, fine: Bools) -> tuple[Ints, npt.NDArray[np.uint64]]:
    cursor.start(lines.second + 1)
    stamps = cursor.nanoseconds()
    fits = cursor.fits & (cursor.at == lines.end)
    fine[lines.owner[~fits]] = False
    return split_stamps(np.where(fits, stamps, 0).astype(np.int64))


def _read_values(cursor: Cursor, fields: _Fields) -> Values:
    """Of each field; the cursor's `fits` tells which fields are read, with a key and a value of fitting length."""
    cursor.start(fields.equal + 1)
    key, length = fields.equal - fields.begin, fields.end - cursor.at
    cursor.fits = (key >= 1) & (key <= MAX_STRING) & (length >= 1)
    first, last = cursor.bytes[cursor.at], cursor.bytes[fields.end - 1]
    is_number = (first == ord("-")) | ((first >= ord("0")) & (first <= ord("9")))
    is_whole = is_number & ((last == ord("i")) | (last == ord("u")))
    v, text = np.full(len(length), np.nan), np.full(len(length), -1, np.int64)
    plain, whole = np.flatnonzero(is_number & ~is_whole), np.flatnonzero(is_whole)
    v[plain] = cursor.number(plain, _PLAIN)
    v[whole] = cursor.number(whole, _WHOLE)
    cursor.fits &= ~is_number | (cursor.at == fields.end - is_whole)
    cursor.fits &= ~is_whole | ((length <= 19) & ((last == ord("i")) | (first != ord("-"))))
    cursor.fits &= is_number | (length <= MAX_STRING)
    words = np.flatnonzero(~is_number & cursor.fits)
    code, raws, same = cursor.distinct(fields.equal[words] + 1, length[words])
    found = [read_value(read_field(raw.decode("utf-8", "surrogateescape"))) for raw in raws]
    usable = np.array([not isinstance(value, Flaw) for value in found], np.bool_)
    cursor.fits[words] = usable[code] & same
    v[words] = np.array([value if isinstance(value, float) else np.nan for value in found], np.float64)[code]
    is_text = np.array([isinstance(value, str) for value in found], np.bool_)
    text[words] = np.where(is_text[code], code, -1)
    return Values(v, text, [value if isinstance(value, str) else "" for value in found])


def _read_names(cursor: Cursor, lines: _Lines, fields: _Fields, bodies: Bodies) -> tuple[Ints, list[Name | None]]:
    """The name of each distinct topic, head and key. `fits` comes in from the values and goes on with the names."""
    head, heads, same_head = _read_heads(cursor, lines)
    length = np.where(cursor.fits, fields.equal - fields.begin, 0)
    key, keys, same_key = cursor.distinct(fields.begin, length)
    cursor.fits &= same_key & same_head[fields.line]
    route = bodies.topic[lines.owner]
    combined = (route * max(len(heads), 1) + head)[fields.line] * max(len(keys), 1) + key
    distinct, name = distinct_numbers(combined)
    rest, key_of = np.divmod(distinct, max(len(keys), 1))
    route_of, head_of = np.divmod(rest, max(len(heads), 1))
    texts = [raw.decode("utf-8", "surrogateescape") for raw in keys]
    names = [
        _name(bodies.known.routes[r], heads[h], texts[k])
        for r, h, k in zip(route_of.tolist(), head_of.tolist(), key_of.tolist(), strict=True)
    ]
    return name, names


def _read_heads(cursor: Cursor, lines: _Lines) -> tuple[Ints, list[Head | None], Bools]:
    length = lines.first - lines.begin
    short = length <= MAX_TEXT
    head, raws, same = cursor.distinct(lines.begin, np.where(short, length, 0))
    return head, [read_head(raw.decode("utf-8", "surrogateescape")) for raw in raws], same & short


def _name(route: Route, head: Head | None, key: str) -> Name | None:
    found = None if head is None else name_of(route.below, head.equipment, head.measurement, key)
    return found if isinstance(found, Name) else None
