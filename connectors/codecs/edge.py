"""From messages to samples: routes payloads, reads the frequent forms fast and the rest strictly, joins the columns.

Rule: every payload ends in samples, in one `Reject`, or in both; only a retained one without device time is ignored.
Rows stand in order of receipt. Pure: the same payloads give the same columns.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from itertools import compress, pairwise

import numpy as np

from connectors.codecs.columns import Bodies, Columns
from connectors.codecs.json_cursor import ALL, Bools, Ints, Some
from connectors.codecs.json_samples import Rows
from connectors.codecs.line_fast import decode_simple_lines
from connectors.codecs.line_protocol import decode_lines
from connectors.codecs.own_fast import decode_batches, decode_singles
from connectors.codecs.own_strict import decode_own
from connectors.codecs.telegraf import decode_telegraf
from connectors.codecs.telegraf_fast import decode_metrics
from connectors.codecs.topics import READ_AS, Grammar, Known, Misrouted, Route
from connectors.codecs.umh import decode_umh
from pipeline.core.samples import UNDATED, Payload, Reject, Samples

_FIRST = operator.itemgetter(slice(1))
BLOCK_BYTES = 1 << 19  # read at once: the columns of so much stay in the processor's cache

STRICT: dict[str, Callable[[Rows, Route, Payload, int], None]] = {
    "influx": decode_lines,
    "own": decode_own,
    "telegraf": decode_telegraf,
    "umh": decode_umh,
}


def decode(payloads: Sequence[Payload], grammar: Grammar, max_payload: int) -> tuple[Samples, list[Reject]]:
    """All samples of these payloads in order of receipt, and what could not be read, in the same order."""
    rows, count = Rows(), len(payloads)
    topics, texts = [payload.topic for payload in payloads], [payload.body for payload in payloads]
    topic, known = grammar.numbers(topics), grammar.known
    size = np.fromiter(map(len, texts), np.int64, count)
    routed = topic > 0
    refused = np.flatnonzero(~routed | (size > max_payload))
    _refuse(rows, refused, [grammar.route(topics[index]) for index in refused.tolist()], size)
    todo = routed & (size <= max_payload)
    parts: list[Columns] = []
    for bodies, read in _frequent(texts, known, topic, todo):
        for block in _blocks(bodies, size):
            columns, left = read(rows, block)
            parts.append(columns)
            todo[block.payload] = False
            todo[block.payload[left]] = True
    for index in np.flatnonzero(todo).tolist():
        route = known.routes[topic[index]]
        STRICT[route.family](rows, route, payloads[index], index)
    rejects = sorted(rows.rejects, key=lambda reject: reject.payload)
    return _join(rows, parts, np.array([payload.retained for payload in payloads], np.bool_)), rejects


def _refuse(rows: Rows, refused: Ints, routes: list[Route | Misrouted], size: Ints) -> None:
    for index, route in zip(refused.tolist(), routes, strict=True):
        if isinstance(route, Misrouted):
            rows.rejects.append(Reject(index, route.line, route.code, route.sentence))
        else:
            sentence = f"payload: too many bytes; got {size[index]}; expected at most the configured max_payload"
            rows.rejects.append(Reject(index, route.line, "too_large", sentence))


def _frequent(
    texts: list[bytes], known: Known, topic: Ints, todo: Bools
) -> Iterator[tuple[Bodies, Callable[[Rows, Bodies], tuple[Columns, Ints]]]]:
    """The payloads that look like one of the frequent forms, each with its reader."""
    family, depth = known.family[topic], known.depth[topic]
    own, umh, telegraf, influx = (family == READ_AS.index(name) for name in READ_AS)
    firsts = b"".join(map(_FIRST, texts))
    if len(firsts) < len(texts):  # some are empty
        firsts = b"".join([text[:1] or b" " for text in texts])
    first = np.frombuffer(firsts, np.uint8)
    may_be_batch = todo & own & (first == ord("[")) & (depth <= 1)
    may_be_single = todo & ((own & (depth >= 1)) | umh) & (first == ord("{"))
    for chosen, read in (
        (may_be_batch, decode_batches),
        (may_be_single, decode_singles),
        (todo & telegraf, decode_metrics),
        (todo & influx, decode_simple_lines),
    ):
        index = np.flatnonzero(chosen)
        if len(index):
            some = texts if len(index) == len(texts) else list(compress(texts, chosen.tolist()))
            yield Bodies(some, known.routes, known.names, topic[index], index), read


def _blocks(bodies: Bodies, size: Ints) -> Iterator[Bodies]:
    part = np.cumsum(size[bodies.payload]) // BLOCK_BYTES
    cuts = [0, *(np.flatnonzero(part[1:] != part[:-1]) + 1).tolist(), len(part)]
    for begin, end in pairwise(cuts):
        if begin < end:
            texts, route, payload = bodies.texts[begin:end], bodies.route[begin:end], bodies.payload[begin:end]
            yield Bodies(texts, bodies.routes, bodies.names, route, payload)


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
        names=list(rows.names),
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
