"""Payloads that must change nothing: each with its topic, its bytes and how many rejects it makes.

Rule: only what no reading of `interfaces.md` could take as a sample.
"""

import json
import random
from collections.abc import Callable

Hostile = tuple[str, bytes, int]

HOUR_MS = 3_600_000
DEEP = 8_000


def hostile_maker(rng: random.Random, line: str, unit: str, metric: str, too_large: int) -> Callable[[int], Hostile]:
    """Makes one after the other; they aim at a series that has good samples, at event time `t`."""
    own, umh = f"parkpulse/v1/data/{line}", f"umh/v1/{line}"
    single, whole, batch = f"{own}/{unit}/{metric}", f"{own}/{unit}", f"{own}/{unit}"

    def value(t: int, raw: str) -> Hostile:
        return single, b'{"timestamp_ms": %d, "value": %s}' % (t, raw.encode()), 1

    def extra(t: int, raw: str) -> Hostile:
        return single, b'{"timestamp_ms": %d, "value": 1e6, %s}' % (t, raw.encode()), 1

    def stamp(raw: str) -> Hostile:
        return single, b'{"timestamp_ms": %s, "value": 1e6}' % raw.encode(), 1

    def lost(topic: str, t: int) -> Hostile:
        return topic, b'{"timestamp_ms": %d, "value": 1e6}' % t, 1

    def items(t: int, *rows: object) -> Hostile:
        content = [{"t": t, "m": metric, **row} if isinstance(row, dict) else row for row in rows]
        return batch, json.dumps(content).encode(), len(rows)

    def cut(t: int) -> Hostile:
        body = json.dumps([{"t": t, "m": metric, "v": 1e6}] * 3).encode()
        return batch, body[: rng.randrange(1, len(body))], 1

    kinds: list[Callable[[int], Hostile]] = [
        *(
            (lambda t, body=body: (single, body, 1))
            for body in (
                b"", b"{", b"}", b"hello", b"\x00", b"\xff\xfe\x00", b"5", b"null", b"true", b'"text"', b"[" * DEEP,
                b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP, b"\xef\xbb\xbf{", b'{"value": 1e6,}', b"<value>5</value>",
                b"{'timestamp_ms': 1, 'value': 2}", b'{"timestamp_ms": 1 "value": 2}', b"\x1f\x8b\x08\x00garbage",
            )
        ),
        *(
            (lambda t, raw=raw: value(t, raw))
            for raw in (
                "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400, "null", "[1]", '{"a": 1}', "[]",
                "tru", "0x10", "--1", '"open', "1,5",
            )
        ),
        *(
            (lambda t, raw=raw: extra(t, raw))
            for raw in (
                '"quality": 99', '"quality": -1', '"quality": "good"', '"quality": 11', '"quality": 255',
                '"seq": "x"', '"seq": 1e400', '"seq": []',
            )
        ),
        *(
            (lambda t, raw=raw: stamp(raw))
            for raw in ('"now"', "-5", "1e30", "true", "[]", "{}", '"1780000000123"', "1" + "0" * 60, "NaN", "1", "0")
        ),
        lambda t: stamp(str(t + HOUR_MS)),
        lambda t: stamp(str(t - 48 * HOUR_MS)),
        *(
            (lambda t, topic=topic: lost(topic, t))
            for topic in (
                f"parkpulse/v1/data/{line.rsplit('/', 1)[0]}", "parkpulse/v1/data/a", f"{single}/deeper",
                f"{single}/deeper/still", own, f"{own}//{metric}", f"{own}/{unit}/", f"{own}/_raw/{metric}",
                f"{own}/{unit}/_raw", f"{own}/{unit}/two words", f"{own}/{unit}/{'x' * 65}", f"{own}/{unit}/\U0001f95b",
                f"{own}/{unit}/a:b", f"{own}/{unit}/€", f"umh/v1/a/_historian/{metric}",
                f"{umh}/{unit}/historian/{metric}", f"{umh}/{unit}/_historian",
                f"{own}/{unit}/{'/'.join('x' * 90)}",
            )
        ),
        lambda t: items(t, 1, 2, 3),
        lambda t: items(t, None, "x", [], True),
        lambda t: items(t, {"v": None}, {"v": [1]}, {"v": 1e6, "q": 99}),
        lambda t: items(t, {"v": 1e6, "t": "soon"}, {"v": 1e6, "s": "x"}),
        lambda t: items(t, {"v": 1e6, "m": ""}, {"v": 1e6, "m": 7}, {"v": 1e6, "m": "a/b/c"}, {"v": 1e6, "m": "_x"}),
        lambda t: items(t, {}),
        lambda t: (whole, b'{"timestamp_ms": %d, "a": null, "b": [1], "c": {}}' % t, 3),
        lambda t: (batch, json.dumps([{"t": t, "m": metric, "v": 1e6, "x": "y" * too_large}]).encode(), 1),
        lambda t: (batch, b" " * too_large, 1),
        lambda t: (f"{umh}/{unit}/_historian/{metric}", b"[1]", 1),
        lambda t: (f"{umh}/{unit}/_historian/{metric}", b'{"timestamp_ms": %d, "value": NaN}' % t, 1),
        lambda t: (single, b"\xfe" + rng.randbytes(rng.randrange(1, 400)), 1),
        cut, cut, cut, cut,
    ]  # fmt: skip
    turn = iter(())

    def make(t: int) -> Hostile:
        nonlocal turn
        kind = next(turn, None)
        if kind is None:
            turn = iter(rng.sample(kinds, len(kinds)))
            kind = next(turn)
        return kind(t)

    return make
