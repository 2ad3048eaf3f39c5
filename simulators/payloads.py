"""Samples on their way to MQTT messages, and what a form of publishing is.

Rule: a message is a function of the samples that its sender had ready in one cell of 100 ms, never of who asks when.
"""

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np

Fate = Literal["stored", "duplicate", "corrected"]  # how a sample has to end in the ledger


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
    fates: tuple[Literal["stored", "duplicate", "corrected", "rejected"], ...]


class Form(Protocol):
    """How a line publishes: a module of `simulators/forms`. `family`: what its receiver calls topics of this kind."""

    @property
    def family(self) -> str: ...
    def encode(self, path: str, sendings: Sequence[Sending]) -> list[Message]:
        """The messages of one line and one cell."""
        ...

    def spoil(self, path: str, sample: Sample, rng: np.random.Generator) -> Message:
        """What should have been this sample, and counts as one reject, whatever its reader tries."""
        ...


def as_json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def value_body(sample: Sample) -> bytes:
    """One sample whose name stands in the topic."""
    return as_json({"timestamp_ms": sample.t_ms, "value": sample.value})


def unreadable(kinds: Sequence[tuple[str, bytes]], rng: np.random.Generator) -> Message:
    """One of these (topic, body)."""
    topic, body = kinds[int(rng.integers(len(kinds)))]
    return Message(topic, body, ("rejected",))


def broken(body: bytes, rng: np.random.Generator) -> list[bytes]:
    """What bad wires and bad firmware make of any JSON: cut off, no text at all, a message for people."""
    return [body[: 2 * len(body) // 3], b"\xff\xfe\x00\x9b" + rng.bytes(12), b"ERR 17: no connection to controller"]
