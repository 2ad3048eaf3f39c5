"""What the broker tells us, taken in: connection, subscriptions, messages, acknowledgements of what we published.

Rule R5: no callback raises, whatever comes; what went wrong is counted and said in `last_error`. Where messages could
not be taken in, `stumbled` asks for a new connection, on which they come again.
"""

from collections.abc import Sequence
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from connectors.mqtt.arrivals import Arrivals
from connectors.mqtt.plain_client import PlainClient
from pipeline.runtime.logs import log

TAKEN_OVER = 142  # MQTT 5: another client came with our client id


class Duty(Protocol):
    """What a source or a sink does in the network thread. None of these waits."""

    def begin(self) -> None:
        """A new connection stands."""

    def lost(self) -> None:
        """It is gone, and all that was sent on it without an answer."""

    def receive(self, arrivals: Arrivals) -> None: ...

    def acknowledged(self, mid: int, refused: str) -> None:
        """The broker took what was published as `mid`, or refused it in these words."""

    def turn(self, client: PlainClient) -> None:
        """Send what there is to send."""

    def room(self, size: int) -> int:
        """How many messages may be read, if they have so many bytes together; 0: none, and no connection is wanted."""


class Callbacks:
    """Its plain attributes may be read by any thread; they are written by the network thread only."""

    def __init__(self, filters: Sequence[str], newest: bool, duty: Duty) -> None:
        self._filters, self._newest, self._duty = tuple(filters), newest, duty
        self.connected = False
        self.connections = 0
        self.errors = 0
        self.last_error = ""
        self.taken_over = self.stumbled = False

    def attach(self, client: PlainClient) -> None:
        self.stumbled = False
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.hear(self._take)
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe

    def _on_connect(
        self, client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if reason.is_failure:
            self.last_error = f"broker refused the connection: {reason}"
            return
        first = self.connections == 0
        self.connections += 1
        self.connected, self.taken_over, self.last_error = True, False, ""
        self._duty.begin()
        if self._filters and (first or not flags.session_present):
            self._subscribe(client)
        if self._filters and not first and not flags.session_present:
            log("mqtt").warning("the broker has forgotten our session: what it held for us is lost")

    def _subscribe(self, client: Client) -> None:
        """Also at the first connection of a process: the kept session may know an older list of filters."""
        if self._newest:
            new_only = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            client.subscribe([(name, new_only) for name in self._filters])
        else:
            client.subscribe([(name, 1) for name in self._filters])

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        refused = [name for name, reason in zip(self._filters, reasons, strict=False) if reason.is_failure]
        if refused:
            self.errors += 1
            self.last_error = f"broker refused to subscribe to {', '.join(refused)}"

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self.connected = False
        self.taken_over = self.taken_over or reason.value == TAKEN_OVER  # paho may call again as the socket closes
        if reason.is_failure or self.taken_over:
            self.last_error = self.last_error or f"connection lost: {reason}"

    def stumble(self, what: str) -> None:
        self.errors += 1
        self.last_error, self.stumbled = what, True

    def _take(self, arrivals: Arrivals) -> None:
        try:
            self._duty.receive(arrivals)
        except Exception as error:
            self.stumble(f"a message could not be taken in: {error!r}")

    def _on_publish(
        self, _client: Client, _data: object, mid: int, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._duty.acknowledged(mid, str(reason) if reason.is_failure else "")
