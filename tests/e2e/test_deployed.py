"""Each example of deploy/config, started as it is deployed on the real services, with the bundled lines sent into it.

The park: two gateways, two workers of which one is killed in the middle and another comes; beside it the same lines
through the embedded chain. In InfluxDB, asked in InfluxQL, stands the truth, and an alert is heard once for each fault.
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
from pipeline.roles.store import open_store
from tests.e2e.examples import ALL, TELEGRAF, copied
from tests.e2e.heard import Heard, listening
from tests.e2e.influxql import Asked
from tests.e2e.places import place
from tests.e2e.runs import export
from tests.e2e.simulated import Simulated
from tests.processes import Processes

pytestmark = [pytest.mark.real, pytest.mark.slow]
LENGTH_S = 44  # every fault with a limit is over by then
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


def limits(config: Path) -> set[tuple[str, str]]:
    """(equipment, alarm) of those that hang on event time alone: a silence is measured in the log's own."""
    lines = read_config(config).lines
    return {(f"{line.path}/{a.unit}", a.name) for line in lines for a in line.alarms if a.kind == "limit"}


def incidents(found: Run) -> dict[str, list[dict]]:
    """By id, the transitions of alarms with a limit that were heard."""
    of_limit, out = limits(found.config), dict[str, list[dict]]()
    for told in found.heard.transitions():
        if (told["equipment"], told["alarm"]) in of_limit:
            out.setdefault(told["id"], []).append(told)
    return out


def assert_alerted(found: Run) -> None:
    """Each fault with a limit is one incident on MQTT, raised and cleared, and the same stands in InfluxDB."""
    faults = [f for f in found.simulated.plant.faults if (f.equipment, f.rule) in limits(found.config)]
    assert len(faults) >= len(found.simulated.lines)
    found.processes.await_that(
        lambda: sum(told[-1]["state"] == "norm" for told in incidents(found).values()) >= len(faults), "all cleared"
    )
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
        config = copied("park", folder / "first", first)
        second = {**real, **gateway("second", here.broker, "mosquitto:1883"), ALL: 'families = ["umh", "telegraf"]'}
        copied("park", folder / "second", second)
        copied("park", folder / "plants", real | gateway("plants", here.broker, "mosquitto:1883"))
        embedded = own | EMBEDDED | gateway("embedded", here.broker, "mosquitto:1883")
        copied("park", folder / "embedded", embedded)
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
                yield found
                assert {name: processes.end(name) for name in list(processes.children)} == dict.fromkeys(
                    ("first", "second", "worker-2", "worker-3", "historian", "notifier", "embedded"), 0
                )
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
    assert processes.owned("worker-3")


def test_every_element_of_the_park_is_the_truths_though_a_worker_was_killed(park: Run) -> None:
    park.simulated.assert_true(park.store)


def test_each_fault_of_the_park_is_one_alert(park: Run) -> None:
    assert_alerted(park)


def test_the_embedded_chain_exports_the_same(park: Run) -> None:
    """Windows that ended while samples came; what hangs on the log's own time, silences, is not compared."""
    local = LocalStore(park.processes.folder / "data" / "store.sqlite")
    park.simulated.await_stored(park.processes, local)
    real, embedded = (export(store) for store in (open_store(read_config(park.config)), local))
    for kind in real:
        left, right = (compared(kind, tables[kind], park) for tables in (real, embedded))
        assert not left.is_empty() or kind == "anomaly"
        assert_frame_equal(left, right, check_column_order=False, rel_tol=1e-15, abs_tol=0)


def compared(kind: str, table: pl.DataFrame, found: Run) -> pl.DataFrame:
    if kind == "alerts":
        names = [f"{equipment} {alarm}" for equipment, alarm in limits(found.config)]
        return table.filter(pl.format("{} {}", "equipment", "alarm").is_in(names))
    ended = pl.col("window_start") + pl.col("window_s") * 1000 <= found.simulated.end_ms
    table = table.filter(ended).with_columns(pl.col(pl.Int64).cast(pl.Float64))
    return table.select(name for name in table.columns if table[name].null_count() < len(table))
