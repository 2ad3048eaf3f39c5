"""Benchmark `core`: decoded frames -> 10-s and 1-min windows, scores and result records, on one core, in one process.

Rules: rounds of the product and of the baseline take turns; each round begins with the state behind the warm-up; a
checkpoint's bytes are made in every round, and charged as often as one is due (every 10 s of wall time). No number is
said before the results are right, and every round must write the same bytes.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from zlib import crc32

import numpy as np

from connectors.codecs import results_json
from connectors.codecs.windows_json import Heads
from pipeline.bench.loads import FIRST_MS, POLL_MS, Load, Mismatch, Raw, Shape, check, make_load
from pipeline.bench.table import Row, row
from pipeline.core.ledger import FIELDS
from pipeline.core.polled import gathered
from pipeline.core.ports import Outgoing
from pipeline.core.senders import Senders
from pipeline.roles.spoken import spoken
from pipeline.runtime import snapshot
from pipeline.steps.partition import PartitionState
from pipeline.steps.worker import step

WARM_UP, CHECKPOINT_S = 10, 10.0  # polls of a second; seconds
BOUND, UNIT = "numpy bound", "samples/s"
LATEST = 5  # polls before the end at which windows may still be open
SLOTS = 4  # windows of a second that the bound keeps open


@dataclass(frozen=True, slots=True)
class Case:
    """`seconds` of event time are measured."""

    name: str
    shape: Shape
    seconds: int


SPREADS = {"1 line": (1, 1, 10_000), "250 lines": (250, 8, 5), "1000 lines": (1_000, 2, 5)}
CASES = tuple(
    Case(f"{name}, {per_pane} a series and pane", Shape(*spread, per_pane), seconds)
    for per_pane, seconds in ((10, 30), (1, 60))
    for name, spread in SPREADS.items()
)


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return len(CASES) * (rounds + 1)


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where the product loses, invents or miscounts."""
    for case in CASES:
        yield from _measure(case, rounds, said)


def _measure(case: Case, rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    load = make_load(case.shape, WARM_UP + case.seconds)
    state, warm = worked(PartitionState(), load, range(WARM_UP))
    begin = snapshot.dump(state, cut="lines")
    measured = range(WARM_UP, len(load.polls))
    state, written = worked(snapshot.load(PartitionState, begin), load, measured)
    right = digest(written)
    _check(load, state, [*warm, *written])
    said(f"{case.name}: results are right")
    gc.freeze()  # the load is not the product's: its objects are not to be searched for garbage
    own: list[float] = []
    bound: list[float] = []
    for _ in range(rounds):
        own.append(_rate(load, begin, measured, right))
        bound.append(_bound_rate(load.raw[WARM_UP:], case.shape.size))
        said(case.name)
    gc.unfreeze()
    yield row(case.name, UNIT, own, (BOUND, bound))
    yield row(f"{case.name}: {BOUND}", UNIT, bound)


def _check(load: Load, state: PartitionState, written: list[Outgoing]) -> None:
    """Every sample is accounted for, and every window is right."""
    results = [result for record in written for result in results_json.decode(record.value)]
    check(load, results, FIRST_MS + (len(load.polls) - LATEST) * POLL_MS)
    counts = dict(zip(FIELDS, state.ledger.counts.sum(axis=0).tolist(), strict=True))
    settled = counts["stored"] + counts["duplicate"] + len(state.open)
    received = sum(len(poll.t) for poll in load.raw)
    if not counts["received"] == settled == received or counts["duplicate"] > received - len(load.distinct.t):
        raise Mismatch(f"of {received} samples {counts['received']} were received and {settled} are accounted for")


def worked(state: PartitionState, load: Load, polls: Iterable[int]) -> tuple[PartitionState, list[Outgoing]]:
    """The product's own work, with a memory for a log."""
    written: list[Outgoing] = []
    heads, senders = Heads(), Senders()
    for poll in polls:
        state, out = step(state, gathered(load.polls[poll], senders))
        written += spoken(out, 0, 0, heads, state.registry.paths)
    return state, written


def _rate(load: Load, begin: snapshot.Snapshot, measured: range, right: int) -> float:
    """Samples a second of one round."""
    state = snapshot.load(PartitionState, begin)
    started = perf_counter()
    state, written = worked(state, load, measured)
    spent = perf_counter() - started
    snapshot.dump(state, cut="lines")
    dump = perf_counter() - started - spent
    if digest(written) != right:
        raise Mismatch("a round wrote other results than the first one")
    return sum(len(load.raw[poll].t) for poll in measured) / (spent * (1 + dump / CHECKPOINT_S))


def digest(written: Iterable[Outgoing]) -> int:
    digest = 0
    for record in written:
        digest = crc32(record.value, crc32(record.key, digest))
    return digest


def _bound_rate(polls: Sequence[Raw], size: int) -> float:
    """1-s windows (count, mean, sd, min, max) of columns, in a ring: no order, no repeats, no lateness, no output."""
    shape = (SLOTS, size)
    count, total, square = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    least, most = np.full(shape, np.inf), np.full(shape, -np.inf)
    started = perf_counter()
    for second, poll in enumerate(polls):
        cell = poll.t // 1000 % SLOTS * size + poll.series
        count += np.bincount(cell, minlength=SLOTS * size).reshape(shape)
        total += np.bincount(cell, poll.v, SLOTS * size).reshape(shape)
        square += np.bincount(cell, poll.v * poll.v, SLOTS * size).reshape(shape)
        np.minimum.at(least.reshape(-1), cell, poll.v)
        np.maximum.at(most.reshape(-1), cell, poll.v)
        _close_slot((count, total, square, least, most), second % SLOTS)
    return sum(len(poll.t) for poll in polls) / (perf_counter() - started)


def _close_slot(ring: Sequence[np.ndarray[tuple[int, int], np.dtype[np.float64]]], slot: int) -> None:
    """Takes the finished columns of one window out of the ring, mean and sd made."""
    count, total, square, least, most = (column[slot].copy() for column in ring)
    n = np.maximum(count, 1)
    mean = total / n
    np.stack((count, mean, np.sqrt(np.maximum(0.0, square / n - mean * mean)), least, most))
    for column, empty in zip(ring, (0.0, 0.0, 0.0, np.inf, -np.inf), strict=True):
        column[slot] = empty
