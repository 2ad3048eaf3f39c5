"""Rows of one minute as bytes, for the shelf: about 7 bytes a sample where values are noise, less where they are not.

How: rows lie in order of series and time, so differences of codes and times are small or always the same; a value is
kept as the bits in which it differs from the one before, byte by byte; what is left a fast compressor takes.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.core.order import NO_TEXT

Ints = npt.NDArray[np.int64]
BYTES = tuple(f"v{k}" for k in range(8))
MORE: dict[str, tuple[type[np.generic], int]] = {
    "text": (np.int64, NO_TEXT),
    "q": (np.uint8, 0),
    "seq": (np.uint64, 0),
    "flags": (np.uint8, 0),
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one minute in order of series and time; `at` u16: ms within it. The rest as in Rows."""

    series: npt.NDArray[np.int32]
    at: npt.NDArray[np.uint16]
    v: npt.NDArray[np.float64]
    text: Ints | None
    q: npt.NDArray[np.uint8] | None
    seq: npt.NDArray[np.uint64] | None
    flags: npt.NDArray[np.uint8] | None

    def __len__(self) -> int:
        return len(self.series)

    @property
    def size(self) -> int:
        """Bytes in memory."""
        columns = (self.series, self.at, self.v, self.text, self.q, self.seq, self.flags)
        return sum(column.nbytes for column in columns if column is not None)


def encode(chunks: Sequence[Chunk]) -> bytes:
    """Chunks of one minute, as they are."""
    series = np.concatenate([chunk.series for chunk in chunks])
    at = np.concatenate([chunk.at for chunk in chunks])
    bits = np.concatenate([chunk.v for chunk in chunks]).view(np.uint64)
    changed = bits.copy()
    changed[1:] ^= bits[:-1]
    by_byte = np.ascontiguousarray(changed.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8).T)
    columns: dict[str, npt.NDArray[np.generic]] = {
        "series": np.diff(series, prepend=np.int32(0)),
        "at": np.diff(at, prepend=np.uint16(0)),
    }
    columns |= dict(zip(BYTES, by_byte, strict=True))
    for name, kind in MORE.items():
        if any(getattr(chunk, name) is not None for chunk in chunks):
            columns[name] = np.concatenate([_filled(getattr(chunk, name), len(chunk), kind) for chunk in chunks])
    file = io.BytesIO()
    pl.DataFrame(columns).write_ipc(file, compression="lz4")
    sizes = np.array([len(chunks), *map(len, chunks)], "<u4").tobytes()
    return sizes + file.getvalue()


def _filled(
    column: npt.NDArray[np.generic] | None, size: int, kind: tuple[type[np.generic], int]
) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    return np.full(size, kind[1], kind[0]) if column is None else column


def decode(block: bytes) -> list[Chunk]:
    many = int.from_bytes(block[:4], "little")
    ends = np.cumsum(np.frombuffer(block, "<u4", many, 4))[:-1].tolist()
    table = pl.read_ipc(io.BytesIO(block[4 * (many + 1) :]))
    by_byte = np.stack([table[name].to_numpy() for name in BYTES], axis=1)
    bits = np.bitwise_xor.accumulate(np.ascontiguousarray(by_byte).view("<u8").reshape(-1))
    columns = [
        np.cumsum(table["series"].to_numpy(), dtype=np.int32),
        np.cumsum(table["at"].to_numpy(), dtype=np.uint16),
        bits.astype(np.uint64).view(np.float64),
        *(table[name].to_numpy() if name in table.columns else None for name in MORE),
    ]
    parts = ([None] * many if column is None else np.split(column, ends) for column in columns)
    return [Chunk(*own) for own in zip(*parts, strict=True)]
