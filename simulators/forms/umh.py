"""The form of the United Manufacturing Hub: the topic holds path, contract, groups and name; groups join by '.'."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulators.payloads import Message, Sample, Sending, broken, unreadable, value_body


@dataclass(frozen=True, slots=True)
class Umh:
    family: str = "umh"
    contract: str = "_historian"

    def encode(self, path: str, sendings: Sequence[Sending]) -> list[Message]:
        return [
            Message(self._topic(path, sending.sample), value_body(sending.sample), (sending.fate,))
            for sending in sendings
        ]

    def spoil(self, path: str, sample: Sample, rng: np.random.Generator) -> Message:
        t_ms = sample.t_ms
        bodies = [
            *broken(value_body(sample), rng),
            b'{"timestamp_ms":%d,"value":{"bar":2}}' % t_ms,
            b'{"timestamp_ms":"yesterday","value":12.5}',
            b'{"timestamp_ms":%d}' % t_ms,
            b"[%d,12.5]" % t_ms,
        ]
        return unreadable([(self._topic(path, sample), body) for body in bodies], rng)

    def _topic(self, path: str, sample: Sample) -> str:
        return f"umh/v1/{path}/{sample.unit}/{self.contract}/{sample.metric.replace('.', '/')}"
