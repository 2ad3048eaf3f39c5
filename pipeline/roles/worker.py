"""The worker role: samples.v1 in; results.v1, alerts.v1, late.v1 and rejects.v1 out; state in checkpoints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from connectors.codecs import alerts_json, results_json, windows_json
from pipeline.core.errors import ConfigError
from pipeline.core.event_time import NEVER
from pipeline.core.frames import Frame, FrameError, Kind, decode, encode
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Log, Outgoing, Record
from pipeline.core.results import LineResults
from pipeline.roles.reading import rejected
from pipeline.runtime import snapshot
from pipeline.runtime.checkpoint import Committer, Saved, Slots
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import Aside, Output, step

SAMPLES, RESULTS, ALERTS, LATE, REJECTS = "samples.v1", "results.v1", "alerts.v1", "late.v1", "rejects.v1"
DAY_MS = 86_400_000
COUNTABLE = 1 << 53
SENTENCES = {
    "late": "event time: its second was closed when the sample came; expected within allowed_lateness",
    "clock": "event time: too far from the time of receipt; expected at most max_clock_skew ahead, max_age behind",
}


@dataclass(slots=True)
class Held:
    """One partition in memory: its state before the record at `position`; aloud from `aloud`."""

    state: PartitionState
    position: int
    aloud: int
    heads: windows_json.Heads = field(default_factory=windows_json.Heads)


@dataclass
class Worker:
    log: Log
    instruments: Instruments
    instance: str = "worker"
    name: str = "worker"
    trouble: str = ""
    keep_ms: Mapping[str, int] = field(default_factory=dict)  # topic -> how long its records are of use
    forgot_day: int = 0
    held: dict[int, Held] = field(default_factory=dict)
    spoken_to: dict[int, int] = field(default_factory=dict)  # results of the records below are in the log

    def __post_init__(self) -> None:
        self.reader = self.log.reader(SAMPLES, self.name, self.instance)
        self.writer = self.log.writer()
        self.committer = Committer(self.reader, self.writer, Slots(self.log.state(), self.name, self.instance))
        self.instruments.checkpoint_age.labels(self.name).set_function(self.committer.age)
        for partition in self.reader.partitions:
            self.held[partition] = self._restore(partition)
            self.reader.seek(partition, self.held[partition].position)

    def _restore(self, partition: int) -> Held:
        saved = self.committer.slots.load(partition)
        first, committed = self.reader.first_offset(partition), self.reader.committed(partition)
        if saved is not None and saved.offset >= first:
            try:
                state = snapshot.load(PartitionState, saved.state)
                return Held(state, saved.offset, max(saved.offset, committed or 0))
            except snapshot.SnapshotError as error:
                log(self.name).warning("reads the log from its beginning", because=str(error), from_offset=first)
        if committed is not None and first > 0:
            raise ConfigError(
                f"log: {SAMPLES} begins at {first} and no checkpoint reaches it; got commit {committed}; "
                "expected a checkpoint or the whole log; begin with an empty data folder to go on"
            )
        return Held(PartitionState(), first, max(first, committed or 0))

    def turn(self, max_wait: float) -> int:
        records = self.reader.poll(max_wait)
        with self.instruments.step_duration.labels(self.name).time():
            for partition in {record.partition for record in records}:
                self._take(self.held[partition], [r for r in records if r.partition == partition])
        self.writer.flush()
        self.spoken_to = {partition: held.aloud for partition, held in self.held.items()}
        if self.committer.checkpoint_due():
            self.committer.checkpoint(self._saved(), self.spoken_to)
            self._forget(records)
        elif self.committer.commit_due():
            self.committer.commit(self.spoken_to)
        return len(records)

    def _saved(self) -> dict[int, Saved]:
        return {partition: Saved(held.position, snapshot.dump(held.state)) for partition, held in self.held.items()}

    def _forget(self, records: list[Record]) -> None:
        """Once a day of the log's time, behind a checkpoint: what nobody can need any more goes."""
        day = max((record.append_ms for record in records), default=0) // DAY_MS
        if day > self.forgot_day:
            self.forgot_day = day
            for topic, keep_ms in self.keep_ms.items():
                self.log.forget(topic, day * DAY_MS - keep_ms)

    def _take(self, held: Held, records: list[Record]) -> None:
        entries: list[Entry] = []
        outgoing: list[Outgoing] = []
        for record in records:
            entry = read(record)
            if isinstance(entry, Entry):
                entries.append(entry)
            elif record.offset >= held.aloud:
                outgoing.append(entry)
        held.state, out = step(held.state, entries)
        outgoing += spoken(out, held.aloud, records[0].partition, held.heads, held.state.registry.paths)
        self.writer.write(outgoing)
        held.position = records[-1].offset + 1
        held.aloud = max(held.aloud, held.position)
        self._count(out)
        self._measure_lag(held, records[-1].append_ms)

    def _measure_lag(self, held: Held, append_ms: int) -> None:
        clocks = held.state.clocks.line
        begun = clocks[clocks != NEVER]
        if len(begun):
            self.instruments.watermark_lag.set(max(0, append_ms - int(begun.min())) / 1000)

    def _count(self, out: Output) -> None:
        self.instruments.samples.inc(out.counts.get("received", 0))
        self.instruments.late_samples.inc(out.counts.get("late", 0))
        self.instruments.count_rejected({"clock": out.counts.get("clock", 0)})
        self.instruments.results.inc(sum(map(len, out.windows)) + sum(len(said.results) for said in out.results))
        self.instruments.alerts.inc(sum(len(said.alerts) for said in out.results))

    def close(self) -> None:
        """A clean end leaves a checkpoint, so that the next start has nothing to repeat."""
        self.committer.checkpoint(self._saved(), {partition: held.aloud for partition, held in self.held.items()})
        self.writer.close()
        self.reader.close()


