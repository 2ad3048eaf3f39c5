"""One run of the bundled lines on one machine: broker, roles, plant, one virtual clock; and its summary.

Rule: everything here is the real thing on loopback; only the clock is virtual, so that speed changes no result.
"""

import importlib.resources
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from connectors.local_store import LocalStore
from connectors.mqtt.settings import MqttSettings
from connectors.mqtt.sink import MqttSink, Publication
from connectors.services.broker import EmbeddedBroker, embedded_broker
from pipeline.config.read import Config, read_config
from pipeline.config.toml import read_toml
from pipeline.core.errors import Unavailable
from pipeline.roles.start import ROLES, Park, open_log, started
from pipeline.runtime.clock import VirtualClock
from simulators import summary
from simulators.drive import Drive, Message
from simulators.leftover import Unended, finish, gateway_of, newest_append, second_behind, take_up
from simulators.live import Live
from simulators.plant import Plant

LATENESS_MS = 2_000
TIME_OFF = ("holidays =", "breaks =", "days =")  # lines of park.toml that let machines rest
BROKER = """
[gateway]
name = "demo"

[[brokers]]
url = "{url}"
protocol = "{protocol}"
families = ["own", "umh", "telegraf"]

[[brokers.topics]]
pattern = "telegraf/+"
family = "telegraf"
"""


def prepare(folder: Path, broker: EmbeddedBroker, language: str) -> Config:
    """The run's configuration in `folder/config`, with the address of its broker; lines that are there stay. It works
    every day without a break."""
    target = folder / "config"
    bundled = importlib.resources.files("simulators") / "config"
    with importlib.resources.as_file(bundled) as source:
        (target / "lines").mkdir(parents=True, exist_ok=True)
        there = {read_toml(file, file.name).get("path") for file in target.glob("lines/*.toml")}
        for file in sorted(source.glob("lines/*.toml")):
            if read_toml(file, file.name)["path"] not in there:
                shutil.copy(file, target / "lines")
        text = (source / "park.toml").read_text("utf-8")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(TIME_OFF))
    text = text.replace('data_dir = "data"', 'data_dir = "../data"').replace('"vi"', f'"{language}"')
    text += BROKER.format(url=broker.url, protocol=broker.protocol)
    (target / "park.toml").write_text(text, "utf-8")
    return read_config(target)


def always() -> bool:
    return True


@dataclass
class Demo:
    """A run in `folder`, from `start_ms` or the newest append time there; `make_plant` gets the time it begins at.

    `took_up`: the last run in this folder had been killed, and what it left was stored first."""

    folder: Path
    start_ms: int
    make_plant: Callable[[int], Plant]
    speed: float = 1.0
    language: str = "vi"
    port: int = 0
    stack: ExitStack = field(default_factory=ExitStack)
    took_up: bool = False

    def __enter__(self) -> "Demo":
        try:
            self._open()
        except BaseException:
            self.stack.close()
            raise
        return self

    def _open(self) -> None:
        self.unended = Unended(self.folder)
        self.broker = self.stack.enter_context(embedded_broker(self.folder / "broker", self.port))
        self.config = prepare(self.folder, self.broker, self.language)
        self.clock = VirtualClock(self.start_ms)
        self.log = open_log(self.config, self.clock)
        self._go_on()
        self.clock.advance(self.start_ms)
        self.plant = self.make_plant(self.start_ms)
        self.store = LocalStore(self.config.data_dir / "store.sqlite")
        self.before = summary.ledger_totals(self.store)
        self.park = Park(self.config, self.clock, self.log, linger_s=0.0)
        started(self.stack, self.park, ROLES)
        self.live = Live(self.log)
        sender = MqttSink(MqttSettings(self.broker.url, "parkpulse-plant", self.broker.protocol))
        self.stack.callback(sender.close)
        gateway = gateway_of(self.park)

        def publish(messages: Sequence[Message]) -> None:
            sender.publish([Publication(topic, body) for topic, body in messages])

        self.drive = Drive(
            self.plant, publish, lambda: gateway.durable, self.clock, self.start_ms, self.speed, self.is_held_up
        )

    def _go_on(self) -> None:
        """Behind the last run; what that left, because it was killed, is none of this run's."""
        newest = newest_append(self.log)
        if newest and self.unended.is_there():
            take_up(self.config, newest)
            newest, self.took_up = newest_append(self.log), True
        if newest:
            self.start_ms = max(self.start_ms, second_behind(newest))
        self.unended.begin()

    def tick(self, goes_on: Callable[[], bool] = always) -> None:
        """A tenth of a second; it may take long where nothing can be written, `goes_on` ends the waiting."""
        self.drive.tick(goes_on)

    def is_held_up(self) -> bool:
        if self.park.failed is not None:
            raise self.park.failed
        return self.park.waiting["gateway"].since is not None

    def finish(self) -> None:
        """Everything is in the store, and told, when it returns."""
        finish(self.park)
        self.unended.end()
        self.live.look()

    def summary(self) -> dict[str, object]:
        """interfaces of a run's summary; call after `finish`."""
        after = summary.ledger_totals(self.store)
        raised = summary.alerts(self.store, self.plant.faults, self.start_ms)
        lines: dict[str, object] = {}
        for path, truth in self.plant.truth.items():
            first = summary.first_window(truth.known_from)
            elements = summary.line_elements(self.store, path, first, self.drive.now_ms)
            told = truth.elements(summary.windows_of(elements)).figures()
            lines[path] = {**summary.line_figures(elements, path), "truth": told}
        sent_at = self.drive.sent_at
        return {
            "samples": summary.samples(self.before, after, self.plant.sent),
            "lines": lines,
            "alerts": raised,
            "faults": summary.fault_rows(self.plant.faults, raised),
            "expected": self.plant.expected,
            "latency_ms": {
                "sample_to_result": summary.latency(sent_at, self.live.results_seen, LATENESS_MS),
                "sample_to_alert": summary.latency(sent_at, self.live.alerts_seen, LATENESS_MS),
            },
            "seconds": (self.drive.now_ms - self.start_ms) / 1000,
        }

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.live.close()
        try:
            self.stack.close()
            self.plant.save_truth(self.folder / "truth")
        except (Unavailable, OSError):
            if error is None:  # else what came first says more
                raise


def write_summary(found: dict[str, object], file: Path) -> None:
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")


def is_whole(found: dict[str, object]) -> bool:
    """Nothing sent is missing and nothing waits."""
    counted = found["samples"]
    return isinstance(counted, dict) and counted["gap"] == 0 and counted["waiting"] == 0
