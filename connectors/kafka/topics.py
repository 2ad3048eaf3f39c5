"""Topics of the log on Kafka: what each must be like, made where missing, verified where there.

Rule: records carry the log's own time (`LogAppendTime`), and the number of partitions never changes. Nothing that is
there is altered: a difference is said, with the command that mends it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NodeNotReadyError, for_code

from connectors.kafka.settings import KafkaSettings
from connectors.kafka.trouble import kafka_trouble
from pipeline.core.errors import ConfigError, Unavailable

STATE = "state.v1"
MAX_MESSAGE = 16 << 20
_COPIES = 3
_ALREADY_THERE, _FEW_BROKERS, _DENIED = 36, 38, 29
_PATIENCE_S = 10.0
_TRIES, _PAUSE_S = 10, 0.2


@asynccontextmanager
async def administrator(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**settings.client("parkpulse-topics"))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await admin.start()
        yield admin
    finally:
        await admin.close()


def wanted(topic: str, keep_ms: Mapping[str, int]) -> dict[str, str]:
    """The settings of a topic that results hang on."""
    found = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(MAX_MESSAGE)}
    if topic == STATE:
        return found | {"cleanup.policy": "compact", "segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1"}
    kept = {"retention.ms": str(keep_ms[topic])} if topic in keep_ms else {}
    return found | {"cleanup.policy": "delete"} | kept


async def counts(settings: KafkaSettings) -> dict[str, int]:
    """All topics of this log and their partitions. Asking for one by name could make it."""
    with kafka_trouble(f"Kafka at {', '.join(settings.bootstrap)}: topics"):
        async with administrator(settings) as admin:
            return await _counts(admin, settings.prefix)


async def _counts(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, int]:
    """Every broker can tell; one that has just died is still among those that the client asks by chance."""
    tries = 1
    while True:
        try:
            return counts_in(await admin.describe_topics(), prefix)
        except NodeNotReadyError:
            if tries == _TRIES:
                raise
        tries += 1
        await asyncio.sleep(_PAUSE_S)


def counts_in(described: list[dict[str, object]], prefix: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in described:
        name, partitions = one["topic"], one["partitions"]
        if isinstance(name, str) and isinstance(partitions, list) and name.startswith(prefix):
            found[name.removeprefix(prefix)] = len(partitions)
    return found


async def ensure(settings: KafkaSettings, topics: Mapping[str, int], keep_ms: Mapping[str, int]) -> None:
    """Makes what is missing, and `state.v1` (of as many partitions as the largest has); waits until all are seen."""
    everything = {**topics, STATE: max(topics.values(), default=1)}
    with kafka_trouble(f"Kafka at {', '.join(settings.bootstrap)}"):
        async with administrator(settings) as admin, asyncio.timeout(_PATIENCE_S):
            held = await _counts(admin, settings.prefix)
            while missing := {topic: n for topic, n in everything.items() if topic not in held}:
                await _create(admin, settings, missing, keep_ms)
                await asyncio.sleep(0.05)
                held = await _counts(admin, settings.prefix)
    slips = [
        f"log: topic {topic!r} has another number of partitions; got {partitions}; expected {held[topic]}; "
        "a change means a new topic"
        for topic, partitions in topics.items()
        if held[topic] != partitions
    ]
    if slips:
        raise ConfigError(*slips)


async def _create(
    admin: AIOKafkaAdminClient, settings: KafkaSettings, missing: Mapping[str, int], keep_ms: Mapping[str, int]
) -> None:
    brokers = (await admin.describe_cluster())["brokers"]
    copies = min(_COPIES, len(brokers))
    safe = {"min.insync.replicas": "2"} if copies == _COPIES else {}
    made = [
        NewTopic(settings.prefix + topic, partitions, copies, topic_configs=wanted(topic, keep_ms) | safe)
        for topic, partitions in missing.items()
    ]
    for name, code, why in (await admin.create_topics(made)).topic_errors:
        if code == _DENIED:
            raise Unavailable(
                f"log: topic {name!r} is missing, or may not be seen by this user, who may not make it either; run "
                "`parkpulse topics ensure` as one who may, or grant Describe on it by an ACL of Kafka"
            )
        if code not in (0, _ALREADY_THERE, _FEW_BROKERS):  # few: others may still be registering
            raise ConfigError(f"log: topic {name!r} cannot be made: {for_code(code).__name__}: {why}")


async def verify(settings: KafkaSettings, topics: Mapping[str, int], keep_ms: Mapping[str, int]) -> list[str]:
    """One line for each setting that is not as it must be."""
    with kafka_trouble(f"Kafka at {', '.join(settings.bootstrap)}: topics verify"):
        async with administrator(settings) as admin:
            held = await settings_of(admin, [settings.prefix + topic for topic in (*topics, STATE)])
    return [
        f"log: topic {one.name!r}: {one.key} is {one.held}; expected {one.must}{' or more' if one.is_least else ''}; "
        f"mend it: {one.command}"
        for name, own in held.items()
        for one in differences(name, own, wanted(name.removeprefix(settings.prefix), keep_ms))
    ]


async def settings_of(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of topics, by whole name."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    async with asyncio.timeout(_PATIENCE_S):
        answers = await admin.describe_configs(asked)
    found = {}
    for code, _, _, name, entries in (one for answer in answers for one in answer.resources):
        if code:
            cure = "; grant DescribeConfigs on it by an ACL of Kafka" if code == _DENIED else ""
            raise Unavailable(f"log: topic {name!r}: its settings cannot be read: {for_code(code).__name__}{cure}")
        found[name] = {entry[0]: entry[1] for entry in entries}
    return found


class Difference(NamedTuple):
    """A setting that is not as it must be; `is_least`: more would do too."""

    name: str
    key: str
    held: str | None
    must: str

    @property
    def is_least(self) -> bool:
        return _is_least(self.key)

    @property
    def command(self) -> str:
        change = f"--alter --entity-type topics --entity-name {self.name} --add-config {self.key}={self.must}"
        return f"kafka-configs.sh {change}"


def differences(name: str, held: Mapping[str, str], must: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(name, key, held.get(key), value)
        for key, value in must.items()
        if not _fits(key, held.get(key, ""), value)
    ]


def _is_least(key: str) -> bool:
    return key in ("retention.ms", "max.message.bytes")


def _fits(key: str, held: str, must: str) -> bool:
    """
    >>> _fits("retention.ms", "-1", "1000"), _fits("retention.ms", "999", "1000"), _fits("cleanup.policy", "a", "b")
    (True, False, False)
    """
    if key in ("segment.ms", "min.cleanable.dirty.ratio"):  # thrift, not truth
        return True
    return (held == "-1" or int(held) >= int(must)) if _is_least(key) else held == must
