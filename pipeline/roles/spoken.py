"""What a worker's step says, as records of the log: results, alerts, and rows put aside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from connectors.codecs import alerts_json, results_json, windows_json
from pipeline.core.frames import Frame, encode
from pipeline.core.ports import Outgoing
from pipeline.core.results import LineResults
from pipeline.steps.worker import Aside, Output

RESULTS, ALERTS, LATE, REJECTS = "results.v1", "alerts.v1", "late.v1", "rejects.v1"
UNSCORED, SCORED = {"metric"}, {"metric", "score"}
SENTENCES = {
    "late": "event time: too late to correct anything; expected within correction_horizon of the line's clock",
    "clock": "event time: too far from the time of receipt; expected at most max_clock_skew ahead, max_age behind",
    "no_number": "value: a text for a metric whose role or alarm needs numbers; send it without quotes, as 61.5",
    "too_many": "metric: its line has max_series already; expected one that is declared, or names that stay the same; "
    "declare it in the line's file, or raise max_series in [time]",
}


@dataclass(slots=True)
class _Saying:
    """What a line says at one record: results as JSON, with commas between."""

    line: str
    results: list[bytes | memoryview] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    alone: list[Outgoing] = field(default_factory=list)  # progress, which stands alone, and alerts


def spoken(out: Output, aloud: int, partition: int, heads: windows_json.Heads, paths: Sequence[str]) -> list[Outgoing]:
    """Records to write for what records from `aloud` on made the lines say; paths by line code."""
    said: dict[int, _Saying] = {}
    for told in windows_json.encode(out.windows, heads):
        saying = said.setdefault(told.offset, _Saying(paths[told.line]))
        saying.results += told.pieces
        saying.kinds |= SCORED if told.scored else UNSCORED
    for own in out.results:
        _say(said.setdefault(own.offset, _Saying(own.line)), own)
    written: list[Outgoing] = []
    for _, saying in sorted((item for item in said.items() if item[0] >= aloud), key=lambda item: item[0]):
        if saying.results:
            written.append(_results(saying.line.encode(), saying.results, saying.kinds))
        written += saying.alone
    for topic, asides in ((LATE, out.late), (REJECTS, out.rejected)):
        written += [_aside(topic, aside, partition) for aside in asides if aside.entry.offset >= aloud]
    return written


def _say(saying: _Saying, own: LineResults) -> None:
    key = own.line.encode()
    for result in own.results:
        text = results_json.encode_one(result)
        if result.kind == "progress":
            saying.alone.append(_results(key, [text], {result.kind}))
        else:
            saying.results.append(text)
            saying.kinds.add(result.kind)
    for alert in own.alerts:
        saying.alone.append(Outgoing(ALERTS, key, alerts_json.encode(alert), alerts_json.cloudevents(alert, own.line)))


def _results(key: bytes, results: Sequence[bytes | memoryview], kinds: Iterable[str]) -> Outgoing:
    pieces: list[bytes | memoryview] = [b","] * (2 * len(results) + 1)
    pieces[0], pieces[1::2], pieces[-1] = b"[", results, b"]"
    return Outgoing(RESULTS, key, b"".join(pieces), (("kinds", ",".join(sorted(kinds)).encode()),))


def _aside(topic: str, aside: Aside, partition: int) -> Outgoing:
    frame, rows = aside.entry.frame, np.array(aside.rows)
    headers = (
        ("reason", aside.reason.encode()),
        ("sentence", SENTENCES[aside.reason].encode()),
        ("samples", str(len(rows)).encode()),
        ("partition", str(partition).encode()),
        ("offset", str(aside.entry.offset).encode()),
    )
    return Outgoing(topic, aside.entry.line.encode(), encode(_chosen(frame, rows)), headers)


def _chosen(frame: Frame, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Frame:
    """The same frame with some of its rows: original values, original header."""
    return replace(
        frame,
        index=frame.index[rows],
        t=frame.t[rows],
        v=frame.v[rows],
        text=None if frame.text is None else frame.text[rows],
        q=None if frame.q is None else frame.q[rows],
        row_flags=None if frame.row_flags is None else frame.row_flags[rows],
        seq=None if frame.seq is None else frame.seq[rows],
    )
