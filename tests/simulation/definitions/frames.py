"""Records of samples.v1 read by docs/frame.md: header, columns, names, texts."""

import struct
import zlib
from typing import NamedTuple

HEADER = struct.Struct("<4sBBBBIIIIqQQQQ")
DATA, HEARTBEAT, COMMAND, CONFIGURATION = range(4)
END = 2
TEXT, QUALITY, FLAGS, SEQ = 1, 2, 4, 8


class Row(NamedTuple):
    """`value` a number or a text."""

    unit: str
    metric: str
    t: int
    value: float | str
    quality: int
    flags: int
    seq: int


class Frame(NamedTuple):
    kind: int
    ended: bool
    rejects: int
    ingest: int
    gateway: str
    boot: int
    number: int
    total_rows: int
    total_rejects: int
    rows: list[Row]
    body: bytes


def parse(raw):
    magic, version, kind, flags, columns, rows, rejects, size, crc, ingest, *numbers = HEADER.unpack_from(raw)
    if magic != b"PPF1" or version != 1 or size != len(raw) - 64:
        raise ValueError("no frame")
    if crc != zlib.crc32(raw[24:], zlib.crc32(b"\0\0\0\0", zlib.crc32(raw[:20]))):
        raise ValueError("the CRC does not hold")
    (names_size,) = struct.unpack_from("<I", raw, 64)
    at = 72

    def column(code, width):
        nonlocal at
        found = struct.unpack_from(f"<{rows}{code}", raw, at)
        at += -(-rows * width // 8) * 8
        return found

    t, v = column("q", 8), column("d", 8)
    seq = column("Q", 8) if columns & SEQ else (0,) * rows
    index = column("H", 2)
    text = column("H", 2) if columns & TEXT else (0xFFFF,) * rows
    quality = column("B", 1) if columns & QUALITY else (0,) * rows
    row_flags = column("B", 1) if columns & FLAGS else (0,) * rows
    gateway, *names = raw[at : at + names_size].decode().split("\x1e")
    tail = raw[at + names_size :]
    body, texts = (tail, []) if kind >= COMMAND else (b"", tail.decode().split("\x1e"))
    known = [name.split("\x1f") for name in names]
    table = [
        Row(*known[i][:2], t, v if k == 0xFFFF else texts[k], q, f, s)
        for i, t, v, k, q, f, s in zip(index, t, v, text, quality, row_flags, seq, strict=True)
    ]
    return Frame(kind, bool(flags & END), rejects, ingest, gateway, *numbers, table, body)
