"""The world of one seed: time, devices, broker, log, store and the product's roles, and who comes next.

Rule: everything that happens is decided by the seed; nothing reads a real clock, waits, or runs beside.
"""

import random
from collections import Counter
from dataclasses import dataclass

from connectors.codecs.topics import Grammar
from connectors.memory import MemoryLog
from connectors.memory_store import MemoryStore
from connectors.mqtt.sources import MqttSources
from pipeline.core.line_config import AlarmConfig, LineConfig, MetricConfig, TimeConfig, UnitConfig
from pipeline.roles.gateway import Gateway, GatewaySetup
from pipeline.roles.historian import READS as STORED
from pipeline.roles.historian import Historian
from pipeline.roles.notifier import READS as TOLD
from pipeline.roles.notifier import Notifier
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import SAMPLES, Worker
from pipeline.runtime.instruments import Instruments
from tests.simulation.actors import Actor
from tests.simulation.broker import Broker, MemoryAlertSink, MemorySource
from tests.simulation.clocks import OffClock, Time
from tests.simulation.devices import Device
from tests.simulation.drivers import TroubledLog, TroubledStore
from tests.simulation.faults import CHECKPOINT, schedule

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SPANS = {30_000: 175, 55_000: 300}  # length of a run, ms -> how often a gauge is read
CALM_MS = 8_000
UNITS = ("filler", "capper")
LEVELS = ("site", "line", "unit")
GATEWAYS, WORKERS = ("gw-1", "gw-2"), ("worker-1", "worker-2", "worker-3")
OFTEN = 0.7  # of a role's turns at a beat
MANY = 300  # beats in which all must have come to rest


class Unrest(AssertionError):
    """It does not come to rest though nothing is wrong any more."""


@dataclass(frozen=True)
class Parts:
    """The product's roles and store, so that a test may put worse ones in their place."""

    gateway: type = Gateway
    worker: type = Worker
    historian: type = Historian
    notifier: type = Notifier
    store: type = MemoryStore


def line_config(dice, path):
    metrics = (
        MetricConfig(name="state", role="state", by_exception=dice.random() < 0.3),
        MetricConfig(name="mode", role="mode", by_exception=dice.random() < 0.3),
        MetricConfig(name="good", role="good_count"),
        MetricConfig(name="reject", role="reject_count"),
        MetricConfig(name="temp", role="temperature", hold_ms=dice.choice([700, 3_000, 10_000])),
    )
    limits = {"deadband": dice.choice([0.0, 1.5]), "on_delay_ms": dice.choice([0, 1_500])}
    limits["off_delay_ms"] = dice.choice([0, 2_500])
    alarms = [
        AlarmConfig(name="hot", kind="limit", unit=unit, metric="temp", high=80.0, **limits) for unit in UNITS
    ] + [AlarmConfig(name="quiet", kind="silence", unit=unit, metric="temp", after_ms=8_000) for unit in UNITS]
    time = TimeConfig(idle_timeout_ms=dice.choice([3_000, 8_000]), max_hold_ms=15_000, valid_for_ms=8_000)
    return LineConfig(
        path=path,
        levels=LEVELS,
        pace_unit="filler",
        count_unit=dice.choice(UNITS),
        windows=(10, 60),
        units=tuple(UnitConfig(name=unit, ideal_cycle_ms=900.0, metrics=metrics) for unit in UNITS),
        alarms=tuple(alarms),
        time=time,
    )


def tried_here(state, records):
    """Which record kills the process that works it off: none does, for those that tried were killed by others."""


INSTRUMENTS = Instruments()  # that nobody looks at


