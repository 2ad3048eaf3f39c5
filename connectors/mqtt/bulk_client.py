"""A paho client that takes in messages many at a time: stock paho needs some 15 us for each, which is most of what a
gateway does where payloads are small.

Rules: what is plain is cut out of the bytes read (`arrivals`), all of a read at once; everything else (answers, QoS 2,
properties, packets that are large or broken) paho reads itself, out of the same bytes, in its place between them. This
leans on private names of paho; where one is missing `client_class` says so once and gives the plain client.
"""

from collections.abc import Callable, Sequence
from functools import cache

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from connectors.mqtt.arrivals import LARGE, PUBACK, Arrivals, Stop, Topics, cut
from connectors.mqtt.plain_client import PlainClient
from pipeline.runtime.clock import monotonic
from pipeline.runtime.logs import log

USUAL = 1 << 14  # bytes asked for while they come in small lots: room that is not used breaks memory into pieces
PRIVATE = ("_sock_recv", "_packet_queue", "_in_packet", "_last_bytes_received")


class BulkClient(PlainClient):
    """Bytes of `_held` from `_at` on are read and not yet taken in; there are none while paho is amid a packet."""

    def hear(self, take: Callable[[Arrivals], None]) -> None:
        super().hear(take)
        self._held, self._at, self._is_full, self._most = b"", 0, False, USUAL
        self._names = Topics()

    def read(self, room: int) -> bool:
        if self._is_amid():
            self.loop_read()
            return False
        if not self._is_full and not self._fill():
            return False
        return self._take(room)

    def acknowledge(self, packets: bytes) -> None:
        self._packet_queue(PUBACK[0], packets, 0, 1)

    def _take(self, room: int) -> bool:
        newest = self.protocol == MQTTProtocolVersion.MQTTv5
        self._is_full = True
        while room > 0:
            found, self._at, stop = cut(self._held, self._at, room, newest, self._names)
            room -= len(found)
            if len(found):
                self.received += len(found)
                self.take(found)
            if stop is Stop.MOST:
                return True
            if stop is Stop.OTHER:
                self.loop_read()
                room -= 1
            if stop is Stop.SHORT or self._is_amid() or self.socket() is None:
                self._is_full = False
                return False
        return True

    def _is_amid(self) -> bool:
        return self._in_packet["command"] != 0

    def _fill(self) -> bool:
        """Reads from the socket; where that fails paho meets it again, and says it."""
        try:
            data = super()._sock_recv(self._most)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.loop_read()
            return False
        self._most = LARGE if len(data) == self._most else USUAL
        self._last_bytes_received = monotonic()
        self._held, self._at = self._held[self._at :] + data, 0
        return True

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho reads: first what is held."""
        if self._at == len(self._held):
            return super()._sock_recv(bufsize)
        part = self._held[self._at : self._at + bufsize]
        self._at += len(part)
        return part


def lacking(client: Client, names: Sequence[str]) -> list[str]:
    return [name for name in names if not hasattr(client, name)]


@cache
def client_class() -> type[PlainClient]:
    missing = lacking(Client(CallbackAPIVersion.VERSION2), PRIVATE)
    if not missing:
        return BulkClient
    log("mqtt").warning("takes in messages one by one, slowly: this paho-mqtt is another one", lacks=missing)
    return PlainClient
