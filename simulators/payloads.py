"""Samples as MQTT messages in the own forms: one single-metric message a state, one batch for all else of a cell.

Rule: a message is a function of the samples that its sender had ready in one cell of 100 ms, never of who asks when.
"""

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple

Fate = Literal["stored", "duplicate", "expired"]  # how a sample has to end in the ledger


class Sample(NamedTuple):
    unit: str
    metric: str
    t_ms: int
    value: float | int | str


class Sending(NamedTuple):
    """A sample on its way: when its sender sends it and how it has to end."""

    send_ms: int
    sample: Sample
    fate: Fate = "stored"


class Message(NamedTuple):
    """One message; `fates` are those of its samples, ("rejected",) for an unreadable payload."""

    topic: str
    body: bytes
    fates: tuple[Literal["stored", "duplicate", "expired", "rejected"], ...]


def encode(path: str, sendings: Sequence[Sending]) -> list[Message]:
    """The messages of one line and one cell."""
    singles = [_encode_single(path, sending) for sending in sendings if sending.sample.metric == "state"]
    rest = [sending for sending in sendings if sending.sample.metric != "state"]
    return [*singles, _encode_batch(path, rest)] if rest else singles


def _encode_single(path: str, sending: Sending) -> Message:
    unit, metric, t_ms, value = sending.sample
    body = _as_json({"timestamp_ms": t_ms, "value": value})
    return Message(f"parkpulse/v1/data/{path}/{unit}/{metric}", body, (sending.fate,))


def _encode_batch(path: str, sendings: Sequence[Sending]) -> Message:
    rows = [{"t": s.sample.t_ms, "m": f"{s.sample.unit}/{s.sample.metric}", "v": s.sample.value} for s in sendings]
    return Message(f"parkpulse/v1/data/{path}", _as_json(rows), tuple(sending.fate for sending in sendings))


def _as_json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
