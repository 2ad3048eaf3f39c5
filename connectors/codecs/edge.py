"""From messages to samples: routes payloads, reads the frequent forms fast and the rest strictly, joins the columns.

Rule: every payload ends in samples, in one `Reject`, or in both; only a retained one without device time is ignored.
Rows stand in order of receipt. Pure: the same payloads give the same columns.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from connectors.codecs.columns import Bodies, Columns
from connectors.codecs.json_cursor import ALL, Bools, Ints, Some
from connectors.codecs.json_samples import Rows
from connectors.codecs.line_fast import decode_simple_lines
from connectors.codecs.line_protocol import decode_lines
from connectors.codecs.objects_fast import decode_objects
from connectors.codecs.own_fast import decode_batches, decode_singles
from connectors.codecs.own_strict import decode_own
from connectors.codecs.telegraf import decode_telegraf
from connectors.codecs.telegraf_fast import decode_metrics
from connectors.codecs.topics import READ_AS, Grammar, Misrouted, Route
from connectors.codecs.umh import decode_umh
from pipeline.core.samples import UNDATED, Payload, Payloads, Reject, Samples

BLOCK_BYTES = 1 << 19  # read at once: the columns of so much stay in the processor's cache

STRICT: dict[str, Callable[[Rows, Route, Payload, int], None]] = {
    "influx": decode_lines,
    "own": decode_own,
    "telegraf": decode_telegraf,
    "umh": decode_umh,
}


def decode(payloads: Sequence[Payload], grammar: Grammar, max_payload: int) -> tuple[Samples, list[Reject]]:
    """All samples of these payloads in order of receipt, and what could not be read, in the same order."""
    came = Payloads.of(payloads)
    topic, known = grammar.numbers(came.topics), grammar.known
    rows, size = Rows(known.begin()), np.fromiter(map(len, came.bodies), np.int64, len(came))
    todo = (topic > 0) & (size <= max_payload)
    if not todo.all():
        _refuse(rows, came, grammar, np.flatnonzero(~todo))
    parts: list[Columns] = []
    whole = Bodies(came.bodies, size, known, topic, np.arange(len(came)))
    for bodies, read in _frequent(whole, todo):
        columns, left = read(rows, bodies)
        parts.append(columns)
        todo[bodies.payload] = False
        todo[bodies.payload[left]] = True
    for index in np.flatnonzero(todo).tolist():
        route = known.routes[topic[index]]
        STRICT[route.family](rows, route, came[index], index)
    rejects = sorted(rows.rejects, key=lambda reject: reject.payload)
    return _join(rows, parts, came.retained), rejects


def _refuse(rows: Rows, came: Payloads, grammar: Grammar, refused: Ints) -> None:
    for index in refused.tolist():
        route = grammar.route(came.topics[index])
        if isinstance(route, Misrouted):
            rows.rejects.append(Reject(index, route.line, route.code, route.sentence))
        else:
            got = len(came.bodies[index])
            sentence = f"payload: too many bytes; got {got}; expected at most the configured max_payload"
            rows.rejects.append(Reject(index, route.line, "too_large", sentence))


def _frequent(whole: Bodies, todo: Bools) -> Iterator[tuple[Bodies, Callable[[Rows, Bodies], tuple[Columns, Ints]]]]:
    """The payloads that look like one of the frequent forms, in blocks, each with its reader. `todo` is kept up to date
    by the caller: what one reader hands back may be of the next one's form."""
    family = whole.known.family[whole.topic]
    own, umh, telegraf, influx = (family == READ_AS.index(name) for name in READ_AS)
    for block in _some(whole, todo & (own | umh)):
        yield from _forms(block)
    forms = ((own | umh, decode_objects), (telegraf, decode_metrics), (influx, decode_simple_lines))
    for chosen, read in ((todo & family, read) for family, read in forms):
        for block in _some(whole, chosen):
            yield block, read


def _some(whole: Bodies, chosen: Bools) -> Iterator[Bodies]:
    if chosen.any():
        yield from (whole if chosen.all() else whole.only(chosen)).blocks(BLOCK_BYTES)


def _forms(block: Bodies) -> Iterator[tuple[Bodies, Callable[[Rows, Bodies], tuple[Columns, Ints]]]]:
    """What begins as one value, or as a batch, where the topic may hold one."""
    topic, known = block.topic, block.known
    first = np.where(block.size > 0, block.cursor.bytes[block.ends - block.size], 0)
    depth, is_umh = known.depth[topic], known.family[topic] == READ_AS.index("umh")
    single = (first == ord("{")) & (is_umh | (depth >= 1))
    batch = (first == ord("[")) & ~is_umh & (depth <= 1)
    for chosen, read in ((single, decode_singles), (batch, decode_batches)):
        if chosen.any():
            yield block if chosen.all() else block.only(chosen), read


def _join(rows: Rows, parts: list[Columns], retained: Bools) -> Samples:
    """Fast and strict columns as one, in order of receipt, without the undated rows of retained messages."""
    payload = np.concatenate([np.array(rows.payload, np.int32), *(part.payload for part in parts)]).astype(np.int32)
    flags = np.zeros(len(payload), np.uint8)
    flags[: len(rows.flags)] = rows.flags
    order: Some = np.argsort(payload, kind="stable") if (payload[1:] < payload[:-1]).any() else ALL
    if retained.any():
        order = np.arange(len(payload))[order]
        order = order[~(retained[payload[order]] & (flags[order] & UNDATED != 0))]
    return Samples(
        names=rows.names,
        texts=list(rows.texts),
        name=np.concatenate([np.array(rows.name, np.int32), *(part.name for part in parts)]).astype(np.int32)[order],
        t=np.concatenate([np.array(rows.t, np.int64), *(part.t for part in parts)])[order],
        v=np.concatenate([np.array(rows.v, np.float64), *(part.v for part in parts)])[order],
        text=np.concatenate([np.array(rows.text, np.int32), *(part.text for part in parts)]).astype(np.int32)[order],
        q=np.concatenate([np.array(rows.q, np.uint8), *(part.q for part in parts)]).astype(np.uint8)[order],
        flags=flags[order],
        seq=np.concatenate([np.array(rows.seq, np.uint64), *(part.seq for part in parts)])[order],
        payload=payload[order],
    )
