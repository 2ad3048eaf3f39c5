"""A paho client as a session uses it, by what paho promises to all: one packet after the other."""

from collections.abc import Callable

from paho.mqtt.client import Client, MQTTMessage

from connectors.mqtt.arrivals import PUBACK, PUBCOMP, Arrivals

ACK_BYTES = 4
_ACKS = {0: b"", 1: PUBACK, 2: PUBCOMP}


class PlainClient(Client):
    """`take` is called with what has come, and must not raise; `received` counts it."""

    take: Callable[[Arrivals], None]
    received = 0

    def hear(self, take: Callable[[Arrivals], None]) -> None:
        """Call before `reconnect`."""
        self.take = take
        self.on_message = self._take_one

    def read(self, room: int) -> bool:
        """Takes in at most about so many messages; True: more may be at hand. Waits for nothing."""
        before = self.received
        self.loop_read()
        return self.received != before

    def acknowledge(self, packets: bytes) -> None:
        """Sends these acknowledgements in this order."""
        for at in range(0, len(packets), ACK_BYTES):
            mid = int.from_bytes(packets[at + 2 : at + ACK_BYTES], "big")
            self.ack(mid, 1 if packets[at] == PUBACK[0] else 2)

    def _take_one(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.received += 1
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        ack = _ACKS[message.qos] and _ACKS[message.qos] + message.mid.to_bytes(2, "big")
        self.take(Arrivals([topic], [bytes(message.payload)], [ack], [message.retain], int(message.dup)))
