"""Lines whose samples cross a limit every second, the client that hears their alerts, and the look at their KPIs.

Rules: a sample is stamped when it is sent, and an alert bears the stamp of the sample that caused it: their difference
by one clock is the latency. Sender, listener and look are no part of the product, and share no connection with it.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter, sleep, time_ns

import msgspec
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from connectors.codecs.topics import FAMILIES
from connectors.influx.queries import Queries
from connectors.influx.settings import InfluxSettings
from connectors.influx.wire import Wire
from pipeline.bench.loads import Mismatch
from pipeline.core.errors import Unavailable

LINES, PERIOD_S = 20, 0.1
TURN = 11  # samples of a line after which it crosses its limit: at another place of its second each time
WINDOW_MS, LOOK_S, EARLY_MS = 10_000, 0.02, 1_500
METRICS = 3  # of each message
ALERTS = "parkpulse/v1/alerts/park"
LINE = """
path = "park/probe-{number}"
[[units]]
name = "press"
ideal_cycle = "0.1s"
[units.metrics.state]
role = "state"
codes = "packml"
[units.metrics.parts]
role = "good_count"
[units.metrics.temp]
role = "temperature"
[[alarms]]
name = "hot"
kind = "limit"
unit = "press"
metric = "temp"
high = 90.0
on_arrival = true
"""


def line_files() -> list[str]:
    return [LINE.format(number=number) for number in range(LINES)]


class _Alert(msgspec.Struct):
    id: str
    transition: int
    equipment: str
    event_time_ms: int


@dataclass(slots=True)
class Probe:
    """`crossed`: (line, ms) of samples that crossed; `heard`: when the alert of each was, by our clock."""

    address: str
    sent: int = 0
    crossed: list[tuple[str, int]] = field(default_factory=list)
    heard: dict[tuple[str, int], int] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5))
    ready: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        host, _, port = self.address.rpartition(":")
        self.client.on_connect, self.client.on_message = self._subscribe, self._hear
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.connect(host, int(port))
        self.client.loop_start()
        if not self.ready.wait(10.0):
            raise Mismatch("the listener to alerts cannot subscribe")

    def _subscribe(
        self, client: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _more: Properties | None
    ) -> None:
        client.subscribe(f"{ALERTS}/#", qos=1)

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        now = time_ns() // 1_000_000
        alert = msgspec.json.decode(message.payload, type=_Alert)
        self.heard.setdefault((alert.equipment.split("/")[1], alert.event_time_ms), now)

    def send(self, seconds: float, began_ms: int, until_ms: int) -> None:
        """Crossings count from `began_ms` to `until_ms`; what is sent behind them moves the clocks on."""
        started, turns = perf_counter(), round(seconds / PERIOD_S) * LINES
        for turn in range(turns):
            sleep(max(0.0, started + turn * PERIOD_S / LINES - perf_counter()))
            count, line = divmod(turn, LINES)
            now, hot = time_ns() // 1_000_000, count // TURN % 2
            self._say(line, now, count, 95.0 if hot else 75.0)
            if count and count % TURN == 0 and began_ms <= now < until_ms:
                self.crossed.append((f"probe-{line}", now))

    def await_all_taken(self, patience_s: float) -> None:
        """A broker hands out in order: when the alert of one more crossing is here, the gateway has all before it."""
        until, now = perf_counter() + patience_s, time_ns() // 1_000_000
        for t_ms, temp in ((now, 75.0), (now + 1, 95.0)):
            self._say(0, t_ms, self.sent, temp)
        while ("probe-0", now + 1) not in self.heard:
            if perf_counter() > until:
                raise Mismatch(f"no alert of the last sample after {patience_s:g} s")
            sleep(0.1)

    def _say(self, line: int, t_ms: int, parts: int, temp: float) -> None:
        body = f'{{"timestamp_ms":{t_ms},"state":6,"parts":{parts},"temp":{temp}}}'
        self.client.publish(f"{FAMILIES['own'][0]}park/probe-{line}/press", body, qos=1)
        self.sent += METRICS

    def delays_ms(self, patience_s: float) -> list[int]:
        """Of each sample that crossed; raises Mismatch where no alert came of one."""
        until = perf_counter() + patience_s
        while perf_counter() < until and not all(one in self.heard for one in self.crossed):
            sleep(0.1)
        if lost := [one for one in self.crossed if one not in self.heard]:
            raise Mismatch(f"{len(lost)} of {len(self.crossed)} samples beyond a limit made no alert: {lost[0]}")
        return [self.heard[one] - one[1] for one in self.crossed]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@dataclass(slots=True)
class KpiLook:
    """Asks, in a thread of its own, for the KPIs of windows as they end. `delays_ms`: of each KPI of the lines."""

    database: InfluxSettings
    ends_ms: Sequence[int]
    delays_ms: list[int] = field(default_factory=list)
    failed: str = ""

    def run(self) -> None:
        wire = Wire(self.database)
        try:
            for end_ms in self.ends_ms:
                sleep(max(0.0, (end_ms + EARLY_MS - time_ns() // 1_000_000) / 1000))
                self._await(Queries(wire), end_ms)
        except (Mismatch, Unavailable) as error:
            self.failed = str(error)
        finally:
            wire.close()

    def _await(self, queries: Queries, end_ms: int) -> None:
        where = f"time = {end_ms - WINDOW_MS}ms AND \"window\" = '10s'"
        statement = f'SELECT "coverage" FROM "kpis" WHERE {where} GROUP BY "line", "unit"'
        seen, now = 0, end_ms
        while seen < 2 * LINES and now < end_ms + 3 * WINDOW_MS:
            sleep(LOOK_S)
            found = sum(len(answer.series) for answer in queries.run([statement], {}))
            now = time_ns() // 1_000_000
            self.delays_ms += [now - end_ms] * (found - seen)
            seen = found
        if seen != 2 * LINES:
            raise Mismatch(f"{seen} of {2 * LINES} KPIs of a window are in InfluxDB 30 s after its end")
