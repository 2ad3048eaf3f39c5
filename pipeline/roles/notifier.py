"""The notifier role: alerts.v1 and the lines' progress in, MQTT alert topics and heartbeats out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from connectors.codecs import alerts_json, results_json
from connectors.mqtt.sink import MqttSink, Publication
from pipeline.core.ports import Clock, Log, Record
from pipeline.core.results import Result, Transition
from pipeline.roles.culprits import ON_PURPOSE, culprits, named
from pipeline.roles.reading import Lag, Place, readable
from pipeline.runtime import snapshot
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log
from pipeline.runtime.slots import Saved, Slots
from pipeline.steps.notifier import NotifierState, Publish, step

_ENCODER = msgspec.json.Encoder()
READS = ("alerts.v1", "results.v1")
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
    is_unsaved: bool = False
    due: list[tuple[Place, list[Record]]] = field(default_factory=list)  # commits

    def __post_init__(self) -> None:
        self.alerts, self.results = (self.log.reader(topic, self.name, self.instance) for topic in READS)
        self.lag = Lag(self.instruments, self.name, (self.alerts, self.results))
        self.slots = Slots(self.log.state(), self.name, self.alerts.instance)
        self.state = self._restored()
        self.places = [Place(reader) for reader in (self.alerts, self.results)]

    def _restored(self) -> NotifierState:
        for saved in self.slots.load(0):
            try:
                return awake(snapshot.load(NotifierState, saved.state), self.clock.now_ms())
            except snapshot.SnapshotError as error:
                log(self.name).warning("passes over what it has told", because=str(error))
        return NotifierState()

    @property
    def trouble(self) -> str:
        if self.sink.rival:
            return f"MQTT broker: {self.sink.rival}"
        if self.sink.connected:
            return ""
        return f"MQTT broker: not connected; {self.sink.last_error or 'no answer yet'}; alerts wait and are sent later"

    def turn(self, max_wait: float) -> int:
        """Publish, then remember, then commit: a crash repeats a transition, and never loses one.

        While it catches up, the log's time is its now: a line is lost by what the log says, not by our own absence.
        """
        self._remember()
        raised = self.alerts.poll(0.0)
        read = self.results.poll(0.0 if raised else max_wait)
        alerts, _ = readable(raised, "alerts.v1", alerts_json.decode)  # the historian puts aside what is no alert
        beats = [record for record in read if dict(record.headers).get("kinds") == b"progress"]
        progress = [result for several in readable(beats, "results.v1", results_json.decode)[0] for result in several]
        before = self.state
        now = max(record.append_ms for record in read) if read else self.clock.now_ms()
        state, out = self._said(alerts, progress, now)
        try:
            if out:
                self.sink.publish([_publication(message) for message in out])
        except BaseException:
            self._again()
            raise
        self.state = state
        self.is_unsaved = bool(alerts) or _watched(state) != _watched(before)
        self.due = [*zip(self.places, (raised, read), strict=True)]
        self._remember()
        self.lag.look()
        return len(raised) + len(read)

    def _said(
        self, alerts: Sequence[Transition], progress: Sequence[Result], now: int
    ) -> tuple[NotifierState, list[Publish]]:
        """What cannot be worked off is named in a line, and the others are told; it stands in the log and the store."""

        def said(some: Sequence[Transition | Result]) -> tuple[NotifierState, list[Publish]]:
            raised = [one for one in some if isinstance(one, Transition)]
            return step(self.state, raised, [one for one in some if isinstance(one, Result)], now)

        some: list[Transition | Result] = [*alerts, *progress]
        try:
            return said(some)
        except ON_PURPOSE:
            raise
        except BaseException:
            bad = culprits(some, said)
        for at, error in bad.items():
            log(self.name).error("skips a record", because=named(error), equipment=some[at].equipment)
        return said([one for at, one in enumerate(some) if at not in bad])

    def _remember(self) -> None:
        """What a full disk did not take is remembered before anything new is read."""
        if self.is_unsaved:
            self.slots.save(0, Saved(0, snapshot.dump(self.state)))
            self.slots.store.flush()
            self.is_unsaved = False
        while self.due:
            place, records = self.due[0]
            place.commit(records)
            del self.due[0]
        self.slots.forget([0])

    def taken(self, topic: str) -> int:
        """Sum of the offsets up to which this topic has been told; any thread may ask."""
        return self.places[topic == "results.v1"].committed

    def _again(self) -> None:
        """What was read and not published is read again."""
        for place in self.places:
            place.resume()

    def close(self) -> None:
        self.alerts.close()
        self.results.close()
        self.sink.close()


def _watched(state: NotifierState) -> dict[str, bool]:
    """The lines, and whether the chain of each is lost: who forgot one over a restart would miss its silence."""
    return {line: pulse.lost is not None for line, pulse in state.lines.items()}


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
