"""The gateway's step: decoded samples in, records of `samples.v1` and `rejects.v1` out; pure.

Rules (architecture 2 and 6): frames of a line are numbered from 1 for each boot and carry running totals; a payload's
rows of one line stay in one frame; every reject is declared by exactly one record of `samples.v1`, given out in the
same call. The caller writes all of a call in one flush and only then settles its payloads; a call whose flush failed
is flushed again, never packed again. All times given here are of the gateway's own clock; what is stamped, and so
written, is the log's time while that clock is off.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.frames import END, MAX_ROWS, Frame, Kind, encode
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Outgoing
from pipeline.core.samples import UNDATED, Payload, Reject, Samples
from pipeline.steps.frozen_clock import Stamps, restamp
from pipeline.steps.gateway_frames import cut, refuse_too_many, split_by_line, with_rows
from pipeline.steps.gateway_lines import take_in
from pipeline.steps.gateway_rejects import encode_reject, line_of
from pipeline.steps.log_time import LogTime
from pipeline.steps.names_table import LineNames

SAMPLES = "samples.v1"
HEARTBEAT_MS = 1_000


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    max_rows: int = MAX_ROWS
    max_bytes: int = 4 << 20  # of payloads in one frame of several
    frozen_after: int = 10
    max_stamps: int = 1_000_000  # series whose newest stamp is remembered
    reject_prefix: int = 1024


DEFAULTS = GatewaySettings()


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one line since the gateway's start: newest frame number, rows, rejects, and when its newest frame was, by
    our own clock."""

    number: int = 0
    rows: int = 0
    rejects: int = 0
    newest_ms: int = 0


@dataclass(frozen=True, slots=True)
class GatewayState:
    gateway: str
    boot: int
    lines: Mapping[str, Totals] = field(default_factory=dict)
    names: Mapping[str, LineNames] = field(default_factory=dict)
    undeclared: int = 0  # how many of the lines no file declares
    stamps: Stamps = field(default_factory=Stamps)
    time: LogTime = field(default_factory=LogTime)


def receive(
    state: GatewayState,
    samples: Samples,
    rejects: Sequence[Reject],
    payloads: Sequence[Payload],
    *,
    undeclared: LineConfig,
    now_ms: int,
) -> tuple[GatewayState, list[Outgoing], list[Reject]]:
    """Packs what was decoded; before the first frame of a line that is new comes its configuration: `undeclared`, but
    for the path. Gives back the rejects too, with those for lines that are too many."""
    new, samples, rejects = take_in(state.lines, state.undeclared, samples, rejects)
    state, welcome = configuration(state, [undeclared.model_copy(update={"path": path}) for path in new], now_ms)
    state, out = pack(replace(state, undeclared=state.undeclared + len(new)), samples, rejects, payloads)
    return state, welcome + out, rejects


def pack(
    state: GatewayState,
    samples: Samples,
    rejects: Sequence[Reject],
    payloads: Sequence[Payload],
    settings: GatewaySettings = DEFAULTS,
) -> tuple[GatewayState, list[Outgoing]]:
    """Frames line by line in order of first receipt, then the rejects. A line's last frame declares its rejects."""
    receipt = _receipts(payloads)
    payloads = _stamped(payloads, state.time)
    told = (_receipts(payloads) if state.time.off_ms else receipt)[samples.payload]
    if state.time.off_ms:  # rows without a time of their own have that of their receipt, as it is stamped
        samples = replace(samples, t=np.where(samples.flags & UNDATED, told, samples.t))
    stamps, samples = restamp(state.stamps, samples, told, settings.frozen_after, settings.max_stamps)
    rows_of, refused = refuse_too_many(split_by_line(samples), samples, settings.max_rows)
    rejects_of: dict[str, list[Reject]] = {}
    for reject in (*rejects, *refused):
        rejects_of.setdefault(line_of(reject), []).append(reject)
    weights = np.array([len(payload.body) for payload in payloads], np.int64)
    lines, names, out = dict(state.lines), dict(state.names), []
    for line in dict.fromkeys((*rows_of, *rejects_of)):
        declared = rejects_of.get(line, [])
        parts = cut(rows_of[line], samples, weights, settings.max_rows, settings.max_bytes) if line in rows_of else []
        drafts, own = [], names.get(line, LineNames())
        for rows in parts:
            draft = _draft(state, Kind.DATA, int(receipt[samples.payload[rows[-1]]]))
            frame, own = with_rows(draft, samples, rows, own)
            drafts.append(frame)
        names[line] = own
        if declared:
            last = drafts.pop() if drafts else _draft(state, Kind.DATA, 0)
            newest = max(last.ingest_ms, *(int(receipt[reject.payload]) for reject in declared))
            drafts.append(replace(last, rejects=sum(reject.samples for reject in declared), ingest_ms=newest))
        out += [_issue(state.time, lines, line, draft) for draft in drafts]
    out += [
        encode_reject(reject, payloads[reject.payload], state.gateway, settings.reject_prefix)
        for reject in (*rejects, *refused)
    ]
    return replace(state, lines=lines, names=names, stamps=stamps), out


