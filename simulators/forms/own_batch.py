"""The own batch form: one message a cell for the whole line, but each state at once, as a message of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulators.forms.own_single import encode_single, spoilt_singles
from simulators.payloads import Message, Sample, Sending, as_json, broken, unreadable


@dataclass(frozen=True, slots=True)
class OwnBatch:
    family: str = "own"

    def encode(self, path: str, sendings: Sequence[Sending]) -> list[Message]:
        singles = [encode_single(path, sending) for sending in sendings if sending.sample.metric == "state"]
        rest = [sending for sending in sendings if sending.sample.metric != "state"]
        if not rest:
            return singles
        body = as_json([_row(sending.sample) for sending in rest])
        return [*singles, Message(_topic(path), body, tuple(sending.fate for sending in rest))]

    def spoil(self, path: str, sample: Sample, rng: np.random.Generator) -> Message:
        batches = [(_topic(path), body) for body in broken(as_json([_row(sample)]), rng)]
        return unreadable([*batches, *spoilt_singles(path, sample, rng)], rng)


def _row(sample: Sample) -> dict[str, object]:
    return {"t": sample.t_ms, "m": f"{sample.unit}/{sample.metric}", "v": sample.value}


def _topic(path: str) -> str:
    return f"parkpulse/v1/data/{path}"
