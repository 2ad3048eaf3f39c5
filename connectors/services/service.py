"""What a service is: its name, the variable that names a running one, its ports, the ways to it, how it starts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

from connectors.services.broker_children import HOST
from connectors.services.obtain import Program, Say, Way
from connectors.services.run_folder import Ports, State


@dataclass(frozen=True, slots=True)
class Node:
    """One process to be started: its folder, and the ports of all."""

    service: str
    index: int
    folder: Path
    state: State

    @property
    def ports(self) -> Ports:
        return self.state.ports[self.service][self.index]

    def lay(self, template: str, name: str, **words: object) -> Path:
        """Writes a bundled template into the folder."""
        path = self.folder / name
        path.write_text(template_of(template).substitute(self.ports, host=HOST, folder=self.folder, **words))
        return path


Configure = Callable[[Node, Program, Say], list[str]]
"""Lays down what the process reads, and returns the arguments of its program."""

Serves = Callable[[Ports, int], bool]
"""Whether the node with these ports, one of so many, serves."""

Furnish = Callable[[Ports], None]
"""Makes, in a node that serves, what the pipeline expects to find; doing it again changes nothing."""


def unfurnished(ports: Ports) -> None:
    """Most services need nothing in them."""


@dataclass(frozen=True, slots=True)
class Service:
    """`address` is made from the port `client`; `bring` is what an operator can do where no way leads to it."""

    name: str
    variable: str
    address: str
    ports: tuple[str, ...]
    ways: tuple[Way, ...]
    bring: str
    configure: Configure
    serves: Serves
    patience_s: float = 20.0
    furnish: Furnish = unfurnished

    def address_of(self, state: State) -> str:
        return ",".join(self.address.format(host=HOST, port=ports["client"]) for ports in state.ports[self.name])


@cache
def template_of(name: str) -> Template:
    return Template((files("connectors.services") / "templates" / name).read_text(encoding="utf-8"))
