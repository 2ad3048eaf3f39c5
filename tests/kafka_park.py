"""A park whose log is a real Kafka: its configuration, roles as processes of their own, what they left in the log."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from connectors.codecs import alerts_json, results_json
from pipeline.config.read import read_config
from pipeline.core.ports import Log, Record
from pipeline.roles.start import open_log
from pipeline.runtime.clock import WallClock
from tests.contract.kafka import addresses, remove
from tests.processes import Processes

LAUNCH = Path(__file__).with_name("crash") / "launch.py"
PARK = """
levels = [{levels}]
data_dir = "{data}"
language = "en"
[log]
kind = "kafka"
bootstrap = {bootstrap}
partitions = {partitions}
prefix = "{prefix}"
{more}
"""


@dataclass
class KafkaPark(Processes):
    """`folder` holds a configuration for each name; all share the log and the data folder."""

    bootstrap: tuple[str, ...] = ()
    prefix: str = ""
    partitions: int = 4
    levels: tuple[str, ...] = ("site", "line", "unit")
    opened: list[Log] = field(default_factory=list)

    def configure(self, name: str = "config", more: str = "", log: str = "") -> Path:
        place = self.folder / name
        place.mkdir(parents=True, exist_ok=True)
        text = PARK.format(
            levels=", ".join(f'"{level}"' for level in self.levels),
            data=self.folder / "data",
            bootstrap=json.dumps(self.bootstrap),
            partitions=self.partitions,
            prefix=self.prefix,
            more=log + more,
        )
        (place / "park.toml").write_text(text, "utf-8")
        return place

    def log(self, config: Path) -> Log:
        self.opened.append(open_log(read_config(config), WallClock()))
        return self.opened[-1]

    def launch(self, name: str, config: Path, point: str, after_s: float) -> None:
        """A worker that kills itself at this point of its work (`tests.crash.launch`)."""
        command = [sys.executable, str(LAUNCH), str(config), "worker", point, str(after_s)]
        with self._noise(name).open("ab") as noise:
            self.children[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=noise, stderr=noise)


@contextmanager
def kafka_park(
    folder: Path, partitions: int = 4, levels: tuple[str, ...] = ("site", "line", "unit"), bootstrap: str = ""
) -> Iterator[KafkaPark]:
    """Ends its processes and removes its topics."""
    servers = tuple(bootstrap.split(",")) if bootstrap else addresses()
    park = KafkaPark(folder, bootstrap=servers, prefix=f"test-{uuid4().hex[:8]}-", partitions=partitions, levels=levels)
    try:
        yield park
    finally:
        park.destroy()
        for log in park.opened:
            log.close()
        asyncio.run(remove(servers, park.prefix))


def records(log: Log, topic: str) -> list[Record]:
    """The whole topic, partition by partition, in log order."""
    reader, found = log.reader(topic, ""), list[Record]()
    while some := reader.poll(0.0):
        found += some
    reader.close()
    return sorted(found, key=lambda record: (record.partition, record.offset))


def lag(park: KafkaPark, log: Log, topic: str, group: str) -> int:
    """Records of a topic that a group has not committed."""
    done = asyncio.run(_committed(park, f"{park.prefix}{group}.{topic}"))
    reader = log.reader(topic, "")
    found = sum(reader.end_offset(p) - done.get(p, reader.first_offset(p)) for p in reader.partitions)
    reader.close()
    return found


async def _committed(park: KafkaPark, group: str) -> dict[int, int]:
    from aiokafka.admin import AIOKafkaAdminClient

    admin = AIOKafkaAdminClient(bootstrap_servers=list(park.bootstrap))
    await admin.start()
    try:
        return {tp.partition: at.offset for tp, at in (await admin.list_consumer_group_offsets(group)).items()}
    finally:
        await admin.close()


def published(log: Log) -> tuple[dict[tuple, set[str]], dict[tuple, set[str]]]:
    """What was said: (identity, revision) -> contents, (id, transition) -> transitions. One each is promised."""
    results: dict[tuple, set[str]] = {}
    for record in records(log, "results.v1"):
        for r in results_json.decode(record.value):
            key = (r.kind, r.equipment, r.name, r.window_s, r.window_start, r.product or "", r.revision)
            results.setdefault(key, set()).add(repr((r.values, r.coverage, r.formula)))
    alerts: dict[tuple, set[str]] = {}
    for record in records(log, "alerts.v1"):
        alert = alerts_json.decode(record.value)
        alerts.setdefault((alert.id, alert.transition), set()).add(repr(alert))
    return results, alerts
