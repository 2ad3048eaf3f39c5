"""What `up` decides before anything runs: ports, nodes, whose service it is, what Kafka is told, what is said."""

import re
from pathlib import Path

import pytest

from connectors.services.catalogue import CATALOGUE
from connectors.services.kafka import cluster_id, configure_kafka
from connectors.services.obtain import Means, NotHad, Program
from connectors.services.run_folder import PORTS, STATE, State, opened
from connectors.services.service import Node
from connectors.services.standing import given
from connectors.services.up import obtain, plan_ports
from connectors.services.ways import on_this_machine
from pipeline.core.errors import ConfigError

KAFKA = next(service for service in CATALOGUE if service.name == "kafka")


def tell_nobody(text: str, passing: bool = False) -> None:
    pass


def planned(kafka_nodes: int | None = None) -> State:
    state = State()
    plan_ports(state, kafka_nodes)
    return state


def settings_of(state: State, folder: Path, index: int) -> dict[str, str]:
    node = Node("kafka", index, folder / f"kafka-{index + 1}", state)
    (node.folder / "data").mkdir(parents=True)
    (node.folder / "data" / "meta.properties").touch()  # formatted before
    assert configure_kafka(node, Program(("java",)), tell_nobody) == ["kafka.Kafka", "server.properties"]
    lines = (node.folder / "server.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_every_port_is_another_and_none_is_one_the_system_gives_out_by_itself() -> None:
    state = planned(kafka_nodes=5)
    ports = [port for nodes in state.ports.values() for its in nodes for port in its.values()]
    assert len(set(ports)) == len(ports) == 2 + 5 * 2 + 3
    assert all(port in PORTS for port in ports)


def test_ports_once_chosen_stay() -> None:
    state = planned()
    before = dict(state.ports)
    plan_ports(state, None)
    assert state.ports == before


def test_a_cluster_that_is_up_keeps_its_nodes() -> None:
    state = planned(kafka_nodes=3)
    state.asked = ["kafka"]
    plan_ports(state, None)
    plan_ports(state, 3)
    assert state.nodes("kafka") == ["kafka-1", "kafka-2", "kafka-3"]
    with pytest.raises(ConfigError, match=r"Kafka is up with 3; got 1; .*`services down` first"):
        plan_ports(state, 1)


def test_kafka_that_was_never_asked_for_can_still_get_other_nodes() -> None:
    state = planned()
    others = {name: ports for name, ports in state.ports.items() if name != "kafka"}
    plan_ports(state, 3)
    assert len(state.ports["kafka"]) == 3
    assert others.items() <= state.ports.items()


def test_an_address_in_the_environment_is_left_to_its_owner_unless_it_is_ours() -> None:
    state = planned()
    ours = KAFKA.address_of(state)
    assert given(KAFKA, state, {}) == ""
    assert given(KAFKA, state, {KAFKA.variable: "10.0.0.1:9092"}) == "10.0.0.1:9092"
    state.asked = ["kafka"]
    assert given(KAFKA, state, {KAFKA.variable: ours}) == ""


@pytest.mark.parametrize(("nodes", "copies", "in_sync"), [(1, "1", "1"), (2, "2", "1"), (3, "3", "2"), (5, "3", "2")])
def test_a_cluster_keeps_as_many_copies_as_it_can_and_loses_one_node_without_loss(
    tmp_path: Path, nodes: int, copies: str, in_sync: str
) -> None:
    state = planned(nodes)
    all_settings = [settings_of(state, tmp_path, i) for i in range(nodes)]
    for settings in all_settings:
        assert {settings[key] for key in settings if key.endswith("replication.factor")} == {copies}
        assert {settings[key] for key in settings if key.endswith(("min.isr", "insync.replicas"))} == {in_sync}
    assert [settings["node.id"] for settings in all_settings] == [str(i) for i in range(1, nodes + 1)]
    assert len({settings["controller.quorum.voters"] for settings in all_settings}) == 1


def test_kafka_listens_on_loopback_alone(tmp_path: Path) -> None:
    settings = settings_of(planned(3), tmp_path, 1)
    places = ",".join(value for key, value in settings.items() if "listeners" in key or "voters" in key)
    assert set(re.findall(r"(?://|@)([^:,]*):", places)) == {"127.0.0.1"}


@pytest.mark.parametrize("folder", ["/a", "/b", "/tmp/x y"])
def test_a_cluster_has_one_id_that_kafka_takes(folder: str) -> None:
    found = cluster_id(Path(folder))
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", found)
    assert found == cluster_id(Path(folder))


def test_what_can_not_be_had_is_said_with_what_was_tried_and_what_would_bring_it(tmp_path: Path) -> None:
    lost = KAFKA.__class__(
        "kafka", "PARKPULSE_TEST_KAFKA", "{host}:{port}", ("client",),
        (on_this_machine("no-such-program"), on_this_machine("sh", version="Kafka 4")), "`apt-get install kafka`",
        KAFKA.configure, KAFKA.serves,
    )  # fmt: skip
    with pytest.raises(NotHad) as said:
        obtain(lost, Means(tmp_path, tell_nobody))
    assert re.fullmatch(
        r"not to be had here: no no-such-program on this machine; \S+/sh calls itself '.*', not Kafka 4; "
        r"to bring it: `apt-get install kafka`, or PARKPULSE_TEST_KAFKA=host:port of a running one",
        str(said.value),
    )


def test_the_state_survives_and_its_folder_is_gone_after_removal(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "run"
    state = planned()
    with opened(place) as run:
        run.write(state)
        (place / "kafka").mkdir()
    with opened(place) as run:
        assert run.read() == state
        run.remove()
    assert not place.exists()


@pytest.mark.parametrize("name", ["kafka", "notes.txt"])
def test_a_folder_of_somebody_else_is_refused_and_nothing_in_it_removed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with opened(tmp_path) as run, pytest.raises(ConfigError, match="expected a new or empty folder"):
        run.read()
    with opened(tmp_path) as run:
        run.remove()
    assert (tmp_path / name).exists()


def test_a_state_that_cannot_be_read_is_said_not_guessed(tmp_path: Path) -> None:
    (tmp_path / STATE).write_text('{"ports": 1}')
    with opened(tmp_path) as run, pytest.raises(ConfigError, match="not a state of services"):
        run.read()
