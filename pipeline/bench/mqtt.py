"""Benchmark `mqtt`: messages with QoS 1 from a socket -> taken in, settled and acknowledged; without a broker, and
through Mosquitto where this machine has it.

Rules: rounds of the source that gateways have and of a stock paho client take turns; the clock stops when the sender
has the last acknowledgement (through a broker: when all is there). Every message must have come, once and in order, and
every acknowledgement in order. A second of CPU time is one of this process, whoever else works on the machine.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.source import Message, MqttSource
from connectors.services.broker import embedded_broker
from connectors.services.broker_children import find_mosquitto
from pipeline.bench.loads import Mismatch
from pipeline.bench.mqtt_feed import PATIENCE_S, Feeding, feeding, message
from pipeline.bench.table import Row, row
from pipeline.roles.gateway import MAX_MESSAGES
from pipeline.runtime.clock import WallClock
from pipeline.runtime.garbage import search_seldom

WARM_UP, MESSAGES, THROUGH = 10_000, 100_000, 20_000
CASE, BASELINE, UNIT = "received, QoS 1, one sample each", "stock paho", "messages/s"
BROKER_CASE = f"{CASE}, through Mosquitto"
SUBSCRIBED_S = 0.5
Got = Sequence[tuple[str, bytes]]


class Rate(NamedTuple):
    """Messages a second, by the wall and by the CPU time of this process."""

    wall: float
    cpu: float


class Mark:
    """From when on is measured."""

    def __init__(self) -> None:
        self.wall, self.cpu = perf_counter(), process_time()

    def rate(self, messages: int) -> Rate:
        return Rate(messages / (perf_counter() - self.wall), messages / (process_time() - self.cpu))


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return 2 * rounds + 1


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where a message is lost, repeated or acknowledged out of order."""
    search_seldom()  # as every process with a gateway does
    yield from measure(WARM_UP, MESSAGES, rounds, said)
    if find_mosquitto():
        with TemporaryDirectory() as folder, embedded_broker(Path(folder), kind="mosquitto") as broker:
            yield from measure(WARM_UP, THROUGH, rounds, said, broker.port)


def measure(warm: int, messages: int, rounds: int, said: Callable[[str], None], broker: int = 0) -> Iterator[Row]:
    """`messages` are measured, behind the `warm`; `broker`: the port of one to go through."""
    case = BROKER_CASE if broker else CASE
    wanted = [message(number) for number in range(warm + messages)]
    if not broker:
        said("messages written")
    own: list[Rate] = []
    plain: list[Rate] = []
    for _ in range(rounds):
        own.append(_round(_by_source, warm, wanted, broker))
        plain.append(_round(_by_paho, warm, wanted, broker))
        said(case)
    for name, ours, theirs in (
        (case, [rate.wall for rate in own], [rate.wall for rate in plain]),
        (f"{case}, by CPU time", [rate.cpu for rate in own], [rate.cpu for rate in plain]),
    ):
        yield row(name, UNIT, ours, (BASELINE, theirs))
        yield row(f"{name}: {BASELINE}", UNIT, theirs)


class Sender:
    """Begins to send as soon as a client has come, or, through a broker, `begin` is called."""

    def __init__(self, stack: ExitStack, count: int, broker: int) -> None:
        self._stack, self.count, self.broker = stack, count, broker
        self._feed: Feeding | None = None if broker else stack.enter_context(feeding(count))
        self.port = self._feed.port if self._feed else broker

    def begin(self) -> None:
        """Once the client has subscribed."""
        if self._feed is None:
            WallClock().wait(SUBSCRIBED_S)
            self._feed = self._stack.enter_context(feeding(self.count, self.broker))

    def await_all(self) -> None:
        report = self._feed.report() if self._feed else ""
        if report != f"{self.count} in order":
            raise Mismatch(f"of {self.count} messages were acknowledged: {report or 'nothing is known'}")


def _round(receive: Callable[[Sender, int], tuple[Got, Rate]], warm: int, wanted: Got, broker: int) -> Rate:
    with ExitStack() as stack:
        got, rate = receive(Sender(stack, len(wanted), broker), warm)
    check(got, wanted)
    return rate


def check(got: Got, wanted: Got) -> None:
    if len(got) != len(wanted) or list(got) != list(wanted):
        raise Mismatch(f"of {len(wanted)} messages {len(got)} came, or others, or out of order")


def _by_source(sender: Sender, warm: int) -> tuple[Got, Rate]:
    settings = MqttSettings(f"mqtt://127.0.0.1:{sender.port}", "bench-own", keeps_session=False, session_expiry_s=0)
    source = MqttSource(settings, ["#"], WallClock())
    taken: list[list[Message]] = []
    count = 0
    try:
        mark, until = Mark(), perf_counter() + PATIENCE_S
        while not source.connected and perf_counter() < until:
            source.poll(0.01, 0)
        sender.begin()
        while count < sender.count and perf_counter() < until:
            left = warm - count
            found = source.poll(0.2, min(MAX_MESSAGES, left) if left > 0 else MAX_MESSAGES)
            source.settle([one.token for one in found])
            taken.append(found)
            count += len(found)
            if left > 0 and count == warm:
                mark = Mark()
        sender.await_all()
        rate = mark.rate(sender.count - warm)
        return [one.payload[:2] for found in taken for one in found], rate
    finally:
        source.close()


def _by_paho(sender: Sender, warm: int) -> tuple[Got, Rate]:
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-stock", protocol=MQTTv5)
    got: list[tuple[str, bytes]] = []
    warmed, done = threading.Event(), threading.Event()

    def on_message(_client: Client, _data: object, one: MQTTMessage) -> None:
        got.append((one.topic, bytes(one.payload)))
        if len(got) == warm:
            warmed.set()
        if len(got) == sender.count:
            done.set()

    client.on_message = on_message
    client.on_connect = _subscribe
    client.connect("127.0.0.1", sender.port)
    client.loop_start()
    try:
        sender.begin()
        warmed.wait(PATIENCE_S)
        mark = Mark()
        done.wait(PATIENCE_S)
        sender.await_all()
        return got, mark.rate(sender.count - warm)
    finally:
        client.disconnect()
        client.loop_stop()


def _subscribe(
    client: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _more: Properties | None
) -> None:
    client.subscribe("#", qos=1)
