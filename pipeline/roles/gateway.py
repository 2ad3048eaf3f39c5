"""The gateway role: MQTT in; samples.v1 and rejects.v1 out. A message is acknowledged when the log has its samples."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.codecs import edge
from connectors.codecs.topics import Grammar
from connectors.mqtt.source import Message, MqttSource
from pipeline.core.line_config import LineConfig
from pipeline.core.ports import Clock, Log
from pipeline.core.samples import Reject
from pipeline.runtime.clock import monotonic
from pipeline.runtime.instruments import Instruments
from pipeline.steps.gateway import GatewayState, configuration, end, heartbeats, pack

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
    durable: int = 0  # messages whose samples the log has
    finishing: threading.Event = field(default_factory=threading.Event)  # set by another thread: end the run
    ended: bool = False

    def __post_init__(self) -> None:
        self.writer = self.log.writer()
        self.state = GatewayState(self.setup.name, self.clock.now_ms())
        for line in self.setup.lines:
            self.state, out = configuration(self.state, line, self.clock.now_ms())
            self.writer.write(out)

    @property
    def trouble(self) -> str:
        if self.source.connected:
            return ""
        return f"MQTT broker: not connected; {self.source.counts().last_error or 'no answer yet'}; trying again"

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
        if not self.ended:
            self.state, out = heartbeats(self.state, self.clock.now_ms(), [line.path for line in self.setup.lines])
            self.writer.write(out)
        self._flush()
        return len(found)

    def _pack(self) -> None:
        payloads = [message.payload for message in self.gathered]
        with self.instruments.step_duration.labels(self.name).time():
            samples, rejects = edge.decode(payloads, self.setup.grammar, self.setup.max_payload)
            self._welcome({name.line for name in samples.names})
            self.state, out = pack(self.state, samples, rejects, payloads)
        self.writer.write(out)
        self.unsettled += [message.token for message in self.gathered]
        self.gathered = []
        self._count(rejects)

    def _welcome(self, lines: set[str]) -> None:
        """A line seen for the first time gets its configuration into the log before its first frame."""
        for path in sorted(lines - self.state.lines.keys()):
            config = self.setup.undeclared.model_copy(update={"path": path})
            self.state, out = configuration(self.state, config, self.clock.now_ms())
            self.writer.write(out)

    def _count(self, rejects: Sequence[Reject]) -> None:
        for reject in rejects:
            self.instruments.count_rejected({reject.code: reject.samples})
        self.instruments.unsettled_bytes.set(self.source.counts().unsettled_bytes)

    def _flush(self) -> None:
        """Only what the log has is acknowledged."""
        self.writer.flush()
        if self.unsettled:
            self.source.settle(self.unsettled)
            self.durable += len(self.unsettled)
            self.unsettled = []

    def _end(self) -> None:
        """The end of a run: each line's clocks are moved past its newest row."""
        if self.gathered:
            self._pack()
        self.state, out = end(self.state, self.clock.now_ms())
        self.writer.write(out)
        self._flush()
        self.ended = True

    def close(self) -> None:
        if self.gathered:
            self._pack()
        self._flush()
        self.source.close()
        self.writer.close()
