"""The gateway's step: decoded samples in, records of `samples.v1` and `rejects.v1` out; pure.

Rules (architecture 2 and 6): frames of a line are numbered from 1 for each boot and carry running totals; a payload's
rows of one line stay in one frame; every reject is declared by exactly one record of `samples.v1`, given out in the
same call. The caller writes all of a call in one flush and only then settles its payloads; a call whose flush failed
is flushed again, never packed again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.core.frames import END, MAX_ROWS, Frame, Kind, encode
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Outgoing
from pipeline.core.samples import Payload, Reject, Samples
from pipeline.steps.frozen_clock import Stamps, restamp
from pipeline.steps.gateway_frames import cut, refuse_too_many, split_by_line, with_rows
from pipeline.steps.gateway_rejects import encode_reject, line_of

SAMPLES = "samples.v1"
HEARTBEAT_MS = 1_000


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    max_rows: int = MAX_ROWS
    max_bytes: int = 4 << 20  # of payloads in one frame of several
    frozen_after: int = 10
    reject_prefix: int = 1024


DEFAULTS = GatewaySettings()


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one line since the gateway's start: newest frame number, rows, rejects, and when its newest frame was."""

    number: int = 0
    rows: int = 0
    rejects: int = 0
    newest_ms: int = 0


@dataclass(frozen=True, slots=True)
class GatewayState:
    gateway: str
    boot: int
    lines: Mapping[str, Totals] = field(default_factory=dict)
    stamps: Stamps = field(default_factory=Stamps)


def pack(
    state: GatewayState,
    samples: Samples,
    rejects: Sequence[Reject],
    payloads: Sequence[Payload],
    settings: GatewaySettings = DEFAULTS,
) -> tuple[GatewayState, list[Outgoing]]:
    """Frames line by line in order of first receipt, then the rejects. A line's last frame declares its rejects."""
    receipt = np.array([payload.receipt_ms for payload in payloads], np.int64)
    stamps, samples = restamp(state.stamps, samples, receipt[samples.payload], settings.frozen_after)
    rows_of, refused = refuse_too_many(split_by_line(samples), samples, settings.max_rows)
    rejects_of: dict[str, list[Reject]] = {}
    for reject in (*rejects, *refused):
        rejects_of.setdefault(line_of(reject), []).append(reject)
    weights = np.array([len(payload.body) for payload in payloads], np.int64)
    lines, out = dict(state.lines), []
    for line in dict.fromkeys((*rows_of, *rejects_of)):
        declared = rejects_of.get(line, [])
        parts = cut(rows_of[line], samples, weights, settings.max_rows, settings.max_bytes) if line in rows_of else []
        drafts = [
            with_rows(_draft(state, Kind.DATA, int(receipt[samples.payload[rows[-1]]])), samples, rows)
            for rows in parts
        ]
        if declared:
            last = drafts.pop() if drafts else _draft(state, Kind.DATA, 0)
            newest = max(last.ingest_ms, *(int(receipt[reject.payload]) for reject in declared))
            drafts.append(replace(last, rejects=sum(reject.samples for reject in declared), ingest_ms=newest))
        out += [_issue(lines, line, draft) for draft in drafts]
    out += [
        encode_reject(reject, payloads[reject.payload], state.gateway, settings.reject_prefix)
        for reject in (*rejects, *refused)
    ]
    return replace(state, lines=lines, stamps=stamps), out


def heartbeats(state: GatewayState, now_ms: int, lines: Iterable[str] = ()) -> tuple[GatewayState, list[Outgoing]]:
    """A frame without rows for each line, given or seen, that had nothing for a second (or if the clock fell back).

    The pseudo-line too, once it has had a reject: its ledger is said at its next record."""
    totals, out = dict(state.lines), []
    for line in dict.fromkeys((*lines, *state.lines)):
        if abs(now_ms - totals.get(line, Totals()).newest_ms) >= HEARTBEAT_MS:
            out.append(_issue(totals, line, _draft(state, Kind.HEARTBEAT, now_ms)))
    return replace(state, lines=totals), out


def configuration(state: GatewayState, line: LineConfig, now_ms: int) -> tuple[GatewayState, list[Outgoing]]:
    """Call for each configured line at each start, before anything else of the line."""
    return _one(state, line.path, replace(_draft(state, Kind.CONFIGURATION, now_ms), body=line.to_json()))


def command(state: GatewayState, line: str, body: bytes, now_ms: int) -> tuple[GatewayState, list[Outgoing]]:
    """Copies a valid command (JSON) into the line's records."""
    return _one(state, line, replace(_draft(state, Kind.COMMAND, now_ms), body=body))


def end(state: GatewayState, now_ms: int, lines: Iterable[str] = ()) -> tuple[GatewayState, list[Outgoing]]:
    """A last frame with the flag END for each line, given or seen: nothing follows from this boot."""
    totals = dict(state.lines)
    out = [
        _issue(totals, line, replace(_draft(state, Kind.HEARTBEAT, now_ms), flags=END))
        for line in dict.fromkeys((*lines, *state.lines))
    ]
    return replace(state, lines=totals), out


def _one(state: GatewayState, line: str, draft: Frame) -> tuple[GatewayState, list[Outgoing]]:
    totals = dict(state.lines)
    return replace(state, lines=totals), [_issue(totals, line, draft)]


def _draft(state: GatewayState, kind: Kind, ingest_ms: int) -> Frame:
    return Frame(kind, 0, 0, ingest_ms, state.gateway, state.boot, 0, 0, 0)


def _issue(lines: dict[str, Totals], line: str, draft: Frame) -> Outgoing:
    """Numbers a frame and counts it into the line's totals."""
    was = lines.get(line, Totals())
    now = Totals(was.number + 1, was.rows + len(draft), was.rejects + draft.rejects, draft.ingest_ms)
    lines[line] = now
    frame = replace(draft, number=now.number, total_rows=now.rows, total_rejects=now.rejects)
    return Outgoing(SAMPLES, line.encode(), encode(frame))
