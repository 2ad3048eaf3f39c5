"""Benchmark `mqtt`: messages with QoS 1 from a socket, without a broker -> taken in, settled and acknowledged.

Rules: rounds of the source that gateways have and of a stock paho client take turns; the clock stops when the sender
has the last acknowledgement. Every message must have come, once and in order, and every acknowledgement in order.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.source import MqttSource
from pipeline.bench.loads import Mismatch
from pipeline.bench.mqtt_feed import PATIENCE_S, Feeding, feeding, message
from pipeline.bench.table import Row, row
from pipeline.roles.gateway import MAX_MESSAGES
from pipeline.runtime.clock import WallClock
from pipeline.runtime.garbage import search_seldom

WARM_UP, MESSAGES = 10_000, 50_000
CASE, BASELINE, UNIT = "received, QoS 1, one sample each", "stock paho", "messages/s"
Got = Sequence[tuple[str, bytes]]


def steps(rounds: int) -> int:
    """How often `run` calls `said`."""
    return rounds + 1


def run(rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """Raises Mismatch where a message is lost, repeated or acknowledged out of order."""
    yield from measure(WARM_UP, MESSAGES, rounds, said)


def measure(warm: int, messages: int, rounds: int, said: Callable[[str], None]) -> Iterator[Row]:
    """`messages` are measured, behind the `warm`."""
    search_seldom()  # as every process with a gateway does
    wanted = [message(number) for number in range(warm + messages)]
    said("messages written")
    own: list[float] = []
    plain: list[float] = []
    for _ in range(rounds):
        own.append(_round(_by_source, warm, wanted))
        plain.append(_round(_by_paho, warm, wanted))
        said(CASE)
    yield row(CASE, UNIT, own, (BASELINE, plain))
    yield row(f"{CASE}: {BASELINE}", UNIT, plain)


def _round(receive: Callable[[Feeding, int, int], tuple[Got, float]], warm: int, wanted: Got) -> float:
    with feeding(len(wanted)) as feed:
        got, rate = receive(feed, warm, len(wanted))
    check(got, wanted)
    return rate


def check(got: Got, wanted: Got) -> None:
    if len(got) != len(wanted) or list(got) != list(wanted):
        raise Mismatch(f"of {len(wanted)} messages {len(got)} came, or others, or out of order")


def _rate(feed: Feeding, started: float, warm: int, count: int) -> float:
    """Messages a second from `started` until the sender has all acknowledgements."""
    report = feed.report()
    rate = (count - warm) / (perf_counter() - started)
    if report != f"{count} in order":
        raise Mismatch(f"of {count} messages were acknowledged: {report or 'nothing is known'}")
    return rate


def _by_source(feed: Feeding, warm: int, count: int) -> tuple[Got, float]:
    source = MqttSource(MqttSettings(f"mqtt://127.0.0.1:{feed.port}", "bench"), ["#"], WallClock())
    got: list[tuple[str, bytes]] = []
    try:
        started, until = perf_counter(), perf_counter() + PATIENCE_S
        while len(got) < count and perf_counter() < until:
            left = warm - len(got)
            found = source.poll(0.2, min(MAX_MESSAGES, left) if left > 0 else MAX_MESSAGES)
            got += [(one.payload.topic, one.payload.body) for one in found]
            source.settle([one.token for one in found])
            if left > 0 and len(got) == warm:
                started = perf_counter()
        return got, _rate(feed, started, warm, count)
    finally:
        source.close()


def _by_paho(feed: Feeding, warm: int, count: int) -> tuple[Got, float]:
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-stock", protocol=MQTTv5)
    got: list[tuple[str, bytes]] = []
    warmed, done = threading.Event(), threading.Event()

    def on_message(_client: Client, _data: object, one: MQTTMessage) -> None:
        got.append((one.topic, bytes(one.payload)))
        if len(got) == warm:
            warmed.set()
        if len(got) == count:
            done.set()

    client.on_message = on_message
    client.on_connect = _subscribe
    client.connect("127.0.0.1", feed.port)
    client.loop_start()
    try:
        warmed.wait(PATIENCE_S)
        started = perf_counter()
        done.wait(PATIENCE_S)
        return got, _rate(feed, started, warm, count)
    finally:
        client.disconnect()
        client.loop_stop()


def _subscribe(
    client: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _more: Properties | None
) -> None:
    client.subscribe("#", qos=1)
