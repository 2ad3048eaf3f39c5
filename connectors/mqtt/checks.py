"""A look at one MQTT broker: does it let us in, may we read what the gateway reads, has it room for what waits.

Rule: the visitor has a name of its own, so it expels nobody, and a session that ends with it; it publishes nothing.
What the gateway reads is asked for last, and the visit ends with the answer: else the broker would queue it for the
visitor, and drop it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import uuid4

from connectors.mqtt.settings import MqttSettings, unconnected
from connectors.mqtt.visit import Visit
from pipeline.core.errors import Unavailable
from pipeline.core.finding import Check, Finding, phrase, trouble

DROPPED, VERSION = "$SYS/broker/publish/messages/dropped", "$SYS/broker/version"
SYS_S = 1.0  # what is retained comes at once


def checks(settings: MqttSettings, filters: Sequence[str], max_payload: int) -> list[Check]:
    return [Check(settings.url, lambda: look(settings, filters, max_payload))]


def look(settings: MqttSettings, filters: Sequence[str], max_payload: int) -> Iterator[Finding]:
    name = f"parkpulse-doctor-{uuid4().hex[:12]}"
    visit = Visit(replace(settings, client_id=name, keeps_session=False, session_expiry_s=0, receive_maximum=1))
    try:
        arrival = _arrival(visit, settings)
        yield arrival
        if arrival.ok:
            queues, rights = _queues(visit, settings.url), _rights(visit, settings.url, filters)
            visit.end()
            yield from (*_largest(visit, settings.url, max_payload), rights, queues)
    finally:
        visit.end()


def _arrival(visit: Visit, settings: MqttSettings) -> Finding:
    place, correct = settings.url, phrase("start the broker, or correct [[brokers]] in park.toml")
    try:
        answered = visit.connect(settings.answer_timeout_s)
    except OSError as error:
        return trouble(place, Unavailable(unconnected(error)), correct)
    if visit.refused:
        cure = phrase("correct username and password_env in [[brokers]], or let this user in")
        return Finding(place, phrase("refuses the connection: {0}", visit.refused), cure)
    if not answered:
        cure = phrase("see that the broker is up, and correct `protocol` and mqtt:// or mqtts://")
        return Finding(place, phrase("no answer to CONNECT as MQTT {0}", settings.protocol), cure)
    return Finding(place, phrase("lets us in, as MQTT {0}", settings.protocol))


def _largest(visit: Visit, place: str, max_payload: int) -> Iterator[Finding]:
    """Only a broker of MQTT 5 says it, and only where it has a limit."""
    if visit.largest is not None and visit.largest < max_payload:
        what = phrase("takes messages of at most {0} bytes; gateway.max_payload is {1}", visit.largest, max_payload)
        yield Finding(place, what, phrase("raise the broker's max_packet_size, or lower gateway.max_payload"))


def _rights(visit: Visit, place: str, filters: Sequence[str]) -> Finding:
    granted = visit.subscribe(filters)
    refused = [name for name in filters if granted.get(name, 0) is None]
    weak = [name for name in filters if granted.get(name) == 0]
    if refused:
        cure = phrase("let this user read it (acl_file)")
        return Finding(place, phrase("refuses to let us read {0}", ", ".join(refused)), cure)
    if weak:
        cure = phrase("allow QoS 1 there (max_qos)")
        return Finding(place, phrase("gives {0} with QoS 0 alone: messages can be lost", ", ".join(weak)), cure)
    if granted.keys() < set(filters):
        cure = phrase("see whether it hangs or has too much to do, and look again")
        return Finding(place, phrase("no answer to SUBSCRIBE"), cure)
    return Finding(place, phrase("lets us read {0}", ", ".join(filters)))


def _queues(visit: Visit, place: str) -> Finding:
    visit.subscribe((VERSION, DROPPED), qos=0)
    visit.listen(SYS_S, lambda: DROPPED in visit.said)
    dropped = visit.said.get(DROPPED, "0")
    if dropped.isdecimal() and int(dropped):
        what = phrase("has dropped {0} messages since its start: its queues were full", int(dropped))
        cure = phrase("raise max_queued_messages and max_queued_bytes in mosquitto.conf, or set 0")
        return Finding(place, what, cure)
    if VERSION not in visit.said:
        return Finding(place, phrase("whether its queues drop messages cannot be seen: it tells no $SYS"))
    return Finding(place, phrase("has dropped no message; its max_queued_messages cannot be seen from here"))
