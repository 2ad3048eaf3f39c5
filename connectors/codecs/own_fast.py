"""The two frequent forms of the own family, many payloads at a time: one metric (which UMH has too), and batch.

Rule: a payload written the common way (compact, or with one blank after `,` and `:`; keys in the documented order) is
read here without a loop over samples, bit for bit as `own_strict` would; any other is handed back whole, never guessed.
"""

import msgspec
import numpy as np
import numpy.typing as npt

from connectors.codecs.columns import Bodies, Columns, Values, text_indices
from connectors.codecs.distinct import distinct_numbers
from connectors.codecs.json_cursor import ALL, Bools, Cursor, Ints
from connectors.codecs.json_samples import MAX_SAMPLES, Flaw, Rows, read_value
from connectors.codecs.own_strict import place
from connectors.codecs.topics import READ_AS, Route
from pipeline.core.samples import Name

_OPENING = b'{"t":'


def decode_singles(rows: Rows, bodies: Bodies) -> tuple[Columns, Ints]:
    """Payloads of the form `{"timestamp_ms":t,"value":v}`; also the indices (into `bodies`) of those handed back: of
    UMH also those with a quality or a number, which are values there."""
    cursor, ends, topic = bodies.cursor, bodies.ends, bodies.topic
    cursor.start(ends - bodies.size)
    cursor.literal(b'{"timestamp_ms":')
    cursor.space()
    t = cursor.stamp()
    cursor.fits &= cursor.key(b'"value":')
    values = _read_values(cursor)
    bare = cursor.at.copy()
    q, seq = _read_optional(cursor, b'"quality":', b'"seq":')
    more = np.flatnonzero(cursor.at != bare)
    if len(more):
        cursor.fits[more] &= bodies.known.family[topic[more]] != READ_AS.index("umh")
    cursor.literal(b"}")
    good = cursor.fits & (cursor.at == ends)
    left = np.flatnonzero(~good)
    some = good if len(left) else ALL
    name, text = bodies.known.single_names(topic[some]), text_indices(rows, values, good)
    return Columns(name, t[some], values.v[some], text, q[some], seq[some], bodies.payload[some]), left


def decode_batches(rows: Rows, bodies: Bodies) -> tuple[Columns, Ints]:
    """Payloads of the form `[{"t":t,"m":"m","v":v},...]`; also the indices (into `bodies`) of those handed back."""
    cursor, ends = bodies.cursor, bodies.ends
    opened, owner = _records(cursor, ends)
    cursor.start(opened)
    cursor.literal(_OPENING)
    cursor.space()
    t = cursor.stamp()
    cursor.fits &= cursor.key(b'"m":')
    metric, metrics = cursor.string(ALL)
    cursor.fits &= cursor.key(b'"v":')
    values = _read_values(cursor)
    q, seq = _read_optional(cursor, b'"q":', b'"s":')
    cursor.literal(b"}")
    name = _read_names(cursor, bodies, bodies.topic[owner] * max(len(metrics), 1) + metric, metrics)
    cursor.fits &= _is_tiled(cursor, opened, owner, ends)
    count = np.bincount(owner, minlength=len(ends))
    flaws = np.bincount(owner[~cursor.fits], minlength=len(ends))
    fine = (count > 0) & (flaws == 0)
    good = fine[owner]
    text = text_indices(rows, values, good)
    payload = bodies.payload[owner[good]]
    columns = Columns(name[good], t[good], values.v[good], text, q[good], seq[good], payload)
    return columns, np.flatnonzero(~fine)


def _records(cursor: Cursor, ends: Ints) -> tuple[Ints, Ints]:
    """Where records begin, and whose they are; none of a payload that has too many or begins one in another way."""
    opened = np.flatnonzero(cursor.bytes == ord("{"))
    owner = np.searchsorted(ends, opened, "right")
    flaws = np.bincount(owner[~cursor.matches(opened, _OPENING)], minlength=len(ends))
    fine = (np.bincount(owner, minlength=len(ends)) <= MAX_SAMPLES) & (flaws == 0)
    return opened[fine[owner]], owner[fine[owner]]


def _is_tiled(cursor: Cursor, opened: Ints, owner: Ints, ends: Ints) -> Bools:
    """True where a record begins and ends as an array wants it, so that no byte of the payload is left unread."""
    begin, at = np.append(0, ends[:-1])[owner], cursor.at
    is_first = np.append(True, owner[1:] != owner[:-1])[: len(owner)]
    begins = ~is_first | ((opened == begin + 1) & (cursor.bytes[begin] == ord("[")))
    is_last = (at == ends[owner] - 1) & (cursor.bytes[at] == ord("]"))
    after = at + 1
    after += cursor.bytes[after] == ord(" ")
    goes_on = (cursor.bytes[at] == ord(",")) & (after == np.append(opened[1:], -1)[: len(opened)])
    goes_on &= np.append(owner[1:] == owner[:-1], False)[: len(owner)]
    tiled: Bools = begins & (is_last | goes_on)
    return tiled


def _read_values(cursor: Cursor) -> Values:
    head = cursor.bytes[cursor.at]
    is_text, is_bool = head == ord('"'), (head == ord("t")) | (head == ord("f"))
    text = np.full(len(head), -1, np.int64)
    if not (is_text | is_bool).any():
        return Values(cursor.number(ALL), text, [])
    v = np.full(len(head), np.nan)
    numbers = np.flatnonzero(~(is_text | is_bool))
    v[numbers] = cursor.number(numbers)
    bools = np.flatnonzero(is_bool)
    v[bools] = cursor.boolean(bools)
    strings = np.flatnonzero(is_text)
    text[strings], raws = cursor.string(strings)
    texts = [_unescape(raw) for raw in raws]
    bad = [at for at, found in enumerate(texts) if found is None or isinstance(read_value(found), Flaw)]
    cursor.fits &= ~np.isin(text, bad)
    return Values(v, text, [found or "" for found in texts])


def _read_optional(cursor: Cursor, quality: bytes, seq: bytes) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    codes, counters = np.zeros((2, len(cursor.at)), np.uint64)
    for column, key in ((codes, quality), (counters, seq)):
        found = np.flatnonzero(cursor.key(key))
        if len(found):
            column[found] = cursor.integer(found)
    codes[codes == 192] = 0
    cursor.fits &= codes <= 10
    return codes, counters


def _read_names(cursor: Cursor, bodies: Bodies, pair: Ints, metrics: list[bytes]) -> Ints:
    """The number of the name of each pair of topic and metric; a record whose metric has no place does not fit."""
    pairs, code = distinct_numbers(pair)
    topics, metric = np.divmod(pairs, max(len(metrics), 1))
    layouts, numbers = bodies.known.layouts, list[int]()
    for topic, at in zip(topics.tolist(), metric.tolist(), strict=True):
        key = topic, metrics[at]
        found = layouts.get(key)
        if found is None:
            found = layouts.learn(key, [_name_below(bodies.known.routes[topic], _unescape(metrics[at]))])
        numbers.append(found[0] if found else -1)
    name = np.array(numbers, np.int64)[code]
    cursor.fits &= name >= 0
    return name


def _name_below(route: Route, metric: str | None) -> Name | None:
    where = place(route.below, metric)
    return None if isinstance(where, Flaw) else Name(route.line, *where)


def _unescape(raw: bytes) -> str | None:
    """The string between two quotes as a JSON parser reads it, or None if it is no string."""
    try:
        return msgspec.json.decode(b'"' + raw + b'"', type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
