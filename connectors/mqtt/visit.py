"""One short connection to a broker, to ask and not to work: made, asked, ended, all in the calling thread.

Rule: what comes on it is not acknowledged; it comes to nobody's loss, for the session ends with it.
"""

from collections.abc import Callable, Sequence

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from connectors.mqtt.settings import MqttSettings, make_client
from pipeline.runtime.clock import monotonic

ANSWER_S = 5.0
_NAP = 0.1


class Visit:
    """`refused`: the broker's word where it let us not in; `largest`: bytes of a packet, where it has a limit; `said`:
    the last payload of each topic under $SYS."""

    def __init__(self, settings: MqttSettings) -> None:
        self._newest = settings.protocol == "5"
        self._client = make_client(settings, Client)
        self._connected = False
        self._granted: dict[int, list[int | None]] = {}
        self.refused = ""
        self.largest: int | None = None
        self.said: dict[str, str] = {}
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def connect(self, seconds: float) -> bool:
        """Whether we are in. Raises OSError where there is no connection."""
        self._client.reconnect()
        self.listen(seconds, lambda: self._connected or bool(self.refused))
        return self._connected

    def subscribe(self, filters: Sequence[str], qos: int = 1) -> dict[str, int | None]:
        """The QoS that each filter got, None where it was refused; without one that nobody answered for."""
        if not filters:
            return {}
        if self._newest:
            quiet = [(name, SubscribeOptions(qos=qos, retainHandling=_retained(name))) for name in filters]
            _, mid = self._client.subscribe(quiet)
        else:
            _, mid = self._client.subscribe([(name, qos) for name in filters])
        if mid is not None:
            self.listen(ANSWER_S, lambda: mid in self._granted)
        return dict(zip(filters, self._granted.get(mid or 0, []), strict=False))

    def listen(self, seconds: float, fact: Callable[[], bool]) -> None:
        """Until the fact has come true, or the time is over, or the connection."""
        until = monotonic() + seconds
        while not fact() and monotonic() < until and self._client.loop(_NAP) == 0:
            pass

    def end(self) -> None:
        """Takes leave; twice is allowed."""
        if self._client.socket() is not None:
            self._client.disconnect()
            self.listen(1.0, lambda: self._client.socket() is None)

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, told: Properties | None
    ) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            return
        self._connected = True
        largest = getattr(told, "MaximumPacketSize", None)
        self.largest = largest if isinstance(largest, int) else None

    def _on_subscribe(
        self, _client: Client, _data: object, mid: int, reasons: list[ReasonCode], _told: Properties | None
    ) -> None:
        self._granted[mid] = [None if reason.is_failure else reason.value for reason in reasons]

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic.startswith("$SYS/"):
            self.said[message.topic] = bytes(message.payload).decode(errors="replace")


def _retained(name: str) -> int:
    wanted = (
        SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if name.startswith("$SYS/") else SubscribeOptions.RETAIN_DO_NOT_SEND
    )
    return int(wanted)
