"""samples.v1 read again with the present configuration, beside whoever works on it: into a store, and nowhere else.

Rules: it looks on, so it commits nothing, saves no checkpoint and takes no partition from anybody; what is skipped
live is skipped here. A line is read from the begin of the log, whatever results are asked for, for its state at a time
is made by all that came before; its present configuration is in force from its first record on. Only results of
windows from `since_ms` on are written.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from connectors.codecs import alerts_json, results_json, windows_json
from pipeline.config.read import Config
from pipeline.config.undeclared import default_line
from pipeline.core.errors import ConfigError
from pipeline.core.event_time import NEVER
from pipeline.core.frames import FrameError, Kind, decode, encode
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Log, Record, Sink
from pipeline.core.results import Result, Transition
from pipeline.core.senders import Senders
from pipeline.roles.skips import Skips, ahead, decided, root, without
from pipeline.roles.spoken import ALERTS, RESULTS, spoken
from pipeline.roles.worker import SAMPLES, by_partition, worked
from pipeline.steps.partition import PartitionState

WARM_MS = 3_600_000  # of a log whose begin is gone: until states and counters are known again
SPAN_MS = 6 * 3_600_000
AHEAD_MS = 3_600_000  # that a window may begin behind the record which says it


@dataclass
class _Partition:
    """One partition: what it holds, from where it is said."""

    end: int
    skips: Skips
    state: PartitionState = field(default_factory=PartitionState)
    heads: windows_json.Heads = field(default_factory=windows_json.Heads)
    met: set[bytes] = field(default_factory=set)


@dataclass
class Reprocess:
    """`line`: only that one, "" all. `ends`: by line, up to where it was read, ms of its clock, and the offset behind
    the last record of its partition."""

    config: Config
    log: Log
    since_ms: int
    line: str = ""
    ends: dict[str, tuple[int, int]] = field(default_factory=dict)
    senders: Senders = field(default_factory=Senders)

    def __post_init__(self) -> None:
        self._declared = {line.path: line for line in self.config.lines}

    def run(self, sink: Sink, note: Callable[[int, int], None]) -> None:
        """`note` is told records done, and of how many."""
        with closing(self.log.reader(SAMPLES, "")) as reader, closing(self.log.state()) as store:
            kept = store.load(root())
            first = {partition: reader.first_offset(partition) for partition in reader.partitions}
            extents = {partition: (at, reader.end_offset(partition)) for partition, at in first.items()}
            known = ahead(self.log, extents)
            parts = {p: _Partition(end, known[p] | decided(kept, p)) for p, (_, end) in extents.items()}
            left = {p: (at, parts[p].end) for p, at in first.items() if at < parts[p].end}
            total, done = sum(end - at for at, end in left.values()), 0
            for partition, at in first.items():
                reader.seek(partition, at)
            while left:
                for partition, records in by_partition(reader.poll(1.0)).items():
                    at, end = left.get(partition, (0, 0))
                    mine = [record for record in records if record.offset < end]
                    if at == first[partition] > 0 and mine:
                        self._check_begin(mine[0])
                    self._take(parts[partition], mine, sink)
                    done += len(mine)
                    note(done, total)
                    if records[-1].offset + 1 >= end:
                        left.pop(partition, None)
                    else:
                        left[partition] = records[-1].offset + 1, end
        for part in parts.values():
            self._note_ends(part)

    def _check_begin(self, first: Record) -> None:
        known_ms = first.append_ms + WARM_MS
        if known_ms > self.since_ms:
            raise ConfigError(
                f"--from: the log begins too late for that; got {_iso(self.since_ms)}; expected {_iso(known_ms)} or "
                "later: an hour behind its first record states and counters are known"
            )

    def _take(self, part: _Partition, records: Sequence[Record], sink: Sink) -> None:
        mine = [record for record in records if not self.line or record.key == self.line.encode()]
        left = [self._configured(part, record) for record in without(part.skips, mine)]
        if not left:
            return
        self.senders = self.senders.roomy()
        done = worked(part.state, left, self.senders)
        part.state = done.state
        if left[-1].append_ms < self.since_ms - AHEAD_MS:
            return
        results: list[Result] = []
        alerts: list[Transition] = []
        for out in spoken(done.out, 0, left[0].partition, part.heads, part.state.registry.paths):
            if out.topic == RESULTS:
                results += results_json.decode(out.value)
            elif out.topic == ALERTS:
                alerts.append(alerts_json.decode(out.value))
        sink.write(
            [one for one in results if one.window_start >= self.since_ms and one.kind != "progress"],
            [alert for alert in alerts if alert.event_time_ms >= self.since_ms],
        )

    def _configured(self, part: _Partition, record: Record) -> Record:
        """What configures a line now stands in for what configured it then."""
        if record.key not in part.met:
            part.met.add(record.key)
            path = record.key.decode(errors="replace")
            part.state.configure(part.state.registry.line(path), self._present(path))
        try:
            frame = decode(record.value) if record.value[5:6] == bytes([Kind.CONFIGURATION]) else None
        except FrameError:
            return record
        if frame is None or frame.kind is not Kind.CONFIGURATION:
            return record
        return replace(record, value=encode(replace(frame, body=self._present(record.key.decode()).to_json())))

    def _present(self, path: str) -> LineConfig:
        return self._declared.get(path) or default_line(path, self.config.levels, self.config.time)

    def _note_ends(self, part: _Partition) -> None:
        clocks = part.state.clocks.line.tolist()
        for path, clock in zip(part.state.registry.paths, clocks, strict=False):
            if clock != NEVER:
                self.ends[path] = clock, part.end

    def spans(self, clock: int) -> Iterator[tuple[int, int]]:
        """What was made again of a line, up to its clock, in parts that are compared at once."""
        for first in range(self.since_ms, clock, SPAN_MS):
            yield first, min(first + SPAN_MS, clock)


def _iso(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
