"""Whether a service serves: it listens, its readiness page says so, or the broker knows its whole cluster."""

import contextlib
import http.client
import socket
import struct

from connectors.services.broker_children import HOST

WAIT_S = 2.0
METADATA = struct.pack(">hhih", 3, 4, 1, -1) + struct.pack(">i?", 0, False)
"""Kafka's Metadata request, version 4: no client id, no topics, none made."""


def listens(port: int, host: str = HOST) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=WAIT_S):
        return True
    return False


def answers(port: int, page: str, status: int) -> bool:
    """A readiness page answers before it is ready, so its status counts."""
    connection = http.client.HTTPConnection(HOST, port, timeout=WAIT_S)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", page)
        return connection.getresponse().status == status
    return False


def knows_brokers(port: int, count: int) -> bool:
    """This broker sees `count` live brokers: topics with that many copies can be made from now on."""
    try:
        with socket.create_connection((HOST, port), timeout=WAIT_S) as wire:
            wire.sendall(struct.pack(">i", len(METADATA)) + METADATA)
            (size,) = struct.unpack(">i", _read(wire, 4))
            _, _, brokers = struct.unpack(">iii", _read(wire, size)[:12])
            return bool(brokers == count)
    except (OSError, struct.error):
        return False


def _read(wire: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size and (part := wire.recv(size - len(found))):
        found += part
    return found
