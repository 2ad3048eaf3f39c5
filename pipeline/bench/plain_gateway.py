"""The ordinary gateway, a baseline of `chain`: stock paho in, aiokafka out, a record a payload, or one a sample.

Rule: what paho hands over is acknowledged by paho itself, durable or not; nothing is checked, nothing is counted.
`python -m pipeline.bench.plain_gateway MQTT KAFKA FILTER TOPIC payload|sample` runs until SIGTERM.
"""

import asyncio
import signal
import sys
from collections.abc import Iterator

import msgspec
from aiokafka import AIOKafkaProducer
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode


def split(topic: str, body: bytes) -> Iterator[bytes]:
    """Each sample of a batch as a record of its own."""
    for one in msgspec.json.decode(body):
        yield msgspec.json.encode([one])


async def main(mqtt: str, kafka: str, subscribed: str, topic: str, form: str) -> None:
    loop, arrived, ended = asyncio.get_running_loop(), asyncio.Queue[tuple[str, bytes]](), asyncio.Event()
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"bench-{topic}", protocol=MQTTv5)

    def on_connect(
        own: Client, _data: object, _flags: ConnectFlags, _reason: ReasonCode, _more: Properties | None
    ) -> None:
        own.subscribe(subscribed, qos=1)

    def on_subscribe(
        _client: Client, _data: object, _mid: int, _reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        print("subscribed", flush=True)

    def on_message(_client: Client, _data: object, one: MQTTMessage) -> None:
        loop.call_soon_threadsafe(arrived.put_nowait, (one.topic, bytes(one.payload)))

    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    host, _, port = mqtt.rpartition(":")
    async with AIOKafkaProducer(bootstrap_servers=kafka.split(",")) as producer:
        client.connect(host, int(port))
        client.loop_start()
        pump = asyncio.create_task(_pump(producer, arrived, topic, form == "sample"))
        await ended.wait()
        pump.cancel()
        client.disconnect()
        client.loop_stop()


async def _pump(
    producer: AIOKafkaProducer, arrived: "asyncio.Queue[tuple[str, bytes]]", topic: str, alone: bool
) -> None:
    while True:
        name, body = await arrived.get()
        key = name.encode()
        for value in split(name, body) if alone else (body,):
            await producer.send(topic, value, key)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
