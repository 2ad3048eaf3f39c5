"""The own form with one metric a message: the topic names it, the body holds time and value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulators.payloads import Message, Sample, Sending, broken, unreadable, value_body


def encode_single(path: str, sending: Sending) -> Message:
    return Message(_topic(path, sending.sample), value_body(sending.sample), (sending.fate,))


def spoilt_singles(path: str, sample: Sample, rng: np.random.Generator) -> list[tuple[str, bytes]]:
    """(topic, body) of singles that nobody can read."""
    t_ms = sample.t_ms
    bodies = [
        *broken(value_body(sample), rng),
        b'{"timestamp_ms":%d,"value":{"amps":12}}' % t_ms,
        b'{"timestamp_ms":"yesterday","value":12.5}',
        b'{"timestamp_ms":%d,"value":12.5,"quality":77}' % t_ms,
    ]
    return [(_topic(path, sample), body) for body in bodies]


def _topic(path: str, sample: Sample) -> str:
    return f"parkpulse/v1/data/{path}/{sample.unit}/{sample.metric}"


@dataclass(frozen=True, slots=True)
class OwnSingle:
    family: str = "own"

    def encode(self, path: str, sendings: Sequence[Sending]) -> list[Message]:
        return [encode_single(path, sending) for sending in sendings]

    def spoil(self, path: str, sample: Sample, rng: np.random.Generator) -> Message:
        return unreadable(spoilt_singles(path, sample, rng), rng)
