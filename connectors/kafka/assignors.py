"""How a group of Kafka gives out its partitions: all to one member, or to each its share.

Rule: each member tells with its join what it had, and since when (its claim); the group's leader decides by that alone.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from connectors.shares import Claim, shares

NO_CLAIM = Claim()


class Assignor(Protocol):
    """What aiokafka asks of one; `claim` is set by the reader."""

    claim: Claim

    @property
    def name(self) -> str: ...

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata: ...

    def assign(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]: ...

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None: ...


@dataclass
class OneOwner:
    """Of members that claim the partitions the one with the newest claim keeps them; without a claim, the first by
    name; the others stand by."""

    claim: Claim = NO_CLAIM
    name: str = "parkpulse-one-owner"

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        return ConsumerProtocolMemberMetadata(0, list(topics), b"%d" % self.claim.generation)

    def assign(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        owner = chosen({member: bytes(told.user_data) for member, told in members.items()})
        topic, partitions = _subscribed(cluster, members)
        return {member: _assignment(topic, partitions if member == owner else ()) for member in members}

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """The claim is set with the generation, by the membership."""


def chosen(claims: Mapping[str, bytes]) -> str:
    """
    >>> chosen({"b": b"3", "a": b"0", "c": b"7"}), chosen({"b": b"0", "a": b"0"})
    ('c', 'a')
    """
    newest = max(_number(claim) for claim in claims.values())
    return min(member for member, claim in claims.items() if _number(claim) == newest)


def _number(claim: bytes) -> int:
    return int(claim) if claim.isdigit() else 0


@dataclass
class Shared:
    """To each its share (`shares`)."""

    claim: Claim = NO_CLAIM
    name: str = "parkpulse-shared"

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        told = json.dumps([self.claim.generation, list(self.claim.partitions)]).encode()
        return ConsumerProtocolMemberMetadata(0, list(topics), told)

    def assign(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        topic, partitions = _subscribed(cluster, members)
        given = shares({member: read_claim(bytes(told.user_data)) for member, told in members.items()}, len(partitions))
        return {member: _assignment(topic, given[member]) for member in members}

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """The claim is set with the generation, by the membership."""


def read_claim(told: bytes) -> Claim:
    """What another member told; what cannot be read claims nothing.

    >>> read_claim(b"[7, [0, 2]]"), read_claim(b"[]"), read_claim(b"?")
    (Claim(generation=7, partitions=[0, 2]), Claim(generation=0, partitions=()), Claim(generation=0, partitions=()))
    """
    try:
        generation, partitions = json.loads(told)
        return Claim(int(generation), [int(partition) for partition in partitions])
    except (ValueError, TypeError):
        return NO_CLAIM


def _subscribed(
    cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
) -> tuple[str, Sequence[int]]:
    """A group of ours has one topic."""
    (topic,) = {topic for told in members.values() for topic in told.subscription}
    return topic, sorted(cluster.partitions_for_topic(topic) or ())


def _assignment(topic: str, partitions: Sequence[int]) -> ConsumerProtocolMemberAssignment:
    return ConsumerProtocolMemberAssignment(0, [(topic, list(partitions))] if partitions else [], b"")
