"""How to reach one broker: address, identity, protocol, and the paho client made of it.

Rule R2: the session is kept (`clean_start=False`, fixed client id, expiry of days). The protocol is said, never tried
out: a version 5 client on a 3.1.1-only broker waits for an answer that never comes.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from connectors.tls import tls_trouble
from pipeline.core.errors import ConfigError, plain

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_EXPECTED = "expected mqtt://host:port or mqtts://host:port"
AnyClient = TypeVar("AnyClient", bound=Client)
_properties: Callable[[int], Properties] = Properties


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """One broker for one client id. `ca`, `cert`, `key` are files; `mqtts://` without `ca` trusts the system's.
    Without `keeps_session` nothing is left at the broker (with an expiry of 0)."""

    url: str
    client_id: str
    protocol: Literal["5", "3.1.1"] = "5"
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    keepalive_s: int = 30
    keeps_session: bool = True
    session_expiry_s: int = 7 * 86_400
    receive_maximum: int = 10_000  # messages a second are at most this by the seconds until they are settled
    answer_timeout_s: float = 10.0


def parse_url(url: str) -> tuple[bool, str, int]:
    """(tls, host, port) of `mqtt://host:port` or `mqtts://host:port`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"brokers.url: {error}; got {url!r}; {_EXPECTED}") from None
    if parts.scheme not in _PORTS or not host:
        raise ConfigError(f"brokers.url: no broker address; got {url!r}; {_EXPECTED}")
    if parts.username or parts.password:
        raise ConfigError("brokers.url: holds a user or password; give them as username and password")
    return parts.scheme == "mqtts", host, port or _PORTS[parts.scheme]


def unconnected(why: Exception) -> str:
    """Why there is no connection, for the operator."""
    told = tls_trouble(why, "brokers.ca", "brokers.url") if isinstance(why, ssl.SSLError) else plain(why)
    return f"can't connect: {told}"


def make_client(settings: MqttSettings, kind: type[AnyClient]) -> AnyClient:
    """A client of this kind that has its address but no connection yet; `reconnect()` makes it."""
    tls, host, port = parse_url(settings.url)
    if not settings.client_id:
        raise ConfigError(f"brokers.client_id: missing for {settings.url}; a kept session needs a fixed name")
    newest = settings.protocol == "5"
    client = kind(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        clean_session=None if newest else not settings.keeps_session,
        protocol=MQTTv5 if newest else MQTTv311,
        manual_ack=True,
        reconnect_on_failure=False,
    )
    if settings.username is not None:
        client.username_pw_set(settings.username, settings.password)
    if tls:
        try:
            client.tls_set(ca_certs=settings.ca, certfile=settings.cert, keyfile=settings.key)
        except (OSError, ValueError, ssl.SSLError) as error:
            raise ConfigError(f"brokers: {settings.url}: ca, cert or key can't be used: {plain(error)}") from error
    if newest:
        properties = _properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = settings.session_expiry_s
        properties.ReceiveMaximum = settings.receive_maximum
        fresh = not settings.keeps_session
        client.connect_async(host, port, settings.keepalive_s, clean_start=fresh, properties=properties)
    else:
        client.connect_async(host, port, settings.keepalive_s)
    return client
