"""The product as its user runs it: a process a role by `parkpulse run`, on a configuration and topics of its own.

Rules: what any process says is kept and told where it fails; all are ended, and topics, database and sessions are gone,
at the end. `account` reads the ledger as the worker left it in its checkpoint.
"""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.request import urlopen
from uuid import uuid4

from connectors.folder_shelf import shelf_of
from connectors.influx.settings import InfluxSettings
from connectors.kafka.log import KafkaLog
from pipeline.bench.loads import Mismatch
from pipeline.bench.publisher import connected
from pipeline.bench.store import own_database
from pipeline.bench.worker import remove
from pipeline.bench.worker_rounds import positions, received
from pipeline.config.read import read_config
from pipeline.core.ledger import FIELDS
from pipeline.roles.start import open_kafka
from pipeline.roles.worker import Worker
from pipeline.runtime.instruments import Instruments

PATIENCE_S, LEVELS = 60.0, ("site", "line", "unit")
PARK = """
levels = ["site", "line", "unit"]
data_dir = "data"
language = "en"
[gateway]
name = "{gateway}"
[log]
kind = "kafka"
bootstrap = [{kafka}]
prefix = "{prefix}"
[store]
kind = "influxdb"
url = "{influx}"
database = "{database}"
[[brokers]]
url = "mqtt://{mqtt}"
families = ["own"]
"""


@dataclass(frozen=True, slots=True)
class Addresses:
    mqtt: str
    kafka: str
    influx: str


@dataclass(slots=True)
class Processes:
    """Each with a file for its words."""

    folder: Path
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, *words: str) -> None:
        with self._words(name).open("ab") as noise:
            command = [sys.executable, "-m", *words]
            self.children[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise)

    def _words(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def said(self, name: str) -> str:
        return self._words(name).read_text("utf-8", errors="replace")

    def check(self) -> None:
        for name, child in self.children.items():
            if child.poll() is not None:
                raise Mismatch(f"{name} ended by itself: {self.said(name)[-2000:]}")

    def await_ready(self, name: str) -> None:
        """By its own /readyz."""
        until = monotonic() + PATIENCE_S
        while monotonic() < until:
            self.check()
            if found := re.search(r"metrics: (http://\S+)/metrics", self.said(name)):
                with suppress(OSError), urlopen(f"{found[1]}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            sleep(0.05)
        raise Mismatch(f"{name} is not ready after {PATIENCE_S:g} s: {self.said(name)[-2000:]}")

    def await_word(self, name: str, word: str) -> None:
        until = monotonic() + PATIENCE_S
        while word not in self.said(name):
            self.check()
            if monotonic() > until:
                raise Mismatch(f"{name} has not said {word!r}: {self.said(name)[-2000:]}")
            sleep(0.05)

    def end(self) -> None:
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        for name, child in self.children.items():
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                raise Mismatch(f"{name} has not ended 20 s after SIGTERM") from None
        self.children.clear()


@dataclass(slots=True)
class Product:
    """`log` is open for the benchmark's own eyes."""

    config: Path
    log: KafkaLog
    database: InfluxSettings
    processes: Processes

    def start(self, roles: Sequence[str]) -> None:
        for role in roles:
            self.processes.start(role, "pipeline", "run", str(self.config), "--role", role)
        for role in roles:
            self.processes.await_ready(role)
        if "worker" in roles:
            self.processes.await_word("worker", '"works on"')

    def account(self, sent: int) -> None:
        """Ends the processes, and takes over from the worker: of the samples sent each must be stored."""
        self.processes.end()
        shelf = partial(shelf_of, read_config(self.config).data_dir / "horizon")
        worker, counts = Worker(self.log, Instruments(), shelf=shelf), dict.fromkeys(FIELDS, 0)
        try:
            until = monotonic() + PATIENCE_S
            while not worker.held or positions(worker) != [*map(worker.reader.end_offset, worker.reader.partitions)]:
                worker.turn(0.2)
                if monotonic() > until:
                    raise Mismatch("nobody can take over from the worker")
            for held in worker.held.values():
                sums = held.state.ledger.counts.sum(axis=0).tolist()
                counts = {name: counts[name] + n for name, n in zip(FIELDS, sums, strict=True)}
            waiting = sum(len(held.state.open) for held in worker.held.values())
        finally:
            worker.close()
        if not received(worker) == sent == counts["stored"] + waiting or counts["gap"]:
            raise Mismatch(f"of {sent} samples {counts['stored'] + waiting} are accounted for: {counts}")


@contextmanager
def product(at: Addresses, lines: Sequence[str] = (), more: str = "") -> Iterator[Product]:
    """A configuration with these line files; nothing is started yet."""
    gateway = f"bench-{uuid4().hex[:12]}"
    with TemporaryDirectory(prefix="parkpulse-bench-") as folder, own_database(at.influx) as database:
        config = Path(folder, "config")
        (config / "lines").mkdir(parents=True)
        servers = ", ".join(f'"{one}"' for one in at.kafka.split(","))
        names = {"gateway": gateway, "prefix": f"{gateway}-", "database": database.database}
        text = PARK.format(kafka=servers, mqtt=at.mqtt, influx=at.influx, **names)
        (config / "park.toml").write_text(text + more, "utf-8")
        for number, line in enumerate(lines):
            (config / "lines" / f"line-{number}.toml").write_text(line, "utf-8")
        log = open_kafka(read_config(config))
        processes = Processes(Path(folder))
        try:
            yield Product(config, log, database, processes)
        finally:
            with suppress(Mismatch):
                processes.end()
            log.close()
            asyncio.run(remove(log.settings))
            for client_id in (f"parkpulse-{gateway}", f"parkpulse-{gateway}-notifier-0"):
                connected(at.mqtt, client_id).connection.close()