class World:
    def __init__(self, seed, parts=None):
        dice = self.dice = random.Random(seed)
        self.seed, self.parts, self.counts = seed, parts or Parts(), Counter()
        minute = 495_000 * HOUR_MS + dice.choice([0, 0, 7]) * MINUTE_MS  # at times the first of an hour
        self.span = dice.choice([30_000, 30_000, 55_000])
        self.start = minute - dice.randrange(1_000, 60_000 - self.span + 3_000)
        self.time, self.beat_ms = Time(self.start), dice.choice([2_000, 3_000, 4_000, 4_000, 5_000])
        self.log_clock = OffClock(self.time)
        self.log = MemoryLog(self.log_clock)
        self.log.ensure(dict.fromkeys(TOPICS, dice.choice([1, 1, 2, 2, 3])))
        self.store, self.broker = self.parts.store(), Broker()
        self.lines = [line_config(dice, f"park/line-{k}") for k in (1, 2, 3)]
        self.clocks = {name: OffClock(self.time) for name in GATEWAYS}
        homes = {line.path: dice.choice(GATEWAYS) for line in self.lines}
        self.devices = {
            f"{path}/{unit}": self._device(path, unit, home) for path, home in homes.items() for unit in UNITS
        }
        self.sent = {}  # message -> samples (unit path, metric, t, value), or None for garbage
        self.connections = {}  # by gateway
        self.away = {}  # what -> until when
        self.later = []  # (when, what to do)
        self.actors = {
            **{name: Actor(self, name, self._gateway, self._bury_gateway) for name in GATEWAYS},
            **{name: Actor(self, name, self._worker, self._bury_worker) for name in WORKERS},
            "historian": Actor(self, "historian", self._historian, self._bury_owner),
            "notifier": Actor(self, "notifier", self._notifier, self._bury_owner),
        }
        self.actors["worker-3"].wanted = dice.random() < 0.3
        on = {"device": [*self.devices], "gateway": GATEWAYS, "worker": WORKERS[:2]}
        on |= {"historian": ["historian"], "notifier": ["notifier"], "any": [*GATEWAYS, *WORKERS[:2], "historian"]}
        self.schedule = schedule(dice, on, self.span)
        self.due = list(self.schedule)

    def _device(self, line, unit, home):
        dice = self.dice
        client = dice.choice(GATEWAYS) if dice.random() < 0.4 else home
        period = dice.choice([self.beat_ms, 2 * self.beat_ms])
        return Device(line, unit, client, period, dice, self.start, SPANS[self.span], grid=dice.choice([1, 50]))

    # -- the roles

    def _gateway(self, actor):
        clock = self.clocks[actor.name]
        source = self.connections[actor.name] = MemorySource(self.broker, actor.name, clock, actor.reach)
        setup = GatewaySetup(
            actor.name,
            [Grammar(LEVELS)],
            1 << 20,
            self.lines,
            LineConfig(path="-", levels=LEVELS),
            0.25,
        )
        log = TroubledLog(self.log, actor)
        return self.parts.gateway(MqttSources([source]), log, clock, setup, INSTRUMENTS, pace=self.time.pace)

    def _worker(self, actor):
        return self.parts.worker(
            TroubledLog(self.log, actor), INSTRUMENTS, actor.name, pace=self.time.pace, trial=tried_here
        )

    def _historian(self, actor):
        return self.parts.historian(TroubledLog(self.log, actor), TroubledStore(self.store, actor), INSTRUMENTS)

    def _notifier(self, actor):
        sink = MemoryAlertSink(self.broker, actor.reach, lambda: self.is_away("sink"))
        return self.parts.notifier(TroubledLog(self.log, actor), sink, OffClock(self.time), INSTRUMENTS)

    def _bury_gateway(self, actor, role):
        if role is not None:
            role.source.close()

    def _bury_worker(self, actor, role):
        """The group hears of it when the session is over, at the latest when it would be back."""
        if role is not None:
            self.later.append((actor.back_at, lambda: self.expel(role.reader.instance, forget=True)))

    def _bury_owner(self, actor, role):
        for topic in (*STORED, *TOLD):
            self.log.owners.pop((actor.name, topic), None)

    def expel(self, instance, forget=False):
        group = self.log.groups["worker", SAMPLES]
        with self.log.lock:
            (group.leave if forget else group.expel)(instance)

    # -- trouble

    def is_away(self, what):
        return self.time.now < self.away.get(what, 0)

    def happened(self, fault):
        self.counts[fault.kind] += 1

    def strike(self, fault):
        """A fault is due: it happens now, or when its role reaches the step."""
        until, device, actor = self.time.now + fault.lasts, self.devices.get(fault.on), self.actors.get(fault.on)
        if fault.step:
            actor.dooms.append(fault)
            checkpoint = fault.step in CHECKPOINT or fault.step == "save"
            if checkpoint and isinstance(actor.role, Worker):
                actor.role.committer.saved_at = float("-inf")
            return
        self.happened(fault)
        match fault.kind:
            case "device link lost":
                device.cut_to = until
            case "device dead":
                device.dead_to = until
            case "device clock" | "device clock wild" | "device clock ancient":
                self._put_off(device, fault)
            case "device clock stands":
                device.stands_to, device.stood_at = until, device.made_to
            case "device without clock":
                device.timeless_to = until
            case "power cut":
                for one in self.actors.values():
                    one.cut_off(self.time.now + self.dice.randrange(fault.lasts))
            case "sent twice":
                device.repeats = 3
            case "sent late":
                device.holds_to = until
            case "out of order":
                device.shuffles_to = until
            case "conflict":
                device.conflicts = 3
            case "garbage":
                device.garbage = 2
            case "gateway link lost":
                self._lose_link(actor, until)
            case "gateway clock":
                self._put_off(self.clocks[fault.on], fault)
            case "log clock":
                self._put_off(self.log_clock, fault)
            case "worker joins":
                self.actors["worker-3"].wanted = True
                self.later.append((until, self.actors["worker-3"].leave))
            case "worker leaves":
                actor.leave()
                self.later.append((until, lambda: setattr(actor, "wanted", True)))
            case "log away" | "store away":
                self.away[fault.on] = until
            case "disk full":
                self.away["disk"] = until
            case "alert broker away":
                self.away["sink"] = until

    def _put_off(self, clock, fault):
        clock.off = fault.by
        self.later.append((self.time.now + fault.lasts, lambda: setattr(clock, "off", 0)))

    def _lose_link(self, actor, until):
        """A gateway that is killed meanwhile comes back with a connection of its own."""
        if actor.role is not None:
            source = self.connections[actor.name]
            source.lose()
            self.later.append((until, source.reconnect))

    # -- the way of time

    def publish(self, device, body, samples):
        number = self.broker.publish(device.client, device.topic, body)
        path = f"{device.line}/{device.unit}"
        self.sent[number] = [(path, *sample) for sample in samples] if samples else None

    def beat(self, ms):
        self.time.now += ms
        now = self.time.now
        while self.due and self.start + self.due[0].at <= now:
            self.strike(self.due.pop(0))
        ready = [one for one in self.later if one[0] <= now]
        self.later = [one for one in self.later if one[0] > now]
        for _, act in ready:
            act()
        for device in self.devices.values():
            if now < self.start + self.span + CALM_MS:
                device.send(now, self.publish)
        actors = list(self.actors.values())
        self.dice.shuffle(actors)
        for actor in actors:
            if self.dice.random() < OFTEN:
                actor.turn()

    def go_on_to(self, until):
        """Beats of about the same length; called within a turn of a role that is held up, too."""
        while self.time.now < until:
            self.beat(self.dice.randrange(self.beat_ms // 2, self.beat_ms * 3 // 2))

    def run(self):
        self.go_on_to(self.start + self.span)
        self._heal()
        self.go_on_to(self.start + self.span + CALM_MS)
        self._until(self._is_taken_in)
        gateways = [self.actors[name].role for name in GATEWAYS]
        for gateway in gateways:
            gateway.finishing.set()
        self._until(lambda: all(gateway.ended for gateway in gateways))
        self._until(lambda: not self.lag())
        return self

    def _is_taken_in(self):
        """All that devices had is acknowledged to the broker, and no gateway is missing."""
        sent = not any(device.outbox or device.held for device in self.devices.values())
        return sent and self.broker.idle and all(self.actors[name].role is not None for name in GATEWAYS)

    def _heal(self):
        self.away, self.due = {}, []
        for actor in self.actors.values():
            actor.dooms, actor.back_at = [], min(actor.back_at, self.time.now + 10_000)
        for device in self.devices.values():
            device.cut_to = device.dead_to = device.shuffles_to = device.holds_to = device.hot_to = 0
            device.stands_to = device.timeless_to = 0
            device.conflicts = device.garbage = 0
        for _, act in self.later:
            act()
        self.later = []
        for name in WORKERS[:2]:
            self.actors[name].wanted = True

    def _until(self, is_done):
        for _ in range(MANY):
            if is_done():
                return
            for device in self.devices.values():
                device.due = 0
                if device.outbox or device.held:
                    device.send(device.made_to, self.publish)
            self.time.now += self.beat_ms
            for actor in self.actors.values():
                actor.turn()
        raise Unrest(f"seed {self.seed}: no rest after {MANY} beats; lag {self.lag()}, broker idle {self.broker.idle}")

    def lag(self):
        """Records that a role has not committed, by group and topic."""
        wanted = {("worker", SAMPLES), *(("historian", topic) for topic in STORED)}
        wanted |= {("notifier", topic) for topic in TOLD}
        found = {}
        for group, topic in sorted(wanted):
            ends = [len(held) for held in self.log.topics[topic]]
            done = [self.log.committed.get((group, topic, p), 0) for p in range(len(ends))]
            if ends != done:
                found[group, topic] = sum(ends) - sum(done)
        return found
