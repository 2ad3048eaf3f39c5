"""Rounds of the worker role on a log that holds samples already: how fast, and whether its results are right.

Rules: each round is a worker of a group of its own, from the log's first record; what it takes in before the warm-up is
over is not measured. Its commits and flushes are its own; a checkpoint's bytes are written in every round, and charged
as often as one is due (every 10 s of wall time). A figure is given only for a round whose results are right.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter

from connectors.codecs import results_json
from pipeline.bench.loads import Load, Mismatch, check
from pipeline.core.ledger import FIELDS
from pipeline.core.ports import Log, Record
from pipeline.core.results import Result
from pipeline.roles.worker import SAMPLES, Worker
from pipeline.runtime.instruments import Instruments

CHECKPOINT_S, PATIENCE_S = 10.0, 120.0
RESULTS, ASIDE = "results.v1", ("late.v1", "rejects.v1")
SAMPLE_COUNTS = ("stored", "duplicate", "conflict", "expired", "rejected")


@dataclass(frozen=True, slots=True)
class Round:
    """`until_ms`: windows that end by then must have left."""

    log: Log
    load: Load
    partitions: int
    warm: int
    until_ms: int

    def rate(self, name: str) -> float:
        """Samples a second of the worker `name`."""
        begin = {topic: self._ends(topic) for topic in (RESULTS, *ASIDE)}
        worker = Worker(self.log, Instruments(), "bench", name)
        try:
            ends = [worker.reader.end_offset(partition) for partition in range(self.partitions)]
            self._turn(worker, lambda: received(worker) >= self.warm)
            first, started = received(worker), perf_counter()
            self._turn(worker, lambda: positions(worker) == ends)
            spent = perf_counter() - started
            samples = received(worker) - first
            worker.give(range(self.partitions))
            dump = perf_counter() - started - spent
            self._account(worker)
        finally:
            worker.close()
        self._check(begin)
        return samples / (spent * (1 + dump / CHECKPOINT_S))

    def _turn(self, worker: Worker, done: Callable[[], bool]) -> None:
        until = perf_counter() + PATIENCE_S
        while not done():
            worker.turn(0.2)
            if perf_counter() > until:
                raise Mismatch(f"the worker took in {received(worker)} samples, and no more in {PATIENCE_S:g} s")

    def _account(self, worker: Worker) -> None:
        counts = dict.fromkeys(FIELDS, 0)
        for held in worker.held.values():
            sums = held.state.ledger.counts.sum(axis=0).tolist()
            counts = {name: counts[name] + n for name, n in zip(FIELDS, sums, strict=True)}
        sent = sum(len(poll.t) for poll in self.load.raw)
        settled = sum(counts[name] for name in SAMPLE_COUNTS) + sum(len(h.state.open) for h in worker.held.values())
        repeats = sent - len(self.load.distinct.t)
        if not counts["received"] == settled == sent or counts["duplicate"] > repeats or counts["gap"]:
            raise Mismatch(f"of {sent} samples {settled} are accounted for: {counts}")

    def _check(self, begin: dict[str, list[int]]) -> None:
        for topic in ASIDE:
            if self._ends(topic) != begin[topic]:
                raise Mismatch(f"samples were put aside in {topic}")
        check(self.load, self._results(begin[RESULTS]), self.until_ms)

    def _ends(self, topic: str) -> list[int]:
        reader = self.log.reader(topic, "")
        try:
            return [reader.end_offset(partition) for partition in range(self.partitions)]
        finally:
            reader.close()

    def _results(self, begin: list[int]) -> list[Result]:
        """What was written from these offsets on."""
        reader, found = self.log.reader(RESULTS, ""), list[Record]()
        try:
            ends = [reader.end_offset(partition) for partition in range(self.partitions)]
            for partition, offset in enumerate(begin):
                reader.seek(partition, offset)
            while len(found) < sum(ends) - sum(begin):
                found += reader.poll(0.2)
        finally:
            reader.close()
        return newest(result for record in found for result in results_json.decode(record.value))


def newest(results: Iterable[Result]) -> list[Result]:
    """Of each result its newest revision: a log that was written faster than its event time went by closes windows of a
    line before its sources are known to be steady, and says them again."""
    kept: dict[tuple[object, ...], Result] = {}
    for one in results:
        key = (one.kind, one.equipment, one.name, one.window_s, one.window_start)
        if key not in kept or one.revision >= kept[key].revision:
            kept[key] = one
    return list(kept.values())


def received(worker: Worker) -> int:
    place = FIELDS.index("received")
    return sum(int(held.state.ledger.counts[:, place].sum()) for held in worker.held.values())


def positions(worker: Worker) -> list[int]:
    return [worker.held[partition].position for partition in sorted(worker.held)]


def topics(partitions: int) -> dict[str, int]:
    return dict.fromkeys((SAMPLES, "json.v1", RESULTS, "alerts.v1", *ASIDE), partitions)
