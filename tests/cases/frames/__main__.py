"""Writes the golden frames anew from their descriptions: `python -m tests.cases.frames` in the repository's root.

Only for a new version of the layout or a new description (NAME.json): the bytes of version 1 never change.
"""

from pathlib import Path

import msgspec
import numpy as np

from pipeline.core.frames import Frame, FrameName, Kind, encode


class Description(msgspec.Struct):
    """What a golden frame holds; null in `v` is NaN, a column that is null is absent."""

    kind: str
    flags: int
    rejects: int
    ingest_ms: int
    gateway: str
    boot: int
    number: int
    total_rows: int
    total_rejects: int
    names: list[FrameName]
    texts: list[str]
    index: list[int]
    t: list[int]
    v: list[float | None]
    text: list[int] | None
    q: list[int] | None
    row_flags: list[int] | None
    seq: list[int] | None
    body: str

    def frame(self) -> Frame:
        return Frame(
            Kind[self.kind], self.flags, self.rejects, self.ingest_ms, self.gateway, self.boot, self.number,
            self.total_rows, self.total_rejects, tuple(self.names), tuple(self.texts),
            np.array(self.index, "<u2"), np.array(self.t, "<i8"),
            np.array([float("nan") if v is None else v for v in self.v], "<f8"),
            None if self.text is None else np.array(self.text, "<u2"),
            None if self.q is None else np.array(self.q, "u1"),
            None if self.row_flags is None else np.array(self.row_flags, "u1"),
            None if self.seq is None else np.array(self.seq, "<u8"),
            self.body.encode(),
        )  # fmt: skip


if __name__ == "__main__":
    for path in sorted(Path(__file__).parent.glob("*.json")):
        frame = msgspec.json.decode(path.read_bytes(), type=Description).frame()
        path.with_suffix(".bin").write_bytes(encode(frame))
        print(path.with_suffix(".bin"))
