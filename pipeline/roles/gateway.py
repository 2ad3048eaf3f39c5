"""The gateway role: MQTT in; samples.v1 and rejects.v1 out. A message is acknowledged when the log has its samples,
or the spool while a log over the network is away.

Rules: what the step gave out is written (which only remembers) before anything else can fail; a flush that failed is
tried again, and nothing is packed twice. What a broker sent is read by its own grammar, and stays in order.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.codecs import edge
from connectors.codecs.topics import Grammar
from connectors.mqtt.source import Message
from connectors.mqtt.sources import MqttSources
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Clock, Log, Outgoing, Writer
from pipeline.core.samples import Payload, Payloads, Reject
from pipeline.roles.culprits import ON_PURPOSE, culprits, named
from pipeline.roles.spooled_writer import SpooledWriter
from pipeline.runtime.clock import monotonic
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.steps.gateway import GatewayState, configuration, end, heartbeats, receive
from pipeline.steps.gateway_lines import MAX_UNDECLARED
from pipeline.steps.log_time import LogTime

MAX_MESSAGES = 5_000
NONE: Mapping[int, BaseException] = {}


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """What a gateway needs to know: its name, the grammar of each broker, bounds, and the lines it was told of."""

    name: str
    grammars: Sequence[Grammar]
    max_payload: int
    lines: Sequence[LineConfig]
    undeclared: LineConfig  # what holds for a line that nobody declared, but for its path
    linger_s: float


@dataclass
class Gateway:
    source: MqttSources
    log: Log
    clock: Clock
    setup: GatewaySetup
    instruments: Instruments
    spooled: SpooledWriter | None = None  # in place of the log's own writer
    name: str = "gateway"
    unsettled: list[list[int]] = field(default_factory=list)  # by broker
    gathered: list[list[Message]] = field(default_factory=list)  # by broker
    waiting: int = 0  # of them
    gathered_at: float = 0.0
    pace: Callable[[], float] = monotonic
    written_at: int | None = None  # by our clock: when the oldest record was written that is not yet flushed
    durable: int = 0  # messages whose samples the log has
    finishing: threading.Event = field(default_factory=threading.Event)  # set by another thread: end the run
    ending: bool = False  # the last frames are written
    ended: bool = False  # and flushed

    def __post_init__(self) -> None:
        self.writer: Writer = self.spooled or self.log.writer()
        self.unsettled, self.gathered = [[] for _ in self.setup.grammars], [[] for _ in self.setup.grammars]
        now, skew = self.clock.now_ms(), self.setup.undeclared.time.max_clock_skew_ms
        state = GatewayState(self.setup.name, now, time=LogTime(skew))
        self._write(*configuration(state, self.setup.lines, now))

    @property
    def trouble(self) -> str:
        spooling = self.spooled.trouble if self.spooled else ""
        return "; ".join(filter(None, [spooling, self.state.time.trouble, *self.source.troubles]))

    def turn(self, max_wait: float) -> int:
        """Gathers for `linger`, then writes; what a failed flush kept is flushed first, and never packed again."""
        self._flush()
        linger = self.setup.linger_s
        found = self.source.poll(min(max_wait, linger or max_wait), MAX_MESSAGES)
        taken = self._gather(found)
        full = self.waiting >= MAX_MESSAGES
        if self.waiting and (full or self.pace() - self.gathered_at >= linger):
            self._pack()
        if self.finishing.is_set() and not self.ended and not taken:
            self._end()
        if not self.ending and not (self.spooled and self.spooled.state.is_away):
            spooled = self.spooled.lines if self.spooled else ()
            self._write(*heartbeats(self.state, self.clock.now_ms(), spooled))
        self._flush()
        return taken

    def _gather(self, found: Sequence[list[Message]]) -> int:
        taken = sum(map(len, found))
        if taken and not self.waiting:
            self.gathered_at = self.pace()
        self.waiting += taken
        for broker, came in enumerate(found):
            self.gathered[broker] += came
        return taken

    def _write(self, state: GatewayState, out: Sequence[Outgoing]) -> None:
        self.state = state
        if out and self.written_at is None:
            self.written_at = self.clock.now_ms()
        self.writer.write(out)

    def _pack(self) -> None:
        for broker, messages in enumerate(self.gathered):
            if messages:
                self.gathered[broker] = []
                self.waiting -= len(messages)
                self._pack_of(broker, messages)

    def _pack_of(self, broker: int, messages: Sequence[Message]) -> None:
        payloads = Payloads.of([message.payload for message in messages])
        with self.instruments.step_duration.labels(self.name).time():
            try:
                state, out, rejects = self._packed(broker, payloads)
            except ON_PURPOSE:
                raise
            except BaseException:
                state, out, rejects = self._packed_but(broker, payloads)
        if self.state.undeclared < MAX_UNDECLARED <= state.undeclared:
            log(self.name).warning("takes in no more lines that no file declares", lines=state.undeclared)
        self._write(state, out)
        self.unsettled[broker] += [message.token for message in messages]
        self._count(rejects)

    def _packed(
        self, broker: int, payloads: Sequence[Payload], bad: Mapping[int, BaseException] = NONE
    ) -> tuple[GatewayState, list[Outgoing], list[Reject]]:
        """May be done again. Of what is `bad`, by place, only its bytes are kept."""
        read = payloads
        if bad:
            read = [one._replace(body=b"", topic="") if at in bad else one for at, one in enumerate(payloads)]
        samples, rejects = edge.decode(read, self.setup.grammars[broker], self.setup.max_payload)
        rejects = [reject for reject in rejects if reject.payload not in bad]
        rejects += [Reject(at, "", "poison", f"payload: it cannot be read: {named(why)}") for at, why in bad.items()]
        now = self.clock.now_ms()
        return receive(self.state, samples, rejects, payloads, undeclared=self.setup.undeclared, now_ms=now)

    def _packed_but(
        self, broker: int, payloads: Sequence[Payload]
    ) -> tuple[GatewayState, list[Outgoing], list[Reject]]:
        """Payloads that nobody can read are found by halves; the others are packed."""
        return self._packed(broker, payloads, culprits(payloads, lambda some: self._packed(broker, some)))

    def _count(self, rejects: Sequence[Reject]) -> None:
        for reject in rejects:
            self.instruments.count_rejected({reject.code: reject.samples})
        self.instruments.unsettled_bytes.set(self.source.counts().unsettled_bytes)

    def _flush(self) -> None:
        """Only what the log has, or the spool, is acknowledged. The log's time is learnt from what went straight."""
        newest = self.writer.flush()
        if newest and self.written_at is not None:
            time = self.state.time.learn(self.written_at, self.clock.now_ms(), newest)
            self.state = replace(self.state, time=time)
        self.written_at = None
        if any(self.unsettled):
            self.source.settle(self.unsettled)
            self.durable += sum(map(len, self.unsettled))
            self.unsettled = [[] for _ in self.setup.grammars]

    def _end(self) -> None:
        """The end of a run: each line's clocks are moved past its newest row."""
        self._pack()
        if not self.ending:
            self._write(*end(self.state, self.clock.now_ms()))
            self.ending = True
        self._flush()
        self.ended = True

    def close(self) -> None:
        self._pack()
        self._flush()
        self.source.close()
        self.writer.close()