def read(record: Record) -> Entry | Outgoing:
    """A record that cannot be read becomes a reject with its place in the log, so that a repeat shows."""
    try:
        frame = decode(record.value)
        if max(frame.number, frame.total_rows, frame.total_rejects) > COUNTABLE or abs(frame.ingest_ms) > COUNTABLE:
            raise FrameError("frame: its header holds numbers that nothing can have counted")
        if frame.kind == Kind.CONFIGURATION:
            LineConfig.model_validate_json(frame.body)
        return Entry(record.offset, record.append_ms, record.key.decode(), frame)
    except (FrameError, ValueError) as error:
        return rejected(record, SAMPLES, str(error).splitlines()[0])


@dataclass(slots=True)
class _Saying:
    """What a line says at one record: results as JSON."""

    line: str
    texts: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    alone: list[Outgoing] = field(default_factory=list)  # progress, which stands alone, and alerts


def spoken(out: Output, aloud: int, partition: int, heads: windows_json.Heads, paths: Sequence[str]) -> list[Outgoing]:
    """Records to write for what records from `aloud` on made the lines say; paths by line code."""
    said: dict[int, _Saying] = {}
    for found in out.windows:
        for line, offset, texts, scored in windows_json.encode(found, heads):
            saying = said.setdefault(offset, _Saying(paths[line]))
            saying.texts += texts
            saying.kinds |= {"metric", "score"} if scored else {"metric"}
    for own in out.results:
        _say(said.setdefault(own.offset, _Saying(own.line)), own)
    written: list[Outgoing] = []
    for _, saying in sorted((item for item in said.items() if item[0] >= aloud), key=lambda item: item[0]):
        if saying.texts:
            written.append(_results(saying.line.encode(), saying.texts, saying.kinds))
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
            saying.texts.append(text)
            saying.kinds.add(result.kind)
    for alert in own.alerts:
        saying.alone.append(Outgoing(ALERTS, key, alerts_json.encode(alert), alerts_json.cloudevents(alert, own.line)))


def _results(key: bytes, texts: Sequence[str], kinds: Iterable[str]) -> Outgoing:
    value = f"[{','.join(texts)}]".encode()
    return Outgoing(RESULTS, key, value, (("kinds", ",".join(sorted(kinds)).encode()),))


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
