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
from pipeline.core.samples import UNDATED, Payload, Payloads, Reject, Samples
from pipeline.steps.frozen_clock import Stamps, restamp
from pipeline.steps.gateway_frames import NOTHING, Content, contents, cut_frames, place_rows
from pipeline.steps.gateway_lines import take_in
from pipeline.steps.gateway_rejects import encode_reject, line_of
from pipeline.steps.known_names import KnownLists
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


NONE_YET = Totals()


@dataclass(frozen=True, slots=True)
class GatewayState:
    gateway: str
    boot: int
    lines: Mapping[str, Totals] = field(default_factory=dict)
    names: Mapping[str, LineNames] = field(default_factory=dict)
    undeclared: int = 0  # how many of the lines no file declares
    stamps: Stamps = field(default_factory=Stamps)
    time: LogTime = field(default_factory=LogTime)
    looked_ms: int = 0  # when the lines were last looked through for those that need a heartbeat, by our own clock
    beat_ms: int = 0  # when the first of them will
    known: KnownLists = field(default_factory=KnownLists, compare=False, repr=False)


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
    new, paths = list[str](), set(state.known.of(samples.names).paths(samples.name))
    if not (paths | {reject.line for reject in rejects} - {""}) <= state.lines.keys():
        new, samples, rejects = take_in(state.lines, state.undeclared, samples, rejects)
    state, welcome = configuration(state, [undeclared.model_copy(update={"path": path}) for path in new], now_ms)
    state, out = pack(replace(state, undeclared=state.undeclared + len(new)), samples, rejects, payloads)
    return state, welcome + out, list(rejects)


def pack(
    state: GatewayState,
    samples: Samples,
    rejects: Sequence[Reject],
    payloads: Sequence[Payload],
    settings: GatewaySettings = DEFAULTS,
) -> tuple[GatewayState, list[Outgoing]]:
    """Frames line by line in order of first receipt, then the rejects. A line's last frame declares its rejects."""
    came = Payloads.of(payloads)
    told = np.array([state.time.stamp(ms) for ms in came.receipt_ms.tolist()]) if state.time.off_ms else came.receipt_ms
    receipt_of = told[samples.payload]
    if state.time.off_ms:  # rows without a time of their own have that of their receipt, as it is stamped
        samples = replace(samples, t=np.where(samples.flags & UNDATED, receipt_of, samples.t))
    known, names, lines = state.known.of(samples.names), dict(state.names), dict(state.lines)
    stamps, samples = restamp(state.stamps, samples, known, receipt_of, (settings.frozen_after, settings.max_stamps))
    weights = np.fromiter(map(len, came.bodies), np.int64, len(came))
    cut, refused = cut_frames(samples, known, weights, settings.max_rows, settings.max_bytes)
    placed = place_rows(samples, known, cut, names)
    declared = _declared((*rejects, *refused), came.receipt_ms)
    paths = [known.lines[code].path for code in cut.lines.tolist()]
    newest = came.receipt_ms[samples.payload[placed.last]].tolist()
    is_last = [one != after for one, after in zip(paths, [*paths[1:], None], strict=False)]
    out = []
    for path, ms, last, content in zip(paths, newest, is_last, contents(samples, placed), strict=True):
        count, ms_of_reject = declared.pop(path, (0, 0)) if last else (0, 0)
        out.append(_issue(state, lines, path, Kind.DATA, max(ms, ms_of_reject), rejects=count, content=content))
    for path, (count, ms) in declared.items():
        out.append(_issue(state, lines, path, Kind.DATA, ms, rejects=count))
    for reject in (*rejects, *refused):
        payload = came[reject.payload]._replace(receipt_ms=int(told[reject.payload]))
        out.append(encode_reject(reject, payload, state.gateway, settings.reject_prefix))
    beat_ms = int(came.receipt_ms.min(initial=state.beat_ms - HEARTBEAT_MS)) + HEARTBEAT_MS
    return replace(state, lines=lines, names=names, stamps=stamps, beat_ms=beat_ms), out


def _declared(rejects: Sequence[Reject], receipt_ms: npt.NDArray[np.int64]) -> dict[str, tuple[int, int]]:
    """Of each line how many samples were rejected, and when the newest of them came."""
    found: dict[str, tuple[int, int]] = {}
    for reject in rejects:
        count, newest = found.get(line_of(reject), (0, 0))
        found[line_of(reject)] = count + reject.samples, max(newest, int(receipt_ms[reject.payload]))
    return found


def heartbeats(state: GatewayState, now_ms: int, spooled: Container[str] = ()) -> tuple[GatewayState, list[Outgoing]]:
    """A frame without rows for each line that had nothing for a second (or if the clock fell back), and has nothing in
    the spool.

    The pseudo-line too, once it has had a reject: its ledger is said at its next record."""
    if state.looked_ms <= now_ms < state.beat_ms:
        return state, []
    quiet = [line for line, totals in state.lines.items() if abs(now_ms - totals.newest_ms) >= HEARTBEAT_MS]
    bodies = {line: b"" for line in quiet if line not in spooled}
    state, out = _issued(state, Kind.HEARTBEAT, now_ms, bodies)
    oldest = min((totals.newest_ms for totals in state.lines.values()), default=now_ms)
    return replace(state, looked_ms=now_ms, beat_ms=oldest + HEARTBEAT_MS), out


def configuration(state: GatewayState, lines: Sequence[LineConfig], now_ms: int) -> tuple[GatewayState, list[Outgoing]]:
    """Call for all configured lines at each start, before anything else of them."""
    return _issued(state, Kind.CONFIGURATION, now_ms, {line.path: line.to_json() for line in lines})


def end(state: GatewayState, now_ms: int) -> tuple[GatewayState, list[Outgoing]]:
    """A last frame with the flag END for each line: nothing follows from this boot."""
    return _issued(state, Kind.HEARTBEAT, now_ms, dict.fromkeys(state.lines, b""), END)


def _issued(
    state: GatewayState, kind: Kind, ingest_ms: int, bodies: Mapping[str, bytes], flags: int = 0
) -> tuple[GatewayState, list[Outgoing]]:
    """Frames without rows: one a line, with its body."""
    if not bodies:
        return state, []
    lines = dict(state.lines)
    out = [_issue(state, lines, line, kind, ingest_ms, body=body, flags=flags) for line, body in bodies.items()]
    return replace(state, lines=lines, beat_ms=min(state.beat_ms, ingest_ms + HEARTBEAT_MS)), out


def _issue(
    state: GatewayState,
    lines: dict[str, Totals],
    line: str,
    kind: Kind,
    ingest_ms: int,
    *,
    flags: int = 0,
    rejects: int = 0,
    content: Content = NOTHING,
    body: bytes = b"",
) -> Outgoing:
    """Numbers a frame, stamps it, and counts it into the line's totals."""
    was = lines.get(line, NONE_YET)
    now = lines[line] = Totals(was.number + 1, was.rows + len(content.t), was.rejects + rejects, ingest_ms)
    frame = Frame(
        kind, flags, rejects, state.time.stamp(ingest_ms), state.gateway, state.boot, now.number, now.rows, now.rejects,
        *content, body,
    )  # fmt: skip
    return Outgoing(SAMPLES, line.encode(), encode(frame))
