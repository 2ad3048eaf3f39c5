"""One MQTT connection in a thread of its own, kept up for ever; its `Duty` says what it is for.

Rules R2 to R5: the session is kept, each connection is an epoch, reading stops while the duty has no room, and a dead
thread shows. Only this thread touches the paho client, so no acknowledgement slips from one connection into the next.
Where reading stops for longer than the keep-alive the connection is let go, and made again when there is room: the
broker keeps the messages meanwhile.
"""

import random
import socket
import threading
from collections.abc import Sequence

from connectors.mqtt.arrivals import LARGE
from connectors.mqtt.back_off import BackOff
from connectors.mqtt.bulk_client import client_class
from connectors.mqtt.callbacks import Callbacks, Duty
from connectors.mqtt.settings import MqttSettings, make_client, unconnected
from connectors.mqtt.turns import Turns
from pipeline.core.errors import ConfigError
from pipeline.runtime.clock import monotonic

BURST = 64  # reads before acknowledgements get their turn
NAP = 0.25
FEW, GATHER_S = 100, 0.001  # a read of few messages costs as much as one of many: the next waits for more to come


class Session:
    """Starts connecting at once, and again after every loss. All its methods are for other threads."""

    def __init__(self, settings: MqttSettings, filters: Sequence[str], duty: Duty) -> None:
        self._settings, self._duty = settings, duty
        # A new one for each connection: nothing of the older one lives on.
        self._client = make_client(settings, client_class())
        self._heard = Callbacks(filters, settings.protocol == "5", duty)
        self._back_off = BackOff()
        self._more = False  # the last burst ended with packets left, or may have
        self._stop = threading.Event()
        self._turns = Turns()
        self._thread = threading.Thread(target=self._run, name=settings.client_id, daemon=True)
        self._thread.start()

    @property
    def connected(self) -> bool:
        return self._heard.connected

    @property
    def connections(self) -> int:
        return self._heard.connections

    @property
    def errors(self) -> int:
        return self._heard.errors

    @property
    def last_error(self) -> str:
        return f"{self._settings.url}: {self._heard.last_error}" if self._heard.last_error else ""

    @property
    def rival(self) -> str:
        """That another client has our name and they expel each other; "" where nothing speaks for it."""
        if not self._back_off.is_rivalled:
            return ""
        got = f"got the client id {self._settings.client_id!r} expelled again and again"
        return f"{self._settings.url}: another gateway has this name; {got}; give each its own [gateway] name"

    def alive(self) -> bool:
        return self._thread.is_alive()

    def wake(self) -> None:
        self._turns.wake()

    def close(self, seconds: float = 5.0) -> None:
        """Sends what is ready, then takes leave. The session stays with the broker."""
        self._stop.set()
        self._turns.wake()
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if self._duty.room(0):
                    self._serve()
                    self._rest()
                else:
                    self._turns.wait(None, False, False, NAP)
        except Exception as error:
            self._heard.last_error = f"network thread ended: {error!r}"
        finally:
            self._heard.connected = False
            self._turns.close()

    def _serve(self) -> None:
        """Makes one connection and serves it to its end."""
        self._more, begun, earlier = False, monotonic(), self._heard.connections
        try:
            self._client = make_client(self._settings, client_class())
            self._heard.attach(self._client)
            self._client.reconnect()
        except (OSError, ValueError, ConfigError) as error:
            self._heard.last_error = unconnected(error)
            self._back_off.failed()
            return
        while self._client.socket() is not None and not self._heard.stumbled and not self._stop.is_set():
            self._turn()
            if self._heard.connected:
                self._back_off.stands(monotonic() - begun)
            elif monotonic() > begun + self._settings.answer_timeout_s:
                self._heard.last_error = self._no_answer()
                break
        self._leave()
        self._turns.forget()
        self._heard.connected = False
        if self._heard.connections > earlier:
            self._back_off.ended(monotonic() - begun, self._heard.taken_over)
            self._duty.lost()
        else:
            self._back_off.failed()

    def _no_answer(self) -> str:
        """A broker that has answered before knows our protocol: it is starting, or stuck."""
        if self._heard.connections:
            return "no answer to CONNECT; the broker may be starting again"
        as_what = f"as MQTT {self._settings.protocol}"
        return f"no answer to CONNECT {as_what}; the broker may be starting, or `protocol` is wrong"

    def _socket(self) -> socket.socket | None:
        sock = self._client.socket()
        return sock if isinstance(sock, socket.socket) else None

    def _turn(self) -> None:
        client, before = self._client, self._client.received
        reading = self._duty.room(0) > 0
        nap = 0.0 if self._more and reading else NAP
        readable, writable = self._turns.wait(self._socket(), reading, client.want_write(), nap)
        if writable:
            client.loop_write()
        if reading and (readable or self._more):
            self._read()
        if self._heard.connected:
            self._duty.turn(client)
        client.loop_misc()
        if 0 < client.received - before < FEW and not self._more:
            self._stop.wait(GATHER_S)

    def _read(self) -> None:
        """Never more than there is room for, so that the bound of the duty holds to the message."""
        for _ in range(BURST):
            room = self._duty.room(LARGE)
            if not room or self._heard.stumbled:
                return
            try:
                self._more = self._client.read(room)
            except Exception as error:  # paho before 2.2, at a broken packet
                self._heard.stumble(f"broker sent what can't be read: {error!r}")
                return
            if not self._more:
                return

    def _leave(self) -> None:
        client = self._client
        if client.socket() is None:
            return
        if self._heard.connected:
            self._duty.turn(client)
        client.disconnect()
        until = monotonic() + 1.0
        while client.socket() is not None and client.want_write() and monotonic() < until:
            self._turns.wait(self._socket(), False, True, 0.1)
            client.loop_write()

    def _rest(self) -> None:
        """Jitter keeps those that were lost together from coming back together."""
        until = monotonic() + self._back_off.delay * random.uniform(0.5, 1.0)
        while not self._stop.is_set() and (left := until - monotonic()) > 0:
            self._turns.wait(None, False, False, left)
