"""Who owns the partitions of a group: one instance has them all, others of the group stand by.

Rules: of members that claim them the one with the newest claim keeps them (a claim is the group's generation when it
was given them, so one that was away longer than its session loses to its successor); without a claim, the first by
name. A kept name (static membership) takes its place back at once after a kill; a clean end leaves the group.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from aiokafka.errors import KafkaError
from aiokafka.protocol.api import Response
from aiokafka.structs import TopicPartition

from pipeline.core.errors import Unavailable

_PAUSE_S = 0.2
_MEMBERS = 5  # error code, group, state, protocol type, protocol, members


def member_name(instance: str, host: str, place: str) -> str:
    """
    >>> member_name("worker", "máy 1", "12ab")
    'worker-m_y_1-12ab'
    """
    return "-".join(re.sub(r"[^A-Za-z0-9._]", "_", part) for part in (instance, host, place) if part)[:200]


@dataclass
class OneOwner:
    """The assignor of one member."""

    claim: int = 0
    name: str = "parkpulse-one-owner"

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        return ConsumerProtocolMemberMetadata(0, list(topics), b"%d" % self.claim)

    def assign(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        owner = chosen({member: bytes(told.user_data) for member, told in members.items()})
        topics = sorted({topic for told in members.values() for topic in told.subscription})
        everything = [(topic, sorted(cluster.partitions_for_topic(topic) or ())) for topic in topics]
        return {
            member: ConsumerProtocolMemberAssignment(0, everything if member == owner else [], b"")
            for member in members
        }

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """The claim is set with the generation, by the reader."""


def chosen(claims: Mapping[str, bytes]) -> str:
    """
    >>> chosen({"b": b"3", "a": b"0", "c": b"7"}), chosen({"b": b"0", "a": b"0"})
    ('c', 'a')
    """
    newest = max(_number(claim) for claim in claims.values())
    return min(member for member, claim in claims.items() if _number(claim) == newest)


def _number(claim: bytes) -> int:
    return int(claim) if claim.isdigit() else 0


@dataclass(frozen=True)
class Turns:
    """What the client tells when partitions come and go; registered as its listener (`reader`)."""

    assigned: Callable[[Collection[TopicPartition]], None]
    revoked: Callable[[], None]

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.assigned(assigned)

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self.revoked()


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
