"""Objects with one time and a key for each metric, of the own family and of UMH, many at a time.

Rule: an object that parses by type, is dated, has no quality and no number, and whose every key has a name and a usable
value is read here, bit for bit as `own_strict` and `umh` would; any other is handed back whole.
"""

import msgspec
import numpy as np

from connectors.codecs import own_strict, umh
from connectors.codecs.columns import Bodies, Columns
from connectors.codecs.joined import Joined
from connectors.codecs.json_cursor import Ints
from connectors.codecs.json_samples import MAX_TIME, Rows, Spelled
from connectors.codecs.topics import Route
from pipeline.core.samples import Name

_TIME = "timestamp_ms"
_PLAIN = msgspec.json.Decoder(dict[str, float])
_MIXED = msgspec.json.Decoder(dict[str, float | bool | str])
_SLIPS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_objects(rows: Rows, bodies: Bodies) -> tuple[Columns, Ints]:
    """Payloads that are objects; also the indices (into `bodies`) of those handed back."""
    joined, stamps, layouts = Joined(bodies), list[float](), bodies.known.layouts
    for owner, (body, topic) in enumerate(zip(bodies.texts, bodies.topic.tolist(), strict=True)):
        try:
            found: dict[str, float] | dict[str, float | bool | str] = _PLAIN.decode(body)
            is_plain = True
        except _SLIPS:
            try:
                found, is_plain = _MIXED.decode(body), False
            except _SLIPS:
                continue
        stamp = found.pop(_TIME, None)
        if type(stamp) is float and 0 <= stamp <= MAX_TIME:
            key = topic, tuple(found)
            joined.is_plain &= is_plain
            numbers = layouts.get(key)
            if numbers is None:
                numbers = layouts.learn(key, names_of(bodies.known.routes[topic], key[1]))
            joined.take(owner, numbers, found.values())
            stamps.append(stamp)
    stamp_of = np.array(stamps, np.float64)
    whole = np.floor(stamp_of)
    nanoseconds = ((stamp_of - whole) * 1_000_000).astype(np.uint64)
    return joined.columns(rows, whole.astype(np.int64), nanoseconds)


def names_of(route: Route, keys: tuple[str, ...]) -> tuple[Name | None, ...]:
    """What the strict codecs make of such keys; nothing where they mean more than metrics."""
    if route.family == "own" and not {"quality", "seq"}.isdisjoint(keys):
        return (None,) * len(keys)
    data = dict.fromkeys(keys, 0)
    spelled = umh.spell(route, data) if route.family == "umh" else own_strict.spell(route.below, data)
    if not isinstance(spelled, list) or len(spelled) != len(keys):
        return (None,) * len(keys)
    return tuple(
        Name(one.line or route.line, one.unit, one.metric) if isinstance(one, Spelled) else None for one in spelled
    )
