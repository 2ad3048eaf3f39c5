"""The names of a group's members, and who is there.

Rules: a kept name (static membership) takes its place back at once after a kill; a clean end leaves the group.
"""

import asyncio
import re

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.api import Response

from pipeline.core.errors import Unavailable

_PAUSE_S = 0.2
_MEMBERS = 5  # error code, group, state, protocol type, protocol, members


def member_name(instance: str, host: str, place: str) -> str:
    """
    >>> member_name("worker", "máy 1", "12ab")
    'worker-m_y_1-12ab'
    """
    return "-".join(re.sub(r"[^A-Za-z0-9._]", "_", part) for part in (instance, host, place) if part)[:200]


async def refuse_if_held(admin: AIOKafkaAdminClient, group: str, said: str, own: str) -> None:
    """Raises Unavailable where another member is there. One of our own name is what a kill left of us."""
    for answer in await _described(admin, group):
        for group_told in answer.groups:
            for member_id, client_id, host, *_ in group_told[_MEMBERS]:
                if not own or not member_id.startswith(f"{own}-"):
                    raise Unavailable(f"log: {said} is held by {client_id!r} at {host}; wait for its end or stop it")


async def _described(admin: AIOKafkaAdminClient, group: str) -> list[Response]:
    """On a cluster that never had a group, the first question begins the making of its place."""
    while True:
        try:
            answers: list[Response] = await admin.describe_consumer_groups([group])
            return answers
        except KafkaError as error:
            if not error.retriable:
                raise
        await asyncio.sleep(_PAUSE_S)
