"""Rows of one minute as bytes, for the shelf: about 7 bytes a sample where values are noise, less where they are not.

How: rows lie in order of series and time, so differences of codes and times are small or always the same; a value is
kept as the bits in which it differs from the one before, byte by byte; what is left a fast compressor takes.
"""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
BYTES = tuple(f"v{k}" for k in range(8))
MORE = ("text", "q", "seq", "flags")


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


def encode(chunk: Chunk) -> bytes:
    bits = chunk.v.view(np.uint64)
    bits = np.append(bits[:1], bits[1:] ^ bits[:-1])
    by_byte = np.ascontiguousarray(bits.astype("<u8").view(np.uint8).reshape(-1, 8).T)
    columns: dict[str, npt.NDArray[np.generic]] = {
        "series": np.diff(chunk.series, prepend=np.int32(0)),
        "at": np.diff(chunk.at, prepend=np.uint16(0)),
    }
    columns |= dict(zip(BYTES, by_byte, strict=True))
    for name, column in zip(MORE, (chunk.text, chunk.q, chunk.seq, chunk.flags), strict=True):
        if column is not None:
            columns[name] = column
    file = io.BytesIO()
    pl.DataFrame(columns).write_ipc(file, compression="zstd")
    return file.getvalue()


def decode(block: bytes) -> Chunk:
    table = pl.read_ipc(io.BytesIO(block))
    by_byte = np.stack([table[name].to_numpy() for name in BYTES], axis=1)
    bits = np.bitwise_xor.accumulate(np.ascontiguousarray(by_byte).view("<u8").reshape(-1))
    more = {name: table[name].to_numpy() if name in table.columns else None for name in MORE}
    return Chunk(
        np.cumsum(table["series"].to_numpy(), dtype=np.int32),
        np.cumsum(table["at"].to_numpy(), dtype=np.uint16),
        bits.astype(np.uint64).view(np.float64),
        **more,
    )
