"""A gateway whose log is away for a while, and what a worker makes of it: acknowledged meanwhile, on time when back."""

import pytest

from connectors.codecs import results_json
from connectors.codecs.topics import Grammar
from connectors.memory import MemoryLog
from connectors.mqtt.source import Message
from connectors.spool import Spool, spool_path
from pipeline.config.undeclared import default_line
from pipeline.core.errors import Unavailable
from pipeline.core.frames import SPOOLED, Kind, decode
from pipeline.core.line_config import LineConfig, TimeConfig
from pipeline.core.samples import Payload
from pipeline.roles.gateway import Gateway, GatewaySetup
from pipeline.roles.spooled_writer import SpoolBounds, SpooledWriter
from pipeline.roles.start import TOPICS
from pipeline.roles.worker import Worker
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments
from tests.unit.roles.feed import FAMILIES, LEVELS, T0, Feed


class Place:
    """One log, its clock, and any number of gateways and a worker on it."""

    def __init__(self, folder):
        self.folder, self.clock = folder, VirtualClock(T0)
        self.log, self.seconds, self.gateways = MemoryLog(self.clock), 0.0, []
        self.log.ensure(dict.fromkeys(TOPICS, 1))

    def gateway(self, name):
        spool = Spool(spool_path(self.folder, name), self.clock)
        instruments = Instruments()
        writer = SpooledWriter(
            self.log.writer(), spool, bounds=SpoolBounds(), clock=self.clock, instruments=instruments,
            seconds=lambda: self.seconds,
        )  # fmt: skip
        lines = [LineConfig(path=f"s/l{n}") for n in (1, 2)]
        undeclared = default_line("-", LEVELS, TimeConfig())
        setup = GatewaySetup(name, [Grammar(LEVELS, FAMILIES, ())], 1 << 20, lines, undeclared, 0.0)
        found = Gateway(Feed(), self.log, self.clock, setup, instruments, writer)
        self.gateways.append(found)
        return found

    def later(self, ms):
        self.seconds += ms / 1000
        self.clock.advance(self.clock.now_ms() + ms)

    def send(self, gateway, line="s/l1", metric="speed"):
        """A sample of now; whether it was acknowledged."""
        now = self.clock.now_ms()
        body = b'{"timestamp_ms": %d, "value": 1.5}' % now
        feed = gateway.source
        feed.messages.append(Message(len(feed.settled), Payload(f"parkpulse/v1/data/{line}/u/{metric}", body, now)))
        before = len(feed.settled)
        try:
            gateway.turn(0.0)
            gateway.turn(0.0)
        except Unavailable:
            return False
        return len(feed.settled) > before

    def go_away(self, gateway):
        self.log.is_away = True
        while not gateway.spooled.state.is_away:
            self.later(1_000)
            with pytest.raises(Unavailable):
                gateway.turn(0.0)
            if gateway.spooled._seconds() - (gateway.spooled._failing_since or 0.0) >= 4.0:
                self.later(1_000)
                gateway.turn(0.0)

    def frames(self):
        return [(record.key.decode(), decode(record.value)) for record in self.log.topics["samples.v1"][0]]

    def drain(self, gateway):
        while gateway.spooled.state.lanes or gateway.spooled.state.is_away:
            self.later(1_000)
            gateway.turn(0.0)

    def ledger(self):
        """By gateway, of all hours: the newest that a worker says, which says it every 10 s."""
        for gateway in [*self.gateways, *self.gateways]:
            self.later(10_000)
            gateway.turn(0.0)
        worker = Worker(self.log, Instruments())
        while worker.turn(0.0):
            pass
        worker.close()
        said = [one for record in self.log.topics["results.v1"][0] for one in results_json.decode(record.value)]
        own = [one for one in said if one.kind == "ledger" and one.equipment == "s/l1"]
        newest = {(one.name, one.window_start): (one.revision, one.values) for one in own}
        counts = {}
        for (name, _), (_, values) in newest.items():
            for key, value in values.items():
                counts.setdefault(name, {})[key] = counts.get(name, {}).get(key, 0) + value
        return counts


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path)
    yield found
    found.log.is_away = False
    for gateway in found.gateways:
        gateway.close()


