"""A real Kafka for tests: by its address in the environment; each log has topics of its own, gone at the end."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.core.ports import Clock, Log

MISSING = "no Kafka: PARKPULSE_TEST_KAFKA=host:port of a running one (parkpulse services up)"


def addresses() -> tuple[str, ...]:
    """Skips, saying so, where none is; fails with SERVICES=required."""
    found = os.environ.get("PARKPULSE_TEST_KAFKA", "")
    if not found and os.environ.get("SERVICES") == "required":
        pytest.fail(MISSING)
    if not found:
        pytest.skip(MISSING)
    pytest.importorskip("aiokafka", reason="no Kafka client: .venv/bin/pip install -e '.[kafka]'")
    return tuple(found.split(","))


@contextmanager
def real_kafka() -> Iterator[Callable[[Path, Clock], Log]]:
    """Opens logs that share a name space; the folder stands for a machine. The cluster has a clock of its own."""
    servers = addresses()
    from connectors.kafka.log import KafkaLog
    from connectors.kafka.settings import KafkaSettings

    settings = KafkaSettings(servers, prefix=f"test-{uuid4().hex[:8]}-")
    opened: list[KafkaLog] = []

    def opener(folder: Path, _clock: Clock) -> KafkaLog:
        opened.append(KafkaLog(settings, folder, {}))
        return opened[-1]

    try:
        yield opener
    finally:
        for log in opened:
            log.close()
        asyncio.run(remove(settings.bootstrap, settings.prefix))


async def remove(servers: tuple[str, ...], prefix: str) -> None:
    from aiokafka.admin import AIOKafkaAdminClient

    admin = AIOKafkaAdminClient(bootstrap_servers=list(servers))
    await admin.start()
    try:
        if names := [name for name in await admin.list_topics() if name.startswith(prefix)]:
            await admin.delete_topics(names)
    finally:
        await admin.close()
