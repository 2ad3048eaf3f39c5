"""A look at the log on Kafka: the cluster, its topics and their settings, its clock, how far each role has read.

Rules: nothing is written, and no group is joined. A cluster that is away is one finding; a question that it refuses is
one, and the others are asked.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from datetime import timedelta

from aiokafka.admin import AIOKafkaAdminClient

from connectors.kafka.settings import KafkaSettings
from connectors.kafka.standing import Standing
from connectors.kafka.topics import STATE, Difference, counts_in, differences, settings_of, wanted
from connectors.kafka.trouble import kafka_trouble
from connectors.needs import LogNeeds
from pipeline.core.errors import ConfigError, Unavailable
from pipeline.core.finding import Check, Finding, phrase, trouble

ANSWER_S = 10.0
_TIME, _KEPT, _POLICY, _LARGEST = "message.timestamp.type", "retention.ms", "cleanup.policy", "max.message.bytes"


def checks(settings: KafkaSettings, needs: LogNeeds) -> list[Check]:
    place = ", ".join(settings.bootstrap)
    return [Check(place, lambda: look(settings, needs), 60.0)]


def look(settings: KafkaSettings, needs: LogNeeds) -> Iterator[Finding]:
    with asyncio.Runner() as runner:
        admin = runner.run(_client(settings))
        visit = _Visit(settings, needs, admin)
        try:
            found = runner.run(visit.asked(visit.connect()))
            yield from found
            if all(finding.ok for finding in found):
                for question in visit.questions():
                    yield from runner.run(visit.asked(question))
        finally:
            runner.run(admin.close())


async def _client(settings: KafkaSettings) -> AIOKafkaAdminClient:
    return AIOKafkaAdminClient(**settings.client("parkpulse-doctor"))


class _Visit:
    """One connection, and what was learned on it so far: topics and partitions, by their names here."""

    def __init__(self, settings: KafkaSettings, needs: LogNeeds, admin: AIOKafkaAdminClient) -> None:
        self._settings, self._needs, self._admin = settings, needs, admin
        self._place = ", ".join(settings.bootstrap)
        self._held: dict[str, int] = {}

    async def asked(self, question: Coroutine[object, object, list[Finding]]) -> list[Finding]:
        try:
            with kafka_trouble(self._place):
                async with asyncio.timeout(ANSWER_S):
                    return await question
        except (Unavailable, ConfigError) as error:
            return [trouble(self._place, error, phrase("see that Kafka runs, and correct [log] in park.toml"))]

    async def connect(self) -> list[Finding]:
        await self._admin.start()
        brokers = len((await self._admin.describe_cluster())["brokers"])
        return [Finding(self._place, phrase("Kafka answers, brokers: {0}", brokers))]

    def questions(self) -> Iterator[Coroutine[object, object, list[Finding]]]:
        standing = Standing(self._settings, self._needs, self._admin)
        yield self.topics()
        yield self.settings()
        for role, topics in self._needs.reads.items():
            for topic in (topic for topic in topics if topic in self._held):
                yield standing.lag(role, topic, self._held[topic])
        if "samples.v1" in self._held:
            yield standing.clock("samples.v1", self._held["samples.v1"])
        yield standing.close()

    async def topics(self) -> list[Finding]:
        self._held, needed = counts_in(await self._admin.describe_topics(), self._settings.prefix), self._needs.topics
        found = [
            Finding(self._settings.prefix + topic, phrase("is missing"), phrase("run `parkpulse topics ensure`"))
            for topic in (*needed, STATE)
            if topic not in self._held
        ]
        for topic, partitions in needed.items():
            if (held := self._held.get(topic, partitions)) != partitions:
                cure = phrase("set log.partitions to {0}, or take another log.prefix: a change means new topics", held)
                what = phrase("it has {0} partitions; log.partitions is {1}", held, partitions)
                found.append(Finding(self._settings.prefix + topic, what, cure))
        return found or [Finding(self._place, phrase("{0} topics are there", len(needed) + 1))]

    async def settings(self) -> list[Finding]:
        names = {self._settings.prefix + topic: topic for topic in (*self._needs.topics, STATE) if topic in self._held}
        held = await settings_of(self._admin, list(names)) if names else {}
        slips = [slip for name, own in held.items() for slip in differences(name, own, self._wanted(names[name]))]
        wrong = {(slip.name, slip.key) for slip in slips}
        found = [_difference(slip) for slip in slips]
        for name, own in held.items():
            if (name, _KEPT) not in wrong and names[name] == "samples.v1":
                found.append(_kept(name, own[_KEPT], self._needs.keep_ms[names[name]]))
            if (name, _POLICY) not in wrong and names[name] == STATE:
                found.append(Finding(name, phrase("is compacted")))
        if held and not any(key == _TIME for _, key in wrong):
            found.append(Finding(self._place, phrase("records carry the log's own time (LogAppendTime)")))
        return found

    def _wanted(self, topic: str) -> dict[str, str]:
        """A bound on bytes would drop samples before their time."""
        unbound = {"retention.bytes": "-1"} if topic == "samples.v1" else {}
        return wanted(topic, self._needs.keep_ms) | unbound


def _difference(slip: Difference) -> Finding:
    cure = phrase("{0}", slip.command)
    if slip.key == _KEPT:
        return Finding(slip.name, phrase("is kept for {0}; needed are {1}", _ms(slip.held), _ms(slip.must)), cure)
    least = phrase("{0} is {1}; needed are {2} or more", slip.key, slip.held or "", slip.must)
    exact = phrase("{0} is {1}; needed is {2}", slip.key, slip.held or "", slip.must)
    return Finding(slip.name, least if slip.is_least else exact, cure)


def _kept(name: str, held: str, must_ms: int) -> Finding:
    if held == "-1":
        return Finding(name, phrase("is kept for ever"))
    return Finding(name, phrase("is kept for {0}; needed are {1}", _ms(held), timedelta(milliseconds=must_ms)))


def _ms(text: str | None) -> timedelta:
    return timedelta(milliseconds=min(int(text or 0), 10**14))
