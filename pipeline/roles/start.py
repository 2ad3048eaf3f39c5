"""Wires roles to ports: which log, which store, which brokers; one thread a role, until told to stop.

Rule: everything a role needs is handed to it here; no role reads configuration.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable
from urllib.parse import quote

from connectors.codecs.topics import Grammar
from connectors.data_folder import free_bytes
from connectors.folder_shelf import shelf_of
from connectors.kafka.settings import KafkaSettings
from connectors.memory import MemoryLog
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink
from connectors.mqtt.source import Bounds, MqttSource
from connectors.mqtt.sources import MqttSources
from connectors.spool import Spool, refuse_newer, spool_path
from connectors.sqlite_log import SqliteLog
from pipeline.config.broker import BrokerSection
from pipeline.config.log_section import LogSection
from pipeline.config.read import Config
from pipeline.config.undeclared import default_line
from pipeline.core.errors import Bug, ConfigError, Unavailable, plain
from pipeline.core.ports import Clock, FarWriter, Log, Shelf
from pipeline.roles.gateway import Gateway, GatewaySetup
from pipeline.roles.historian import Historian
from pipeline.roles.notifier import Notifier
from pipeline.roles.spooled_writer import SpoolBounds, SpooledWriter
from pipeline.roles.store import open_store
from pipeline.roles.worker import Worker
from pipeline.runtime.garbage import search_seldom
from pipeline.runtime.instruments import Instruments
from pipeline.runtime.logs import log as logger
from pipeline.runtime.loop import Role, Waiting, run

if TYPE_CHECKING:
    from connectors.kafka.log import KafkaLog

RoleName = Literal["gateway", "worker", "historian", "notifier"]
ROLES: tuple[RoleName, ...] = ("gateway", "worker", "historian", "notifier")
DAY_MS = 86_400_000
HELD_BYTES = 64 << 20  # received and not yet durable, of all brokers together
TOPICS = ("samples.v1", "results.v1", "alerts.v1", "commands.v1", "late.v1", "rejects.v1")


def open_log(config: Config, clock: Clock) -> Log:
    log: Log
    if config.log.kind == "kafka":
        log = open_kafka(config)
    else:
        log = MemoryLog(clock) if config.log.kind == "memory" else SqliteLog(config.data_dir / "log", clock)
    try:
        log.ensure(dict.fromkeys(TOPICS, config.log.partitions))
    except BaseException:
        log.close()
        raise
    return log


def expected_log(config: Config) -> "KafkaLog":
    """Of a Kafka that is away: to be written to, and by a gateway with a spool alone."""
    log = open_kafka(config)
    log.expect(dict.fromkeys(TOPICS, config.log.partitions))
    return log


def refuse_spool(config: Config) -> None:
    """Before anything is connected to: what an older version must not touch."""
    if config.log.kind == "kafka":
        refuse_newer(spool_path(config.data_dir, config.gateway.name))


def open_kafka(config: Config) -> "KafkaLog":
    """The client library is an extra, and loaded only where it is used."""
    try:
        from connectors.kafka.log import KafkaLog
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"park.toml: log.kind: 'kafka' needs the package {error.name}; run pip install 'parkpulse[kafka]'"
        ) from error
    return KafkaLog(kafka_settings(config.log), config.data_dir / "kafka", kept(config))


def kafka_settings(log: LogSection) -> KafkaSettings:
    security = log.security
    return KafkaSettings(
        log.bootstrap,
        security.tls,
        security.ca or None,
        security.cert or None,
        security.key or None,
        security.mechanism,
        security.username or None,
        security.password(),
        log.prefix,
    )


def kept(config: Config) -> dict[str, int]:
    """How long records of each topic are of use: samples for the horizon and a day, results days, the rest weeks."""
    horizon = max([config.time.correction_horizon_ms, *(line.time.correction_horizon_ms for line in config.lines)])
    weeks = dict.fromkeys(TOPICS, 28 * DAY_MS)
    return weeks | {"samples.v1": horizon + DAY_MS, "results.v1": 7 * DAY_MS}


def mqtt(broker: BrokerSection, client_id: str) -> MqttSettings:
    return MqttSettings(
        broker.url,
        client_id,
        broker.protocol,
        broker.ca or None,
        broker.cert or None,
        broker.key or None,
        broker.username or None,
        broker.password(),
    )


def notifier_names(brokers: Sequence[BrokerSection]) -> list[str]:
    """By broker, also the names of their groups in the log: the first one's is plain, the others' hold the address."""
    return ["notifier" if at == 0 else f"notifier-{one.host}-{one.port}" for at, one in enumerate(brokers)]


@runtime_checkable
class Looped(Protocol):
    """A log whose clients share a loop in the background."""

    def loop_lag(self) -> float: ...


@dataclass
class Park:
    """The roles of one process on one log. `start` returns at once; a role that fails ends all, see `failed`."""

    config: Config
    clock: Clock
    log: Log
    instruments: Instruments = field(default_factory=Instruments)
    linger_s: float | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)  # by role
    threads: list[threading.Thread] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    failed: BaseException | None = None

    def start(self, names: Sequence[RoleName]) -> None:
        search_seldom()
        self.instruments.free_bytes.set_function(lambda: free_bytes(self.config.data_dir))
        if isinstance(self.log, Looped):
            self.instruments.kafka_loop_lag.set_function(self.log.loop_lag)
        with ExitStack() as undone:
            self.roles |= self._made(names, undone)
            undone.pop_all()
        for role in self.roles.values():
            self.waiting[role.name] = Waiting(logger(role.name), self.clock)
            thread = threading.Thread(target=self._run, args=(role,), name=role.name)
            self.threads.append(thread)
            thread.start()

    def _made(self, names: Sequence[RoleName], undone: ExitStack) -> dict[str, Role]:
        """Leaving `undone` takes back what was connected meanwhile."""
        made: dict[RoleName, Callable[[], Iterable[Role]]] = {
            "gateway": lambda: [self.gateway(undone)],
            "worker": lambda: [Worker(self.log, self.instruments, keep_ms=kept(self.config), shelf=self._shelf)],
            "historian": lambda: [Historian(self.log, open_store(self.config), self.instruments)],
            "notifier": lambda: self.notifiers(undone),
        }
        return {role.name: role for name in names for role in made[name]()}

    def _shelf(self, name: str, kept_by: str) -> Shelf:
        return shelf_of(self.config.data_dir / "horizon", quote(name, safe=""), kept_by)

    def gateway(self, undone: ExitStack) -> Gateway:
        config, brokers = self.config, self._brokers("gateway")
        name = config.gateway.name
        bounds = Bounds(size=HELD_BYTES // len(brokers))
        source = MqttSources(
            [MqttSource(mqtt(one, f"parkpulse-{name}"), one.filters, self.clock, bounds) for one in brokers]
        )
        undone.callback(source.close)
        linger = config.time.linger_ms / 1000 if self.linger_s is None else self.linger_s
        grammars = [Grammar(config.levels, frozenset(one.families), one.patterns) for one in brokers]
        undeclared = default_line("-", config.levels, config.time)
        setup = GatewaySetup(name, grammars, config.gateway.max_payload, config.lines, undeclared, linger)
        return Gateway(source, self.log, self.clock, setup, self.instruments, self._spooled(undone))

    def _spooled(self, undone: ExitStack) -> SpooledWriter | None:
        """A log on this machine's disk gets no spool: it would be on the same disk."""
        config = self.config
        if config.log.kind != "kafka":
            return None
        spool = Spool(spool_path(config.data_dir, config.gateway.name), self.clock)
        undone.callback(spool.close)
        writer = self.log.writer()
        if not isinstance(writer, FarWriter):
            raise Bug(f"log: {type(writer).__name__} cannot be written with a spool")
        of = config.gateway.spool
        bounds = SpoolBounds(of.after / 1000, of.size, of.age, of.policy == "drop-oldest", of.drain)
        return SpooledWriter(writer, spool, bounds=bounds, clock=self.clock, instruments=self.instruments)

    def notifiers(self, undone: ExitStack) -> Iterator[Notifier]:
        """One a broker, each with its own place in the log: what one is away for is told there when it is back."""
        client_id = f"parkpulse-{self.config.gateway.name}-notifier-0"
        for broker, name in zip(self._brokers("notifier"), notifier_names(self.config.brokers), strict=True):
            sink = MqttSink(mqtt(broker, client_id))
            undone.callback(sink.close)
            yield Notifier(self.log, sink, self.clock, self.instruments, name, name)

    def _brokers(self, role: str) -> Sequence[BrokerSection]:
        if not self.config.brokers:
            raise ConfigError(
                f"park.toml: brokers: the role {role} needs at least one; got none; add [[brokers]]; "
                "see `parkpulse explain park`"
            )
        return self.config.brokers

    def _run(self, role: Role) -> None:
        try:
            run(role, self.stop, self.waiting[role.name])
        except BaseException as error:
            logger(role.name).error("failed", what=plain(error), exc_info=not isinstance(error, Unavailable))
            self.failed = self.failed or error
            self.stop.set()

    @property
    def rivalled(self) -> set[str]:
        """Roles whose connection another gateway of the same name takes over, and they its."""
        ends = {
            name: role.source if isinstance(role, Gateway) else role.sink
            for name, role in self.roles.items()
            if isinstance(role, Gateway | Notifier)
        }
        return {name for name, end in ends.items() if end.rival}

    def lacks(self) -> str:
        """What keeps this process from being ready, a line each; "" where every role runs and lacks nothing."""
        if self.failed is not None:
            return f"a role has failed: {plain(self.failed)}"
        if not self.roles:
            return "no role has started yet"
        lacking = {name: role.trouble or self.waiting[name].what for name, role in self.roles.items()}
        return "\n".join(f"{name}: {what}" for name, what in lacking.items() if what)

    def join(self) -> None:
        """Asks every role to end cleanly and waits for it; then the failure of one is raised."""
        self.stop.set()
        for thread in self.threads:
            thread.join()
        if self.failed is not None:
            raise self.failed


def started(stack: ExitStack, park: Park, names: Iterable[RoleName]) -> Park:
    """The park with these roles running; leaving `stack` ends them."""
    stack.callback(park.join)
    park.start(tuple(names))
    return park
