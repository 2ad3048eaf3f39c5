"""How services stand: where each serves, or why it does not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.services.catalogue import CATALOGUE
from connectors.services.processes import running
from connectors.services.ready import listens
from connectors.services.run_folder import State, opened
from connectors.services.service import Service


@dataclass(frozen=True, slots=True)
class Standing:
    """One service; `note` is why it does not serve, or else how it came to."""

    service: str
    variable: str
    address: str
    serves: bool
    note: str


def given(service: Service, state: State, environment: Mapping[str, str]) -> str:
    """The address of one that somebody else runs; our own, exported after an `up`, is none."""
    address = environment.get(service.variable, "")
    return "" if service.name in state.asked and address == service.address_of(state) else address


def elsewhere(service: Service, address: str) -> Standing:
    """A service of somebody else: it is enough that something listens at its first address."""
    place = re.match(r"(?:\w+://)?(?:\[(?P<six>.+)\]|(?P<host>[^:/,]+)):(?P<port>\d+)", address)
    serves = place is not None and listens(int(place["port"]), place["six"] or place["host"])
    note = f"by {service.variable}"
    if not serves:
        note = f"{service.variable}: nothing answers there; got {address!r}; expected a running one; start or unset it"
    return Standing(service.name, service.variable, address, serves, note)


def look(folder: Path, environment: Mapping[str, str]) -> list[Standing]:
    """How those asked for stand, and those named in the environment."""
    with opened(folder) as run:
        state = run.read()
        alive = {one.name: one.pid for one in running(run.path)}
        found = []
        for service in CATALOGUE:
            if service.name in state.asked:
                found.append(_stands(service, state, alive))
            elif address := environment.get(service.variable):
                found.append(elsewhere(service, address))
        if not state.asked:
            run.remove()
    return found


def _stands(service: Service, state: State, alive: Mapping[str, int]) -> Standing:
    nodes = state.nodes(service.name)
    ports = state.ports[service.name]
    dead = [name for name in nodes if name not in alive]
    deaf = [name for name, its in zip(nodes, ports, strict=True) if not service.serves(its, len(nodes))]
    numbers = ", ".join(str(alive[name]) for name in nodes if name in alive)
    note = f"died: {', '.join(dead)}; `services up` starts it again" if dead else f"does not serve: {', '.join(deaf)}"
    serves = not dead and not deaf
    return Standing(
        service.name, service.variable, service.address_of(state), serves, f"pid {numbers}" if serves else note
    )
