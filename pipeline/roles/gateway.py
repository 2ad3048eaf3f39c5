"""The gateway role: MQTT in; samples.v1 and rejects.v1 out. A message is acknowledged when the log has its samples.

Rule: what the step gave out is written (which only remembers) before anything else can fail; a flush that failed is
tried again, and nothing is packed twice.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connectors.codecs import edge
from connectors.codecs.topics import Grammar
from connectors.mqtt.source import Message, MqttSource
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Clock, Log, Outgoing
from pipeline.core.samples import Reject
from pipeline.runtime.clock import monotonic
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.steps.gateway import GatewayState, configuration, end, heartbeats, receive
from pipeline.steps.gateway_lines import MAX_UNDECLARED
from pipeline.steps.log_time import LogTime

MAX_MESSAGES = 5_000


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """What a gateway needs to know: its name, the grammar of topics, bounds, and the lines it was told of."""

    name: str
    grammar: Grammar
    max_payload: int
    lines: Sequence[LineConfig]
    undeclared: LineConfig  # what holds for a line that nobody declared, but for its path
    linger_s: float


@dataclass
class Gateway:
    source: MqttSource
    log: Log
    clock: Clock
    setup: GatewaySetup
    instruments: Instruments
    name: str = "gateway"
    unsettled: list[int] = field(default_factory=list)
    gathered: list[Message] = field(default_factory=list)
    gathered_at: float = 0.0
    written_at: int | None = None  # by our clock: when the oldest record was written that is not yet flushed
    durable: int = 0  # messages whose samples the log has
    finishing: threading.Event = field(default_factory=threading.Event)  # set by another thread: end the run
    ending: bool = False  # the last frames are written
    ended: bool = False  # and flushed

    def __post_init__(self) -> None:
        self.writer = self.log.writer()
        now, skew = self.clock.now_ms(), self.setup.undeclared.time.max_clock_skew_ms
        state = GatewayState(self.setup.name, now, time=LogTime(skew))
        self._write(*configuration(state, self.setup.lines, now))

    @property
    def trouble(self) -> str:
        troubles = [self.state.time.trouble]
        if self.source.rival:
            troubles.append(f"MQTT broker: {self.source.rival}")
        elif not self.source.connected:
            error = self.source.counts().last_error or "no answer yet"
            troubles.append(f"MQTT broker: not connected; {error}; trying again")
        return "; ".join(filter(None, troubles))

    def turn(self, max_wait: float) -> int:
        """Gathers for `linger`, then writes; what a failed flush kept is flushed first, and never packed again."""
        self._flush()
        linger = self.setup.linger_s
        found = self.source.poll(min(max_wait, linger or max_wait), MAX_MESSAGES)
        if found and not self.gathered:
            self.gathered_at = monotonic()
        self.gathered += found
        full = len(self.gathered) >= MAX_MESSAGES
        if self.gathered and (full or monotonic() - self.gathered_at >= linger):
            self._pack()
        if self.finishing.is_set() and not self.ended and not found:
            self._end()
        if not self.ending:
            self._write(*heartbeats(self.state, self.clock.now_ms()))
        self._flush()
        return len(found)

    def _write(self, state: GatewayState, out: Sequence[Outgoing]) -> None:
        self.state = state
        if out and self.written_at is None:
            self.written_at = self.clock.now_ms()
        self.writer.write(out)

    def _pack(self) -> None:
        payloads = [message.payload for message in self.gathered]
        with self.instruments.step_duration.labels(self.name).time():
            samples, rejects = edge.decode(payloads, self.setup.grammar, self.setup.max_payload)
            state, out, rejects = receive(
                self.state, samples, rejects, payloads, undeclared=self.setup.undeclared, now_ms=self.clock.now_ms()
            )
        if self.state.undeclared < MAX_UNDECLARED <= state.undeclared:
            log(self.name).warning("takes in no more lines that no file declares", lines=state.undeclared)
        self._write(state, out)
        self.unsettled += [message.token for message in self.gathered]
        self.gathered = []
        self._count(rejects)

    def _count(self, rejects: Sequence[Reject]) -> None:
        for reject in rejects:
            self.instruments.count_rejected({reject.code: reject.samples})
        self.instruments.unsettled_bytes.set(self.source.counts().unsettled_bytes)

    def _flush(self) -> None:
        """Only what the log has is acknowledged."""
        newest = self.writer.flush()
        if self.written_at is not None:
            time = self.state.time.learn(self.written_at, self.clock.now_ms(), newest)
            self.state, self.written_at = replace(self.state, time=time), None
        if self.unsettled:
            self.source.settle(self.unsettled)
            self.durable += len(self.unsettled)
            self.unsettled = []

    def _end(self) -> None:
        """The end of a run: each line's clocks are moved past its newest row."""
        if self.gathered:
            self._pack()
        if not self.ending:
            self._write(*end(self.state, self.clock.now_ms()))
            self.ending = True
        self._flush()
        self.ended = True

    def close(self) -> None:
        if self.gathered:
            self._pack()
        self._flush()
        self.source.close()
        self.writer.close()