def heartbeats(state: GatewayState, now_ms: int, spooled: Container[str] = ()) -> tuple[GatewayState, list[Outgoing]]:
    """A frame without rows for each line that had nothing for a second (or if the clock fell back), and has nothing in
    the spool.

    The pseudo-line too, once it has had a reject: its ledger is said at its next record."""
    quiet = [line for line, totals in state.lines.items() if abs(now_ms - totals.newest_ms) >= HEARTBEAT_MS]
    return _issued(state, [(line, _draft(state, Kind.HEARTBEAT, now_ms)) for line in quiet if line not in spooled])


def configuration(state: GatewayState, lines: Sequence[LineConfig], now_ms: int) -> tuple[GatewayState, list[Outgoing]]:
    """Call for all configured lines at each start, before anything else of them."""
    draft = _draft(state, Kind.CONFIGURATION, now_ms)
    return _issued(state, [(line.path, replace(draft, body=line.to_json())) for line in lines])


def end(state: GatewayState, now_ms: int) -> tuple[GatewayState, list[Outgoing]]:
    """A last frame with the flag END for each line: nothing follows from this boot."""
    last = replace(_draft(state, Kind.HEARTBEAT, now_ms), flags=END)
    return _issued(state, [(line, last) for line in state.lines])


def _stamped(payloads: Sequence[Payload], time: LogTime) -> Sequence[Payload]:
    if not time.off_ms:
        return payloads
    return [payload._replace(receipt_ms=time.stamp(payload.receipt_ms)) for payload in payloads]


def _receipts(payloads: Sequence[Payload]) -> npt.NDArray[np.int64]:
    return np.array([payload.receipt_ms for payload in payloads], np.int64)


def _draft(state: GatewayState, kind: Kind, ingest_ms: int) -> Frame:
    return Frame(kind, 0, 0, ingest_ms, state.gateway, state.boot, 0, 0, 0)


def _issued(state: GatewayState, drafts: Sequence[tuple[str, Frame]]) -> tuple[GatewayState, list[Outgoing]]:
    if not drafts:
        return state, []
    lines = dict(state.lines)
    out = [_issue(state.time, lines, line, draft) for line, draft in drafts]
    return replace(state, lines=lines), out


def _issue(time: LogTime, lines: dict[str, Totals], line: str, draft: Frame) -> Outgoing:
    """Numbers a frame, stamps it, and counts it into the line's totals."""
    was = lines.get(line, Totals())
    now = Totals(was.number + 1, was.rows + len(draft), was.rejects + draft.rejects, draft.ingest_ms)
    lines[line] = now
    frame = replace(
        draft, number=now.number, total_rows=now.rows, total_rejects=now.rejects, ingest_ms=time.stamp(now.newest_ms)
    )
    return Outgoing(SAMPLES, line.encode(), encode(frame))
