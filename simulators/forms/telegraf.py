"""The form of Telegraf: JSON of one metric with several fields, or a batch of such; the tag `equipment` names the path.

Rule: a metric is name.field; its name is all before the last '.', and one without '.' is the field `value`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulators.payloads import Message, Sample, Sending, as_json, broken, unreadable


@dataclass(frozen=True, slots=True)
class Telegraf:
    """Sends to a topic of its own below `root`: `[[brokers.topics]]` of the receiver says what it is."""

    family: str = "telegraf"
    root: str = "telegraf"

    def encode(self, path: str, sendings: Sequence[Sending]) -> list[Message]:
        """One message a cell: fields of one metric and time together; what comes again is in a metric of its own."""
        seen: Counter[tuple[str, str, int]] = Counter()
        points: dict[tuple[str, str, int, int], list[Sending]] = {}
        for sending in sendings:
            sample = sending.sample
            series = (sample.unit, sample.metric, sample.t_ms)
            points.setdefault((sample.unit, _name(sample), sample.t_ms, seen[series]), []).append(sending)
            seen[series] += 1
        if not points:
            return []
        found = [_point(path, [sending.sample for sending in group]) for group in points.values()]
        fates = tuple(sending.fate for group in points.values() for sending in group)
        return [Message(self._topic(path), as_json(found[0] if len(found) == 1 else {"metrics": found}), fates)]

    def spoil(self, path: str, sample: Sample, rng: np.random.Generator) -> Message:
        good = _point(path, [sample])
        bodies = [
            *broken(as_json(good), rng),
            as_json(good | {"timestamp": "yesterday"}),
            as_json(good | {"fields": {"value": {"kw": 12}}}),
            as_json(good | {"fields": 12}),
        ]
        return unreadable([(self._topic(path), body) for body in bodies], rng)

    def _topic(self, path: str) -> str:
        return f"{self.root}/{path.rpartition('/')[2]}"


def _name(sample: Sample) -> str:
    return sample.metric.rpartition(".")[0] or sample.metric


def _field(sample: Sample) -> str:
    return sample.metric.rpartition(".")[2] if "." in sample.metric else "value"


def _point(path: str, samples: Sequence[Sample]) -> dict[str, object]:
    first = samples[0]
    fields = {_field(sample): sample.value for sample in samples}
    tags = {"equipment": f"{path}/{first.unit}"}
    return {"name": _name(first), "timestamp": first.t_ms, "tags": tags, "fields": fields}