def tick(place, gateway, n):
    for _ in range(n):
        place.later(1_000)
        assert place.send(gateway)


def test_row_06_what_comes_while_the_log_is_away_is_acknowledged_and_said_and_heartbeats_wait(place):
    gateway = place.gateway("gw")
    tick(place, gateway, 3)
    place.go_away(gateway)
    before = len(place.frames())
    tick(place, gateway, 20)
    assert len(place.frames()) == before
    assert gateway.trouble.startswith("log: away; the records wait; what comes is kept in the spool")
    place.log.is_away = False
    place.drain(gateway)
    tick(place, gateway, 3)
    spooled = [(line, frame) for line, frame in place.frames() if frame.flags & SPOOLED]
    assert {(line, frame.kind) for line, frame in spooled} == {("s/l1", Kind.DATA)}
    assert gateway.trouble == ""
    for line in ("s/l1", "s/l2"):
        own = [frame for of, frame in place.frames() if of == line]
        assert [frame.number for frame in own] == list(range(1, len(own) + 1))
        assert [frame.ingest_ms for frame in own] == sorted(frame.ingest_ms for frame in own)


def test_while_the_log_is_away_no_heartbeat_is_kept(place):
    gateway = place.gateway("gw")
    tick(place, gateway, 1)
    place.log.is_away = True
    assert not place.send(gateway)
    place.seconds += 5.0
    gateway.turn(0.0)
    for _ in range(5):
        place.later(1_000)
        gateway.turn(0.0)
    assert gateway.spooled.lines == {"s/l1"}
    assert gateway.spooled.state.records == 1


def test_a_line_with_something_in_the_spool_has_no_heartbeat_and_the_others_have(place):
    gateway = place.gateway("gw")
    tick(place, gateway, 1)
    place.go_away(gateway)
    tick(place, gateway, 20)
    place.log.is_away = False
    gateway.spooled._room, gateway.spooled._bounds = 0.0, SpoolBounds(drain=1)
    back = place.clock.now_ms()
    for _ in range(5):
        place.later(1_000)
        gateway.turn(0.0)
    beats = {line for line, frame in place.frames() if frame.kind == Kind.HEARTBEAT and frame.ingest_ms > back}
    assert "s/l2" in beats
    assert "s/l1" not in beats
    gateway.spooled._bounds = SpoolBounds()


def test_a_source_that_was_cut_off_from_the_log_is_on_time_when_it_is_back(place):
    gateway = place.gateway("gw")
    tick(place, gateway, 10)
    place.go_away(gateway)
    tick(place, gateway, 600)
    place.log.is_away = False
    place.drain(gateway)
    tick(place, gateway, 30)
    counts = place.ledger()["gw"]
    assert (counts["received"], counts["gap"], counts["expired"], counts["duplicate"]) == (640, 0, 0, 0)


def test_row_06_when_another_gateway_took_over_the_old_one_s_spool_comes_back_late_and_nothing_is_lost(place):
    old, new = place.gateway("gw-old"), place.gateway("gw-new")
    tick(place, old, 10)
    place.go_away(old)
    tick(place, old, 30)
    place.log.is_away = False
    tick(place, new, 60)
    place.drain(old)
    tick(place, new, 30)
    counts = place.ledger()
    assert (counts["gw-old"]["received"], counts["gw-old"]["gap"]) == (40, 0)
    assert counts["gw-old"]["corrected"] == 30
    assert (counts["gw-new"]["received"], counts["gw-new"]["gap"], counts["gw-new"]["expired"]) == (90, 0, 0)
    for one in counts.values():
        ends = ("stored", "duplicate", "conflict", "expired", "rejected", "waiting")
        assert one["received"] == sum(one[key] for key in ends)
