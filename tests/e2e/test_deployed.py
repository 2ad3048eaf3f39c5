"""Each example of deploy/config, started as it is deployed on the real services, with the bundled lines sent into it.

The park: two gateways, two workers of which one is killed in the middle and another comes; beside it the same lines
through the embedded chain. In InfluxDB, asked in InfluxQL, stands the truth, and an alert is heard once for each fault.
What both chains export is equal but for silences, whose times are append times, each log's own; on a copy of the park's
log, append times and all, the embedded chain exports everything alike.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from connectors.local_store import LocalStore
from connectors.services.broker import embedded_broker
from pipeline.cli.app import run
from pipeline.config.read import read_config
from pipeline.roles.start import open_log
from pipeline.roles.store import open_store
from pipeline.runtime.clock import WallClock
from simulators.faults import Fault
from tests.e2e.examples import ALL, TELEGRAF, copied
from tests.e2e.heard import Heard, listening
from tests.e2e.influxql import Asked
from tests.e2e.places import place
from tests.e2e.runs import export
from tests.e2e.same_log import copied_log, stored_from
from tests.e2e.simulated import Simulated
from tests.kafka_park import KafkaPark, lag, records
from tests.processes import Processes

pytestmark = [pytest.mark.real, pytest.mark.slow]
LENGTH_S = 44  # every fault with a limit is over by then
ODD = """
[[alarms]]
name = "overpressure-odd"
kind = "score"
unit = "filler"
metric = "overpressure"
threshold = 6.0
off_delay = "5s"
"""
EMBEDDED = {
    'kind = "kafka"\nbootstrap = ["kafka:9092"]\npartitions = 12': 'kind = "sqlite"',
    'kind = "influxdb"\nurl = "http://influxdb:8086"\ndatabase = "parkpulse"\nusername = "writer"\n'
    'password_env = "PARKPULSE_INFLUX_PASSWORD"': 'kind = "local"',
}


@dataclass
class Run:
    """One that has ended; `store` is asked in InfluxQL."""

    config: Path
    simulated: Simulated
    store: Asked
    heard: Heard
    processes: Processes


def alarms(config: Path, *kinds: str) -> set[tuple[str, str]]:
    """(equipment, alarm) of these kinds."""
    lines = read_config(config).lines
    return {(f"{line.path}/{a.unit}", a.name) for line in lines for a in line.alarms if a.kind in kinds}


def limits(config: Path) -> set[tuple[str, str]]:
    return alarms(config, "limit")


def incidents(found: Run) -> dict[str, list[dict]]:
    """By id, the transitions of alarms with a limit that were heard."""
    of_limit, out = limits(found.config), dict[str, list[dict]]()
    for told in found.heard.transitions():
        if (told["equipment"], told["alarm"]) in of_limit:
            out.setdefault(told["id"], []).append(told)
    return out


def limited(found: Run) -> list[Fault]:
    """The faults of the plants that a limit tells of."""
    return [f for f in found.simulated.plant.faults if (f.equipment, f.rule) in limits(found.config)]


def await_cleared(found: Run) -> None:
    wanted = len(limited(found))
    found.processes.await_that(
        lambda: sum(told[-1]["state"] == "norm" for told in incidents(found).values()) >= wanted, "all cleared"
    )


def assert_alerted(found: Run) -> None:
    """Each fault with a limit is one incident on MQTT, raised and cleared, and the same stands in InfluxDB."""
    faults = limited(found)
    assert len(faults) >= len(found.simulated.lines)
    raised = {(told[0]["equipment"], told[0]["alarm"]): told[0]["raised_ms"] for told in incidents(found).values()}
    assert len(raised) == len(incidents(found)) == len(faults)
    assert all(fault.t_on_ms < raised[fault.equipment, fault.rule] <= fault.t_off_ms for fault in faults)
    for told in incidents(found).values():
        assert [one["transition"] for one in told] == list(range(len(told)))
    heard = {(one["id"], one["transition"], one["state"]) for told in incidents(found).values() for one in told}
    stored = found.store.points('SELECT "id", "transition", "state" FROM "alerts"')
    assert heard == {row[1:] for row in stored.rows() if row[1] in incidents(found)}


def gateway(name: str, url: str, at: str) -> dict[str, str]:
    return {"[gateway]\n": f'[gateway]\nname = "{name}"\n', f'url = "mqtt://{at}"': f'url = "{url}"'}


def test_a_plant_on_the_services_of_one_machine(tmp_path: Path) -> None:
    with place(tmp_path) as here:
        changes = here.real("127.0.0.1:9092", "http://127.0.0.1:8086")
        changes['url = "mqtt://127.0.0.1:1883"'] = f'url = "{here.broker}"'
        config = copied("plant", tmp_path / "plant", changes)
        assert run(["topics", "ensure", str(config)]) == 0
        processes, simulated = Processes(tmp_path), Simulated(config, tmp_path, LENGTH_S, 4)
        with listening(here.broker) as heard:
            try:
                for role in ("gateway", "worker", "historian", "notifier"):
                    processes.start(role, config, role)
                processes.await_that(lambda: all(map(processes.is_ready, processes.children)), "all are ready", 60)
                simulated.start()
                time.sleep(simulated.seconds / 3)
                processes.kill("worker")
                processes.start("worker", config, "worker")
                simulated.wait()
                found = Run(config, simulated, here.asked(read_config(config).levels), heard, processes)
                simulated.await_stored(processes, found.store)
                simulated.assert_true(found.store)
                await_cleared(found)
                assert_alerted(found)
                assert {processes.end(name) for name in list(processes.children)} == {0}
            finally:
                processes.destroy()


def test_a_line_in_one_process(tmp_path: Path) -> None:
    with embedded_broker(tmp_path / "broker") as broker:
        changes = {'url = "mqtt://127.0.0.1:1883"': f'url = "{broker.url}"\nprotocol = "{broker.protocol}"'}
        config = copied("lite", tmp_path / "lite", changes)
        processes, simulated = Processes(tmp_path), Simulated(config, tmp_path, LENGTH_S, 8)
        try:
            processes.start("all", config)
            processes.await_that(lambda: processes.is_ready("all"), "it is ready")
            simulated.start()
            simulated.wait()
            store = LocalStore(config / "data" / "store.sqlite")
            simulated.await_stored(processes, store)
            simulated.assert_true(store)
            assert processes.end("all") == 0
        finally:
            processes.destroy()


def watched(config: Path) -> Path:
    """With a rule on scores, which the bundled lines have none of."""
    with (config / "lines" / "filling-1.toml").open("a", encoding="utf-8") as file:
        file.write(ODD)
    return config


@pytest.fixture(scope="module")
def park(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("park")
    with place(folder) as here:
        own = {
            'data_dir = "/data"': f'data_dir = "{folder / "data"}"',
            'host = "0.0.0.0"\nport = 9464': 'host = "127.0.0.1"\nport = 0',
        }
        real = own | here.real("kafka:9092", "http://influxdb:8086")
        first = {**real, **gateway("first", here.broker, "mosquitto:1883"), TELEGRAF: "", ALL: 'families = ["own"]'}
        config = watched(copied("park", folder / "first", first))
        second = {**real, **gateway("second", here.broker, "mosquitto:1883"), ALL: 'families = ["umh", "telegraf"]'}
        watched(copied("park", folder / "second", second))
        copied("park", folder / "plants", real | gateway("plants", here.broker, "mosquitto:1883"))
        embedded = own | EMBEDDED | gateway("embedded", here.broker, "mosquitto:1883")
        watched(copied("park", folder / "embedded", embedded))
        assert run(["topics", "ensure", str(config)]) == 0
        processes = Processes(folder)
        with listening(here.broker) as heard:
            try:
                found = Run(
                    config,
                    Simulated(folder / "plants", folder, LENGTH_S, 2),
                    here.asked(read_config(config).levels),
                    heard,
                    processes,
                )
                through_the_park(found)
                end(found, KafkaPark(folder, bootstrap=here.kafka, prefix=f"{here.name}-"))
                yield found
            finally:
                processes.destroy()


def through_the_park(found: Run) -> None:
    processes, folder = found.processes, found.processes.folder
    for name, config, roles in (
        ("first", "first", ("gateway",)),
        ("second", "second", ("gateway",)),
        ("worker-1", "first", ("worker",)),
        ("worker-2", "first", ("worker",)),
        ("historian", "first", ("historian",)),
        ("notifier", "first", ("notifier",)),
        ("embedded", "embedded", ("gateway", "worker", "historian")),
    ):
        processes.start(name, folder / config, *roles)
    processes.await_that(lambda: all(processes.is_ready(name) for name in processes.children), "all are ready", 60)
    processes.await_that(
        lambda: all(len(processes.owned(name) or ()) == 6 for name in ("worker-1", "worker-2")), "workers share"
    )
    found.simulated.start()
    time.sleep(found.simulated.seconds / 3)
    processes.kill("worker-1")
    processes.start("worker-3", found.config, "worker")
    found.simulated.wait()
    found.simulated.await_stored(processes, found.store)
    found.simulated.await_stored(processes, local(found))
    assert processes.owned("worker-3")
    await_cleared(found)


def end(found: Run, park: KafkaPark) -> None:
    """Gateways first; then the others, when nothing is left for them to do."""
    processes, log = found.processes, park.log(found.config)
    assert {name: processes.end(name) for name in ("first", "second", "embedded")} == dict.fromkeys(
        ("first", "second", "embedded"), 0
    )
    for topic, role in (("samples.v1", "worker"), ("results.v1", "historian"), ("alerts.v1", "historian")):
        processes.await_that(lambda at=(topic, role): lag(park, log, *at) == 0, f"{role} has read {topic}")
    assert {name: processes.end(name) for name in list(processes.children)} == dict.fromkeys(
        ("worker-2", "worker-3", "historian", "notifier"), 0
    )
    log.close()


def local(found: Run) -> LocalStore:
    return LocalStore(found.processes.folder / "data" / "store.sqlite")


def test_every_element_of_the_park_is_the_truths_though_a_worker_was_killed(park: Run) -> None:
    park.simulated.assert_true(park.store)


def test_each_fault_of_the_park_is_one_alert(park: Run) -> None:
    assert_alerted(park)


def test_the_embedded_chain_exports_the_same(park: Run) -> None:
    """Windows that ended while samples came; silences, which are measured in the log's own time, are not compared."""
    real, embedded = (export(store) for store in (open_store(read_config(park.config)), local(park)))
    for kind in real:
        left, right = (compared(kind, tables[kind], park) for tables in (real, embedded))
        assert not left.is_empty() or kind == "anomaly"
        assert_alike(left, right)


