"""Brings services up in one run folder, each by itself and all at the same time.

Rule: `up` asks of the world only that a service ends up serving: what runs stays, what died is started again, what is
named in the environment is left to its owner, what can't be had is said with what was tried and what would bring it.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from connectors.services.cache import cache_folder
from connectors.services.catalogue import CATALOGUE
from connectors.services.obtain import Means, NotHad, Program, Say, Tell
from connectors.services.processes import has_ended, log_of, running, start
from connectors.services.run_folder import State, opened
from connectors.services.service import Node, Service
from connectors.services.standing import Standing, elsewhere, given
from pipeline.core.errors import ConfigError, Unavailable
from pipeline.runtime.clock import WallClock, monotonic

LOOK_S = 0.05


def bring_up(
    folder: Path, wanted: Iterable[Service], kafka_nodes: int | None, environment: Mapping[str, str], tell: Tell
) -> list[Standing]:
    wanted = list(wanted)
    with opened(folder) as run:
        state = run.read()
        plan_ports(state, kafka_nodes)
        ours = [one for one in wanted if not given(one, state, environment)]
        state.asked = [one.name for one in CATALOGUE if one in ours or one.name in state.asked]
        run.write(state)
        raising = _Raising(run.path, state, cache_folder(environment), tell)
        with ThreadPoolExecutor(len(CATALOGUE)) as threads:
            standings = list(threads.map(lambda one: raising.standing(one, environment), wanted))
        state.asked = [name for name in state.asked if name not in raising.never_started]
        run.write(state)
        if not state.asked:
            run.remove()
    return standings


def plan_ports(state: State, kafka_nodes: int | None) -> None:
    """Ports for all services of the catalogue at the first `up`; Kafka's nodes are fixed with them."""
    for service in CATALOGUE:
        nodes = (kafka_nodes or 1) if service.name == "kafka" else 1
        if service.name not in state.ports:
            state.choose_ports(service.name, service.ports, nodes)
        elif service.name == "kafka" and kafka_nodes not in (None, len(state.ports["kafka"])):
            if service.name not in state.asked:
                state.choose_ports(service.name, service.ports, nodes)
                continue
            raise ConfigError(
                f"--kafka-nodes: Kafka is up with {len(state.ports['kafka'])}; got {kafka_nodes}; "
                "a cluster keeps its nodes: `services down` first"
            )


class _Raising:
    """One `up` at work: its folder, what is planned, and whom to tell."""

    def __init__(self, folder: Path, state: State, cache: Path, tell: Tell) -> None:
        self._folder, self._state, self._cache, self._tell = folder, state, cache, tell
        self._alive = {one.name: one.pid for one in running(folder)}
        self.never_started: set[str] = set()

    def standing(self, service: Service, environment: Mapping[str, str]) -> Standing:
        if address := given(service, self._state, environment):
            return elsewhere(service, address)
        address = service.address_of(self._state)
        try:
            note = self._raise(service, partial(self._tell, service.name))
        except (NotHad, Unavailable, OSError) as error:
            return Standing(service.name, service.variable, address, False, str(error))
        return Standing(service.name, service.variable, address, True, note)

    def _raise(self, service: Service, say: Say) -> str:
        names = self._state.nodes(service.name)
        dead = [name for name in names if name not in self._alive]
        if dead:
            try:
                program = obtain(service, Means(self._cache, say))
            except NotHad:
                self.never_started |= {service.name} if dead == names else set()
                raise
            for name in dead:
                self._start(service, names.index(name), program, say)
        say("waiting until it serves")
        for name in names:
            self._await(service, name)
        return "started" if dead == names else "started again" if dead else "was up"

    def _start(self, service: Service, index: int, program: Program, say: Say) -> None:
        name = self._state.nodes(service.name)[index]
        node = Node(service.name, index, self._folder / name, self._state)
        node.folder.mkdir(exist_ok=True)
        arguments = service.configure(node, program, say)
        say("starting")
        self._alive[name] = start(name, self._folder, program, arguments)

    def _await(self, service: Service, name: str) -> None:
        nodes = self._state.ports[service.name]
        ports = nodes[self._state.nodes(service.name).index(name)]
        log = log_of(name, self._folder)
        until = monotonic() + service.patience_s
        while monotonic() < until:
            if has_ended(self._alive[name]):
                raise Unavailable(f"{name}: ended at its start: {last_word(log)} ({log})")
            if service.serves(ports, len(nodes)):
                service.furnish(ports)
                return
            WallClock().wait(LOOK_S)
        raise Unavailable(f"{name}: does not serve after {service.patience_s:.0f} s: {last_word(log)} ({log})")


def obtain(service: Service, means: Means) -> Program:
    """By the first way that leads to it."""
    reasons = []
    for way in service.ways:
        try:
            return way(means)
        except NotHad as reason:
            reasons.append(str(reason))
    bring = (
        f"{service.bring}, or {service.variable}={service.address.format(host='host', port='port')} of a running one"
    )
    raise NotHad(f"not to be had here: {'; '.join(reasons)}; to bring it: {bring}")


def last_word(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line for line in reversed(lines) if line.strip()), "no word of why")
