"""Payloads made to break a reader: each is kept once with its bytes and the right reason, and costs little."""

import bz2
import gzip
import lzma
import struct
import tracemalloc

import numpy as np
import pytest

from pipeline.core.frames import MAGIC, FrameError, decode
from pipeline.core.frames_together import read_together
from pipeline.core.ports import Record
from pipeline.core.senders import Senders
from pipeline.runtime.clock import monotonic
from tests.faults.record import record
from tests.unit.roles.feed import T0, Bench

DATA = "parkpulse/v1/data/site/line/unit"
ROOM = 32 << 20
GOOD = b'{"timestamp_ms": %d, "value": %d}'


def value(raw: bytes) -> bytes:
    return b'{"timestamp_ms": %d, "value": %s}' % (T0, raw)


POISON = [
    ("bad_json", value(b"1")[:-3]),
    ("bad_json", b'{"timestamp_ms": 1, "value": "\xff\xfe"}'),
    ("bad_json", b"\x80\x81\x82"),
    ("bad_json", b"[" * 100_000),
    ("bad_json", b"[" * 100_000 + b"]" * 100_000),
    ("bad_json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    ("bad_value", value(b"NaN")),
    ("bad_value", value(b"-Infinity")),
    ("bad_json", b"\xef\xbb\xbf" + value(b"1")),
    ("bad_json", value(b"0x10")),
    ("bad_json", b""),
    ("bad_json", b"\x00" * 50),
    ("bad_json", b'"text"'),
    ("bad_value", value(b"null")),
    ("bad_value", value(b"[1]")),
    ("bad_value", value(b'{"a": 1}')),
    ("bad_quality", value(b'1, "quality": 99')),
    ("bad_quality", value(b'1, "quality": "good"')),
    ("bad_time", b'{"timestamp_ms": "now", "value": 1}'),
    ("bad_time", b'{"timestamp_ms": -5, "value": 1}'),
    ("bad_time", b'{"timestamp_ms": 1e30, "value": 1}'),
]
NUMBERS = [value(b"9" * 5_000), value(b"1e999"), b'{"timestamp_ms": %s, "value": 1}' % (b"9" * 5_000)]
TOPICS = [("bad_path", "parkpulse/v1/data/site"), ("bad_path", f"{DATA}/a/b/c"), ("bad_topic", f"{DATA}/two words")]


def corpus() -> list[tuple[str, bytes, str]]:
    """10,000 of (topic, body, reason; "" = good), no two alike, in a seeded order."""
    made = []
    for k in range(10_000):
        if k % 3 == 0:
            twice = b'{"timestamp_ms": %d, "value": 7, "value": %d}' % (T0 + k, k)
            made.append((f"{DATA}/good", twice if k % 30 == 0 else GOOD % (T0 + k, k), ""))
        elif k % 50 == 1:
            reason, topic = TOPICS[k // 50 % len(TOPICS)]
            made.append((topic, value(b"%d" % k), reason))
        else:
            heavy = k % 97 != 2
            kinds = [one for one in POISON if not (heavy and len(one[1]) > 10_000)]
            reason, body = kinds[k % len(kinds)]
            made.append((f"{DATA}/m{k}", body, reason))
    order = np.random.default_rng(27).permutation(len(made)).tolist()
    return [made[k] for k in order]


def test_row_27_of_ten_thousand_mixed_payloads_each_bad_one_is_kept_once_and_each_good_one_is_taken() -> None:
    made, bench, begin = corpus(), Bench(), monotonic()
    bench.take([(topic, body) for topic, body, _ in made])
    seconds = monotonic() - begin
    kept = [(one.key.decode(), one.value, dict(one.headers)) for one in bench.records("rejects.v1")]
    wanted = {(topic, body): reason for topic, body, reason in made if reason}
    assert len(kept) == len(wanted) > 6_000
    assert {(topic, body): headers["reason"].decode() for topic, body, headers in kept} == wanted
    assert all(headers["sentence"] and headers["samples"] == b"1" for _, _, headers in kept)
    frames = [decode(one.value) for one in bench.records("samples.v1") if one.key == b"site/line"]
    rows = {(int(t), float(v)) for frame in frames for t, v in zip(frame.t, frame.v, strict=True)}
    assert rows == {(T0 + k, float(k)) for k in range(0, 10_000, 3)}
    assert sum(map(len, frames)) == len(rows)
    assert sum(f.rejects for f in (decode(r.value) for r in bench.records("samples.v1"))) == len(wanted)
    record(lost=0, duplicate=len(kept) - len(wanted), seconds=round(seconds, 2), tier="T0", seed=27)


@pytest.mark.parametrize("body", NUMBERS)
def test_row_27_numbers_beyond_all_bounds_are_rejects_with_their_bytes(body: bytes) -> None:
    bench = Bench()
    bench.take([(f"{DATA}/m", body), (f"{DATA}/m", GOOD % (T0, 1))])
    (reject,) = bench.records("rejects.v1")
    assert reject.value == body
    assert dict(reject.headers)["reason"] in (b"bad_json", b"bad_value", b"bad_time")


def zstd_bomb(size: int) -> bytes:
    """Blocks of one byte repeated: 32,000 to 1."""
    block = 128 << 10
    blocks = size // block
    parts = [b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", size)]
    for k in range(blocks):
        parts.append(struct.pack("<I", (k == blocks - 1) | 1 << 1 | block << 3)[:3] + b"\0")
    return b"".join(parts)


def bombs() -> dict[str, bytes]:
    zeros = bytes(64 << 20)
    return {
        "gzip": gzip.compress(zeros),
        "nested gzip": gzip.compress(gzip.compress(zeros)),
        "bzip2": bz2.compress(zeros),
        "lzma": lzma.compress(zeros, preset=1),
        "zstd": zstd_bomb(320 << 20),
        "arrow": b"ARROW1\0\0\xff\xff\xff\xff" + struct.pack("<q", 20_000_000) + bytes(5_000),
        "lists": b"[" + b"[]," * 340_000 + b"[]]",
        "objects": b"[" + b"{}," * 340_000 + b"{}]",
        "samples": b'[{"t":1,"m":"a","v":1}' + b',{"t":1,"m":"a","v":1}' * 45_000 + b"]",
        "keys": b'{"timestamp_ms":1' + b"".join(b',"k%d":1' % k for k in range(90_000)) + b"}",
        "large": b" " * (20 << 20),
    }


BOMBS = bombs()
TOO_LARGE = {"lists", "objects", "samples", "keys", "large"}


@pytest.mark.parametrize("name", BOMBS)
def test_row_29_a_bomb_at_the_edge_is_refused_before_it_grows(name: str) -> None:
    bench, body = Bench(), BOMBS[name]
    bench.take([(f"{DATA}/m", GOOD % (T0, 1))])
    tracemalloc.start()
    try:
        bench.take([(f"{DATA}/m" if name in ("gzip", "zstd") else DATA, body)])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < ROOM
    (reject,) = bench.records("rejects.v1")
    assert dict(reject.headers)["reason"] == (b"too_large" if name in TOO_LARGE else b"bad_json")


@pytest.mark.parametrize("rows", [20_000_000, 0xFFFFFFFF, 40_001])
def test_row_29_a_frame_that_claims_millions_of_rows_is_refused_before_anything_is_made_of_it(rows: int) -> None:
    header = struct.pack("<4sBBBBIIIIqQQQQ", MAGIC, 1, 0, 0, 0, rows, 0, 18 * rows & 0xFFFFFFFF, 0, T0, 1, 1, rows, 0)
    bomb = header + struct.pack("<II", 0xFFFFFFFF, 0) + bytes(5_000)
    tracemalloc.start()
    try:
        with pytest.raises(FrameError):
            decode(bomb)
        assert [one.place for one in read_together([Record(0, 0, T0, b"line", bomb)], Senders())[1]] == [0]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
