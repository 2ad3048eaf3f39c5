"""What a gateway's step gets and gives: decoded samples and payloads made here, records taken apart."""

import numpy as np
from hypothesis import strategies as st

from pipeline.core.frames import Frame, decode
from pipeline.core.ports import Outgoing
from pipeline.core.samples import Name, Payload, Reject, Samples
from pipeline.steps.gateway import GatewayState

NAMES = [
    Name("s/l1", "filler", "speed"), Name("s/l1", "", "power"), Name("s/l2", "filler", "speed"),
    Name("s/l1", "filler", "state", "edge-7"), Name("s/l2", "capper", "state"),
]  # fmt: skip
TEXTS = ["execute", "idle", "x\x1ey"]
Row = tuple[int, int, float, int, int, int]  # payload, name, value, t, text, seq


def make_samples(rows: list[Row], names: list[Name] = NAMES) -> Samples:
    rows = sorted(rows, key=lambda row: row[0])
    payload, name, v, t, text, seq = zip(*rows, strict=True) if rows else ((),) * 6
    return Samples(
        names, TEXTS, np.array(name, np.int32), np.array(t, np.int64), np.array(v, np.float64),
        np.array(text, np.int32), np.zeros(len(rows), np.uint8), np.zeros(len(rows), np.uint8),
        np.array(seq, np.uint64), np.array(payload, np.int32),
    )  # fmt: skip


def make_payloads(count: int, first_ms: int = 1_000, body: bytes = b"0123456789") -> list[Payload]:
    return [Payload(f"topic/{i}", body, first_ms + 10 * i) for i in range(count)]


def frames_of(out: list[Outgoing]) -> list[tuple[str, Frame]]:
    return [(record.key.decode(), decode(record.value)) for record in out if record.topic == "samples.v1"]


def rejects_of(out: list[Outgoing]) -> list[Outgoing]:
    return [record for record in out if record.topic == "rejects.v1"]


def start() -> GatewayState:
    return GatewayState("gw-1", 7)


ROWS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(0, 4),
        st.floats(-9, 9),
        st.integers(0, 50),
        st.integers(-1, 2),
        st.integers(0, 3),
    ),
    max_size=60,
)
REJECTS = st.lists(
    st.builds(
        Reject, st.integers(0, 9), st.sampled_from(["", "s/l1", "s/l3"]), st.just("bad_value"), st.just("no"),
        st.integers(1, 3),
    ),
    max_size=8,
)  # fmt: skip
