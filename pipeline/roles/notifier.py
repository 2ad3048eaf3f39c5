"""The notifier role: alerts.v1 and the lines' progress in, MQTT alert topics and heartbeats out."""

from dataclasses import dataclass, field, replace

import msgspec

from connectors.codecs import alerts_json, results_json
from connectors.mqtt.sink import MqttSink, Publication
from pipeline.core.ports import Clock, Log
from pipeline.roles.reading import Lag, readable, resume
from pipeline.runtime import snapshot
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.runtime.slots import Saved, Slots
from pipeline.steps.notifier import NotifierState, Publish, step

_ENCODER = msgspec.json.Encoder()
INTERNAL = ("announced", "reason")  # of no use to a subscriber: he hears only what is announced


@dataclass
class Notifier:
    log: Log
    sink: MqttSink
    clock: Clock
    instruments: Instruments
    instance: str = "notifier"
    name: str = "notifier"
    state: NotifierState = field(default_factory=NotifierState)

    def __post_init__(self) -> None:
        self.alerts = self.log.reader("alerts.v1", self.name, self.instance)
        self.results = self.log.reader("results.v1", self.name, self.instance)
        self.lag = Lag(self.instruments, self.name, (self.alerts, self.results))
        self.slots = Slots(self.log.state(), self.name, self.alerts.instance)
        self.state = self._restored()
        for reader in (self.alerts, self.results):
            resume(reader)

    def _restored(self) -> NotifierState:
        for saved in self.slots.load(0):
            try:
                return awake(snapshot.load(NotifierState, saved.state), self.clock.now_ms())
            except snapshot.SnapshotError as error:
                log(self.name).warning("passes over what it has told", because=str(error))
        return NotifierState()

    @property
    def trouble(self) -> str:
        if self.sink.connected:
            return ""
        return f"MQTT broker: not connected; {self.sink.last_error or 'no answer yet'}; alerts wait and are sent later"

    def turn(self, max_wait: float) -> int:
        """Publish, then remember, then commit: a crash repeats a transition, and never loses one.

        While it catches up, the log's time is its now: a line is lost by what the log says, not by our own absence.
        """
        raised = self.alerts.poll(0.0)
        read = self.results.poll(0.0 if raised else max_wait)
        alerts, _ = readable(raised, "alerts.v1", alerts_json.decode)  # the historian puts aside what is no alert
        beats = [record for record in read if dict(record.headers).get("kinds") == b"progress"]
        progress = [result for several in readable(beats, "results.v1", results_json.decode)[0] for result in several]
        before = self.state
        now = max(record.append_ms for record in read) if read else self.clock.now_ms()
        state, out = step(before, alerts, progress, now)
        try:
            if out:
                self.sink.publish([_publication(message) for message in out])
        except BaseException:
            self._again()
            raise
        self.state = state
        if alerts or _lost(state) != _lost(before):
            self.slots.save(0, Saved(0, snapshot.dump(state)))
            self.slots.store.flush()
        for reader, records in ((self.alerts, raised), (self.results, read)):
            if records:
                reader.commit({record.partition: record.offset + 1 for record in records})
        self.slots.forget([0])
        self.lag.look()
        return len(raised) + len(read)

    def taken(self, topic: str) -> int:
        """Sum of the offsets up to which this topic has been told."""
        reader = self.alerts if topic == "alerts.v1" else self.results
        return sum(reader.committed(partition) or 0 for partition in reader.partitions)

    def _again(self) -> None:
        """What was read and not published is read again."""
        for reader in (self.alerts, self.results):
            resume(reader)

    def close(self) -> None:
        self.alerts.close()
        self.results.close()
        self.sink.close()


def _lost(state: NotifierState) -> set[str]:
    """The lines whose chain is lost."""
    return {line for line, pulse in state.lines.items() if pulse.lost is not None}


def awake(state: NotifierState, now_ms: int) -> NotifierState:
    """The state with every line's patience begun anew: that we slept is no proof that a chain stood still."""
    lines = {
        line: pulse if pulse.lost else replace(pulse, append_ms=max(pulse.append_ms, now_ms))
        for line, pulse in state.lines.items()
    }
    return replace(state, lines=lines)


def _publication(message: Publish) -> Publication:
    body = msgspec.to_builtins(message.body)
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in INTERNAL}
    return Publication(message.topic, b"" if body is None else _ENCODER.encode(body), message.retain)
