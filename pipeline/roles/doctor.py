"""Which looks a configuration asks for: its data folder, its brokers, its log, its store.

Rule: what to look at in a place stands in the file `checks` of its driver; a driver whose package is missing is a
finding like any other.
"""

from collections.abc import Iterable

from connectors import data_folder, spool_checks, sqlite_checks
from connectors.mqtt import checks as mqtt_checks
from connectors.needs import LogNeeds
from pipeline.config.read import Config
from pipeline.core.finding import Check, Finding, phrase
from pipeline.core.ports import Clock
from pipeline.roles import historian, notifier, worker
from pipeline.roles.start import TOPICS, kafka_settings, kept, mqtt, notifier_names
from pipeline.roles.store import influx_settings


def checks(config: Config, clock: Clock) -> list[Check]:
    reads = {"worker": worker.READS, "historian": historian.READS}
    reads |= dict.fromkeys(notifier_names(config.brokers), notifier.READS)
    needs = LogNeeds(
        dict.fromkeys(TOPICS, config.log.partitions), kept(config), reads, config.time.max_clock_skew_ms, clock
    )
    return [*data_folder.checks(config.data_dir), *_brokers(config), *_log(config, needs), *_store(config, needs)]


def _brokers(config: Config) -> Iterable[Check]:
    if not config.brokers:
        what, cure = phrase("gateway and notifier need a broker; there is none"), phrase("give one in park.toml")
        yield Check("[[brokers]]", lambda: [Finding("[[brokers]]", what, cure)])
    for broker in config.brokers:
        yield from mqtt_checks.checks(mqtt(broker, "parkpulse-doctor"), broker.filters, config.gateway.max_payload)


def _log(config: Config, needs: LogNeeds) -> Iterable[Check]:
    if config.log.kind == "sqlite":
        return sqlite_checks.log_checks(config.data_dir / "log", needs)
    if config.log.kind == "memory":
        return [Check("[log]", lambda: [Finding("[log]", phrase("lives in memory, gone at exit"))])]
    try:
        from connectors.kafka import checks as kafka_checks
    except ModuleNotFoundError as error:
        return [_missing("[log]", error, "kafka")]
    spools = spool_checks.checks(config.data_dir, config.gateway.name, needs.clock)
    return [*kafka_checks.checks(kafka_settings(config.log), needs), *spools]


def _store(config: Config, needs: LogNeeds) -> Iterable[Check]:
    if config.store.kind == "local":
        return sqlite_checks.store_checks(config.data_dir / "store.sqlite")
    try:
        from connectors.influx import checks as influx_checks
    except ModuleNotFoundError as error:
        return [_missing("[store]", error, "influx")]
    return influx_checks.checks(influx_settings(config.store), needs)


def _missing(place: str, error: ModuleNotFoundError, extra: str) -> Check:
    what, cure = (
        phrase("the package {0} is missing", error.name or ""),
        phrase("run {0}", f"pip install 'parkpulse[{extra}]'"),
    )
    return Check(place, lambda: [Finding(place, what, cure)])
