"""Long runs of the bundled park in virtual time: plant, gateway, worker and historian in one thread, without a broker.

Rule: the product's own roles, log and store; states, counters and meters as ever, physical signals thinned out.
"""

import shutil
from dataclasses import dataclass, replace
from itertools import count

from connectors.codecs.topics import Grammar
from connectors.local_store import LocalStore
from connectors.mqtt.source import Message
from pipeline.config.read import read_config
from pipeline.config.undeclared import default_line
from pipeline.core.samples import Payload
from pipeline.roles.gateway import Gateway, GatewaySetup
from pipeline.roles.historian import Historian
from pipeline.roles.start import open_log
from pipeline.roles.worker import Worker
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments
from simulators.demo import BROKER
from simulators.plant import Plant
from tests.bundled import CONFIG

TICK_MS, ROUND = 60_000, 5  # the gateway writes each tick, the rest of the chain goes on each round of ticks
SPARSE_MS = 10_000
WINDOWS = ('windows = ["1s", "10s", "1m", "15m", "shift"]', 'windows = ["10s", "15m", "shift"]')


class Handed:
    """What a gateway reads where no broker stands between: messages, received when they were handed over."""

    connected, troubles = True, ()

    def __init__(self):
        self.waiting, self.settled, self.tokens = [], 0, count()

    def hand(self, messages, now_ms):
        self.waiting += [Message(next(self.tokens), Payload(topic, body, now_ms)) for topic, body in messages]

    def poll(self, max_wait, max_messages):
        taken, self.waiting = self.waiting[:max_messages], self.waiting[max_messages:]
        return [taken]

    def settle(self, tokens):
        self.settled += len(tokens[0])

    def counts(self):
        return self

    @property
    def unsettled_bytes(self):
        return sum(len(message.payload.body) for message in self.waiting)

    def close(self):
        assert not self.waiting


@dataclass
class Day:
    """What came of a run: the plant with its truth, and the store."""

    plant: Plant
    store: LocalStore

    @property
    def span(self):
        return self.plant.start_ms, self.plant.now_ms


def thinned(line):
    """A line whose physical signals come every 10 s at most, but those that mischief needs each second."""
    if not line.pace_unit:
        return line

    def sparse(signal):
        return signal if signal.metric in line.sturdy else replace(signal, period_ms=max(signal.period_ms, SPARSE_MS))

    panels = [replace(unit.panel, signals=tuple(map(sparse, unit.panel.signals))) for unit in line.machines]
    machines = [replace(u, panel=panel, measures=()) for u, panel in zip(line.machines, panels, strict=True)]
    return replace(line, machines=tuple(machines))


def configured(folder, forgotten=""):
    """The bundled configuration with long windows instead of short ones, but for one text of it."""
    shutil.copytree(CONFIG, folder)
    for file in folder.glob("lines/*.toml"):
        assert WINDOWS[0] in file.read_text("utf-8")
        file.write_text(file.read_text("utf-8").replace(*WINDOWS), "utf-8")
    park = (folder / "park.toml").read_text("utf-8")
    assert forgotten in park
    park = park.replace(forgotten, "") + BROKER.format(url="mqtt://127.0.0.1:1", protocol="5")
    (folder / "park.toml").write_text(park, "utf-8")
    return read_config(folder)


def run_day(folder, lines, hours, span, *, seed=1, forgotten=""):
    config = configured(folder / "config", forgotten)
    plant, clock, source = Plant(lines, seed, span[0], hours), VirtualClock(span[0]), Handed()
    log, store, instruments = open_log(config, clock), LocalStore(folder / "store.sqlite"), Instruments()
    broker = config.brokers[0]
    grammar = Grammar(config.levels, frozenset(broker.families), broker.patterns)
    declared = [line for line in config.lines if line.path in plant.truth]
    undeclared = default_line("-", config.levels, config.time)
    setup = GatewaySetup("day", [grammar], config.gateway.max_payload, declared, undeclared, 0.0)
    gateway = Gateway(source, log, clock, setup, instruments)
    chain = (Worker(log, instruments), Historian(log, store, instruments))
    for tick, t in enumerate(range(span[0], span[1], TICK_MS), 1):
        clock.advance(t + TICK_MS)
        source.hand(plant.messages(t, t + TICK_MS), clock.now_ms())
        take_all(gateway)
        if tick % ROUND == 0:
            list(map(take_all, chain))
    gateway.finishing.set()
    for role in (gateway, *chain):
        take_all(role)
        role.close()
    log.close()
    assert source.settled == next(source.tokens)
    return Day(plant, LocalStore(folder / "store.sqlite"))


def take_all(role):
    while role.turn(0.0):
        pass
