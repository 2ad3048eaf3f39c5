"""The world outside: a publisher that knows what the broker has acknowledged, and a subscriber of the alert topics."""

import json
import random
import threading
import time
from collections import deque

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

LINES = tuple(f"plant/line-{k}" for k in range(1, 5))
TICK_MS = 10
SINGLES = 3  # messages a line and tick
METRICS = tuple(f"m{k}" for k in range(12))
STATES = ("execute", "held", "execute", "idle")
PERIOD_MS, COLD_MS = 7_000, 2_000
CALM_S = 5.0  # without an incident, at the end

Sample = tuple[str, str, str, int, float | str]  # line, unit, metric, t, value


def client(name: str, port: int) -> Client:
    made = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTv5)
    made.max_inflight_messages_set(5_000)
    properties = Properties(PacketTypes.CONNECT)
    properties.ReceiveMaximum = 10_000
    made.connect("127.0.0.1", port, keepalive=60, clean_start=True, properties=properties)
    made.loop_start()
    return made


class Publisher:
    """Values are a function of seed and tick; times are the wall's, for gateways compare them with their own."""

    def __init__(self, port: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._phase = {line: self._random.randrange(PERIOD_MS) for line in LINES}
        self._good, self._bad = dict.fromkeys(LINES, 0), dict.fromkeys(LINES, 0)
        self._client = client("publisher", port)
        self._client.on_publish = lambda _client, _data, mid, reason, _more: self._answers.append((mid, reason.value))
        self._waiting: dict[int, list[Sample] | bytes] = {}
        self._answers: deque[tuple[int, int]] = deque()  # (mid, reason), from the network thread
        self.acknowledged: list[Sample] = []
        self.unreadable: list[bytes] = []
        self.refused: list[int] = []
        self.messages, self.seconds = 0, 0.0
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def await_subscriber(self, seconds: float = 30.0) -> None:
        """The broker says of a publication whether anybody is subscribed to it."""
        until = time.monotonic() + seconds
        while True:
            self.refused.clear()
            self._send(f"{LINES[0]}/packer/probe", [(LINES[0], "packer", "probe", now_ms(), 1.0)])
            self._drain()
            if not self.refused:
                return
            assert time.monotonic() < until, f"no gateway subscribed: {self.refused}"
            time.sleep(0.2)

    def start(self) -> None:
        self._thread.start()

    def await_later(self, seconds: float) -> None:
        """Until the broker takes what is sent from now on, and so long more."""
        taken, until = len(self.acknowledged), time.monotonic() + 30
        while len(self.acknowledged) == taken:
            assert time.monotonic() < until, "the broker takes nothing"
            time.sleep(0.05)
        time.sleep(seconds)

    def finish(self) -> None:
        """Calms down, ends, and waits for the last PUBACK."""
        self._halt.set()
        self._thread.join()
        self._drain()

    def close(self) -> None:
        self._halt.set()
        self._client.disconnect()
        self._client.loop_stop()

    def _drain(self, seconds: float = 20.0) -> None:
        until = time.monotonic() + seconds
        while self._settle():
            assert time.monotonic() < until, f"the broker did not acknowledge {len(self._waiting)} messages"
            time.sleep(0.01)

    def _settle(self) -> int:
        """Takes in the PUBACKs so far; how many are still to come."""
        while self._answers:
            mid, reason = self._answers.popleft()
            sent = self._waiting.pop(mid)
            if reason:
                self.refused.append(reason)
            elif isinstance(sent, bytes):
                self.unreadable.append(sent)
            else:
                self.acknowledged += sent
        return len(self._waiting)

    def _run(self) -> None:
        t0, since, i, calm_at = now_ms(), time.monotonic(), 0, None
        while calm_at is None or i * TICK_MS < calm_at + CALM_S * 1000:
            if calm_at is None and self._halt.is_set():
                calm_at = i * TICK_MS
            pause = since + i * TICK_MS / 1000 - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            for line in LINES:
                self._tick(line, i, t0 + i * TICK_MS, calm_at is not None)
            i += 1
        self.seconds = time.monotonic() - since

    def _tick(self, line: str, i: int, t: int, calm: bool) -> None:
        for j in range(SINGLES):
            metric = METRICS[(SINGLES * i + j) % len(METRICS)]
            self._single((line, "packer", metric, t + j, round(self._random.gauss(20, 2), 3)))
        if i % 10 == 0:
            self._batch(line, i * TICK_MS, t, calm)
        if i % 50 == 7:
            self._single((line, "filler", "state", t, STATES[(i // 500 + LINES.index(line)) % len(STATES)]))
        if i % 97 == 11:
            self._send(f"{line}/packer/m0", f'{{"timestamp_ms":{t},"value":unreadable {line} {i}}}'.encode())

    def _single(self, sample: Sample) -> None:
        self._send(f"{sample[0]}/{sample[1]}/{sample[2]}", [sample])

    def _batch(self, line: str, since_ms: int, t: int, calm: bool) -> None:
        cold = (since_ms + self._phase[line]) % PERIOD_MS < COLD_MS and since_ms > 2_000 and not calm
        self._good[line] += self._random.randrange(3)
        self._bad[line] += self._random.random() < 0.05
        temps = [round((60 if cold else 75) + self._random.random(), 3) for _ in range(2)]
        samples: list[Sample] = [
            (line, "filler", "temp", t, temps[0]),
            (line, "filler", "temp", t + 50, temps[1]),
            (line, "filler", "good", t, float(self._good[line])),
            (line, "filler", "bad", t, float(self._bad[line])),
        ]
        self._send(line, samples)

    def _send(self, path: str, content: list[Sample] | bytes) -> None:
        body = content if isinstance(content, bytes) else _body(path, content)
        self._settle()
        self._waiting[self._client.publish(f"parkpulse/v1/data/{path}", body, qos=1).mid] = content
        self.messages += 1


def _body(path: str, samples: list[Sample]) -> bytes:
    if path.count("/") > 1:
        return json.dumps({"timestamp_ms": samples[0][3], "value": samples[0][4]}, separators=(",", ":")).encode()
    rows = [{"t": t, "m": f"{unit}/{metric}", "v": v} for _, unit, metric, t, v in samples]
    return json.dumps(rows, separators=(",", ":")).encode()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Listener:
    """All that comes on the alert topics, repeats and all."""

    def __init__(self, port: int) -> None:
        self.heard: list[dict] = []
        self._client = client("listener", port)
        self._client.on_message = lambda _client, _data, message: self.heard.append(json.loads(message.payload))
        self._client.subscribe("parkpulse/v1/alerts/#", 1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
