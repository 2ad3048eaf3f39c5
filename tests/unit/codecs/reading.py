"""What the codec tests share: a grammar with own patterns, rows spelled out, and the strict codecs alone."""

import numpy as np
from hypothesis import strategies as st

from connectors.codecs.columns import Bodies
from connectors.codecs.edge import STRICT
from connectors.codecs.json_samples import Rows
from connectors.codecs.patterns import Pattern
from connectors.codecs.topics import Grammar, Known, Route
from pipeline.core.samples import Payload, Reject, Samples

GRAMMAR = Grammar(
    ("site", "line", "unit"),
    patterns=(
        Pattern("tj/{site}/{line}/{unit}", "telegraf"),
        Pattern("tj/{site}/{line}", "telegraf"),
        Pattern("tj/{site}", "telegraf"),
        Pattern("ti/{site}/{line}/{unit}", "influx"),
        Pattern("ti/#", "influx"),
    ),
)
Row = tuple[object, ...]


def flat(samples: Samples | Rows) -> list[Row]:
    """Rows as plain tuples: names and texts spelled out, floats as their bits."""
    names, texts = list(samples.names), list(samples.texts)
    columns = (samples.payload, samples.name, samples.t, samples.v, samples.text, samples.q, samples.flags, samples.seq)
    return [
        (int(p), names[n], int(t), np.float64(v).tobytes(), texts[x] if x >= 0 else None, int(q), int(f), int(s))
        for p, n, t, v, x, q, f, s in zip(*columns, strict=True)
    ]


def shown(samples: Samples) -> list[Row]:
    """(line, unit, metric, time, value, seq) of each row, for the eye."""
    values = [samples.texts[x] if x >= 0 else v for x, v in zip(samples.text, samples.v.tolist(), strict=True)]
    names = [samples.names[n] for n in samples.name]
    columns = (names, samples.t.tolist(), values, samples.seq.tolist())
    return [(name.line, name.unit, name.metric, t, v, s) for name, t, v, s in zip(*columns, strict=True)]


def bodies_of(texts: list[bytes], route: Route) -> Bodies:
    """Payloads of one topic, as the short cuts get them."""
    known, index = Known(), np.arange(len(texts))
    known.learn({"": route})
    return Bodies(texts, np.array([len(text) for text in texts], np.int64), known, np.ones_like(index), index)


def read_strictly(payloads: list[Payload]) -> tuple[list[Row], list[Reject]]:
    """What the rules say, without any short cut."""
    rows = Rows()
    for index, payload in enumerate(payloads):
        route = GRAMMAR.route(payload.topic)
        assert isinstance(route, Route)
        STRICT[route.family](rows, route, payload, index)
    return flat(rows), rows.rejects


@st.composite
def mutated(draw: st.DrawFn, bodies: st.SearchStrategy[bytes], others: bytes) -> bytes:
    """A payload with a few bytes replaced, put in, or taken out."""
    body = bytearray(draw(bodies))
    for _ in range(draw(st.integers(0, 3))):
        at, width = draw(st.integers(0, len(body))), draw(st.integers(0, 2))
        body[at : at + width] = draw(st.sampled_from(list(others)).map(lambda b: bytes([b])))
    return bytes(body)
