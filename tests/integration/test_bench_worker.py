"""The short form of `parkpulse bench worker` on a real Kafka: right results, each with its baseline, no topic left."""

import asyncio

import pytest

from tests.contract.kafka import addresses


async def names(servers, prefix):
    from aiokafka.admin import AIOKafkaAdminClient

    admin = AIOKafkaAdminClient(bootstrap_servers=list(servers))
    await admin.start()
    try:
        return [name for name in await admin.list_topics() if name.startswith(prefix)]
    finally:
        await admin.close()


@pytest.mark.real
@pytest.mark.parametrize("json", [False, True], ids=["frames", "one JSON sample a record"])
def test_a_round_is_right_and_its_topics_are_gone_afterwards(json: bool) -> None:
    servers = addresses()
    from pipeline.bench.worker import BASELINE, Case, measure, own_log

    with own_log(servers) as log:
        prefix = log.settings.prefix
        assert asyncio.run(names(servers, prefix))
        rows = list(measure(Case("short", 1, 100, 30, json, lines=5), log, 1, lambda _: None))
    assert [(row.case, row.baseline) for row in rows] == [("short", BASELINE), (f"short: {BASELINE}", None)]
    assert asyncio.run(names(servers, prefix)) == []
