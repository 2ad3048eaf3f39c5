"""A log whose samples are JSON: what the worker reads of it are frames, made by the gateway's own codecs and step.

Rule: a frame stands at the offset of its line's newest record in the poll, so that a place in the log means the same to
worker, commit and checkpoint. Nothing is put aside silently: a record that cannot be read is a Mismatch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.codecs import edge
from connectors.codecs.topics import FAMILIES, Grammar
from pipeline.bench.loads import Mismatch
from pipeline.bench.log_load import FRAMES, JSON
from pipeline.core.ports import Log, Owner, Reader, Record, StateStore, Writer
from pipeline.core.samples import Payload, Payloads
from pipeline.steps.gateway import GatewayState, pack

LEVELS = ("park", "line", "unit")
MAX_PAYLOAD = 1 << 20


@dataclass(frozen=True, slots=True)
class JsonLog:
    """`log`, with `json.v1` in the place of `samples.v1` for who reads."""

    log: Log

    def ensure(self, topics: Mapping[str, int]) -> None:
        self.log.ensure(topics)

    def reader(self, topic: str, group: str, instance: str = "", owner: Owner | None = None) -> Reader:
        if topic == FRAMES:
            return JsonReader(self.log.reader(JSON, group, instance, owner))
        return self.log.reader(topic, group, instance, owner)

    def writer(self) -> Writer:
        return self.log.writer()

    def state(self) -> StateStore:
        return self.log.state()

    def forget(self, topic: str, before_ms: int) -> None:
        self.log.forget(topic, before_ms)

    def close(self) -> None:
        self.log.close()


@dataclass(slots=True)
class JsonReader:
    """A gateway for each partition, for the lines of each are its own."""

    inner: Reader
    grammar: Grammar = field(default_factory=lambda: Grammar(LEVELS))
    gateways: dict[int, GatewayState] = field(default_factory=dict)

    @property
    def instance(self) -> str:
        return self.inner.instance

    @property
    def partitions(self) -> Sequence[int]:
        return self.inner.partitions

    def poll(self, max_wait: float, max_bytes: int = 8 << 20) -> list[Record]:
        records = self.inner.poll(max_wait, max_bytes)
        mine: dict[int, list[Record]] = {}
        for record in records:
            mine.setdefault(record.partition, []).append(record)
        return [framed for partition, some in mine.items() for framed in self._framed(partition, some)]

    def _framed(self, partition: int, records: list[Record]) -> list[Record]:
        prefix = FAMILIES["own"][0]
        topics = {key: prefix + key.decode() for key in {record.key for record in records}}
        payloads = Payloads.of([Payload(topics[record.key], record.value, record.append_ms) for record in records])
        samples, rejects = edge.decode(payloads, self.grammar, MAX_PAYLOAD)
        state = self.gateways.get(partition) or GatewayState("gw", 1)
        self.gateways[partition], out = pack(state, samples, rejects, payloads)
        if rejects:
            raise Mismatch(f"{len(rejects)} records cannot be read: {rejects[0].sentence}")
        newest = {record.key: record for record in records}
        if len(out) > len(newest):
            raise Mismatch("a poll holds more of a line than fits into a frame")
        framed = [replace(newest[one.key], key=one.key, value=one.value) for one in out]
        return sorted(framed, key=lambda record: record.offset)

    def seek(self, partition: int, offset: int) -> None:
        self.inner.seek(partition, offset)

    def committed(self, partition: int) -> int | None:
        return self.inner.committed(partition)

    def first_offset(self, partition: int) -> int:
        return self.inner.first_offset(partition)

    def end_offset(self, partition: int) -> int:
        return self.inner.end_offset(partition)

    def commit(self, offsets: Mapping[int, int]) -> None:
        self.inner.commit(offsets)

    def close(self) -> None:
        self.inner.close()
