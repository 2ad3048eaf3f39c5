"""When partitions are asked back, fenced and given anew, as a member of a group on Kafka sees it."""

import asyncio

import pytest

pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")

from aiokafka.structs import TopicPartition

from connectors.kafka.membership import Membership

TPS = [TopicPartition("samples.v1", partition) for partition in range(4)]


class Client:
    generation = 7


def member(shared=True, give_s=20.0):
    found = Membership(4, shared, lambda: Client.generation, give_s)
    found.on_partitions_assigned(TPS)
    return found


def test_what_is_asked_back_stays_ours_until_it_was_given():
    async def run():
        one = member()
        revoking = asyncio.create_task(one.on_partitions_revoked(TPS))
        await one.until_turned()
        await one.news(5.0)
        assert (one.asked, one.owned, one.settled) == (True, (0, 1, 2, 3), False)
        one.gave()
        await revoking
        assert (one.asked, one.owned, one.settled) == (False, (), False)
        await one.news(0.01)
        one.on_partitions_assigned(TPS[:2])
        assert (one.owned, one.settled, one.turn) == ((0, 1), True, 2)
        assert one.assignor.claim == (7, (0, 1))

    asyncio.run(run())


def test_who_does_not_give_in_time_is_fenced():
    async def run():
        one = member(give_s=0.05)
        await asyncio.wait_for(one.on_partitions_revoked(TPS), 5.0)
        assert (one.asked, one.owned) == (False, ())

    asyncio.run(run())


def test_one_that_the_group_no_longer_knows_is_fenced_at_once_and_claims_what_it_had(monkeypatch):
    async def run():
        one = member()
        monkeypatch.setattr(Client, "generation", 0)
        await asyncio.wait_for(one.on_partitions_revoked(TPS), 5.0)
        assert (one.asked, one.owned) == (False, ())
        assert one.assignor.claim.generation == 7

    asyncio.run(run())


def test_one_owner_has_all_or_none_and_is_asked_nothing():
    async def run():
        one = member(shared=False)
        assert one.owned == (0, 1, 2, 3)
        await asyncio.wait_for(one.on_partitions_revoked(TPS), 5.0)
        assert (one.asked, one.owned) == (False, ())
        one.on_partitions_assigned(TPS[:2])
        assert one.owned == ()

    asyncio.run(run())
