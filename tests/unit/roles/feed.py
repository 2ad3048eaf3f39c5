"""A gateway without a broker: its source is a list of messages."""

from connectors.codecs.topics import Grammar
from connectors.memory import MemoryLog
from connectors.mqtt.source import Message, SourceCounts
from pipeline.config.undeclared import default_line
from pipeline.core.line_config import TimeConfig
from pipeline.core.samples import Payload
from pipeline.roles.gateway import Gateway, GatewaySetup
from pipeline.roles.start import TOPICS
from pipeline.runtime.clock import VirtualClock
from pipeline.runtime.instruments import Instruments

LEVELS = ("site", "line", "unit")
FAMILIES = frozenset({"own", "umh", "telegraf"})
T0 = 1_780_000_000_000


class Feed:
    """What comes, and what of it was settled."""

    troubles, connected = (), True

    def __init__(self):
        self.messages, self.settled = [], []

    def poll(self, max_wait, max_messages):
        some, self.messages = self.messages[:max_messages], self.messages[max_messages:]
        return [some]

    def settle(self, tokens):
        self.settled += tokens[0]

    def counts(self):
        return SourceCounts(0, 0, 0, 0, 0, 0, "")

    def close(self):
        pass


class Bench:
    def __init__(self, max_payload=1 << 20):
        self.log, self.feed = MemoryLog(VirtualClock(T0)), Feed()
        self.log.ensure(dict.fromkeys(TOPICS, 1))
        time = TimeConfig()
        setup = GatewaySetup(
            "gw-1", [Grammar(LEVELS, FAMILIES, ())], max_payload, [], default_line("-", LEVELS, time), 0.0
        )
        self.instruments = Instruments()
        self.gateway = Gateway(self.feed, self.log, self.log.clock, setup, self.instruments)

    def take(self, payloads):
        """[(topic, body)]"""
        first = len(self.feed.settled)
        self.feed.messages += [Message(first + k, Payload(*one, T0)) for k, one in enumerate(payloads)]
        while self.feed.messages:
            self.gateway.turn(0.0)
        self.gateway.turn(0.0)
        assert len(self.feed.settled) == first + len(payloads)

    def records(self, topic):
        return self.log.topics[topic][0]