def test_on_the_log_of_the_park_the_embedded_chain_exports_everything_alike(park: Run) -> None:
    """Twelve partitions or one, several workers or one, killed or not; silences and the ledger too."""
    config = read_config(park.config)
    source, store = open_log(config, WallClock()), open_store(config)
    again = stored_from(copied_log(source, park.processes.folder / "copy"), park.processes.folder / "copy.sqlite")
    assert len({record.partition for record in records(source, "samples.v1")}) > 1
    source.close()
    real, embedded = export(store), export(again)
    for kind, table in real.items():
        assert_alike(dense(table), dense(embedded[kind]))
    for kind in ("limit", "score", "silence"):
        names = [f"{equipment} {alarm}" for equipment, alarm in alarms(park.config, kind)]
        said = real["alerts"].filter(pl.format("{} {}", "equipment", "alarm").is_in(names))
        assert "unack" in set(said["state"]), kind
    ledgers = [dense(one.read("ledger").drop("revision").sort("equipment", "name")) for one in (store, again)]
    assert_alike(*ledgers)


def assert_alike(left: pl.DataFrame, right: pl.DataFrame) -> None:
    assert_frame_equal(left, right, check_column_order=False, rel_tol=1e-15, abs_tol=0)


def compared(kind: str, table: pl.DataFrame, found: Run) -> pl.DataFrame:
    if kind == "alerts":
        names = [f"{equipment} {alarm}" for equipment, alarm in alarms(found.config, "limit", "score")]
        return table.filter(pl.format("{} {}", "equipment", "alarm").is_in(names))
    return dense(table.filter(pl.col("window_start") + pl.col("window_s") * 1000 <= found.simulated.end_ms))


def dense(table: pl.DataFrame) -> pl.DataFrame:
    """A column that no row has a value in is none; InfluxDB and SQLite keep whole numbers differently."""
    table = table.with_columns(pl.col(pl.Int64).cast(pl.Float64))
    return table.select(name for name in table.columns if table[name].null_count() < len(table))
