"""`parkpulse services up|status|down`: the real services as plain processes of one folder, for tests and for trying.

Rule: addresses go to standard output, all else to standard error. Exit code 1 where one that was asked for (without
names: any of them) does not serve at the end.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import TaskID

    from connectors.services.obtain import Tell
    from connectors.services.service import Service
    from connectors.services.standing import Standing

ACTIONS = ("up", "status", "down")
MOST_NODES = 5
PASSING_S = 10.0


def services(
    action: Annotated[str, typer.Argument(metavar="up|status|down", help="Start, look at, or end and remove them.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="up: only these.")] = None,
    kafka_nodes: Annotated[int | None, typer.Option(help="Nodes of Kafka at its first start; 1 if not said.")] = None,
    dir: Annotated[Path, typer.Option(help="Folder of their data and logs; `down` removes it.")] = Path(
        "parkpulse-services"
    ),
    env: Annotated[bool, typer.Option("--env", help="Print the addresses as KEY=value lines.")] = False,
) -> None:
    """Real Mosquitto, Kafka, InfluxDB, Prometheus and Alertmanager on free loopback ports of this machine."""
    from connectors.services.down import take_down
    from connectors.services.standing import look
    from connectors.services.up import bring_up
    from pipeline.core.errors import ConfigError
    from pipeline.core.spelling import unknown

    if action not in ACTIONS:
        raise ConfigError(unknown("action", action, ACTIONS))
    if names and action != "up":
        raise ConfigError(f"services {action}: takes no names; got {' '.join(names)}")
    if kafka_nodes is not None and not 1 <= kafka_nodes <= MOST_NODES:
        raise ConfigError(f"--kafka-nodes: got {kafka_nodes}; expected 1 to {MOST_NODES}")
    if action == "down":
        with _progress() as tell:
            ended = take_down(dir, tell)
        typer.echo(f"{dir}: ended {', '.join(one.name for one in ended)}" if ended else f"{dir}: nothing was up")
        return
    if action == "up":
        with _progress() as tell:
            standings = bring_up(dir, _wanted(names or []), kafka_nodes, os.environ, tell)
    else:
        standings = look(dir, os.environ)
    _say(standings, env, dir)
    if not all(one.serves for one in standings):
        raise typer.Exit(1)


def _wanted(names: list[str]) -> "list[Service]":
    from connectors.services.catalogue import CATALOGUE
    from pipeline.core.errors import ConfigError
    from pipeline.core.spelling import unknown

    known = [service.name for service in CATALOGUE]
    if strange := [name for name in names if name not in known]:
        raise ConfigError(*(unknown("service", name, known) for name in strange))
    return [service for service in CATALOGUE if not names or service.name in names]


def _say(standings: "list[Standing]", env: bool, folder: Path) -> None:
    for one in standings:
        if not one.serves:
            typer.echo(f"{one.service}: {one.note}", err=True)
        elif env:
            typer.echo(f"{one.variable}={one.address}")
        else:
            typer.echo(f"{one.service:<13} {one.address}  {one.note}")
    if not standings:
        typer.echo(f"{folder}: nothing is up; `services up` starts them", err=True)


@contextmanager
def _progress() -> "Iterator[Tell]":
    """On a terminal one moving line a service; else a line for each stage, and now and then what a client prints."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    if not sys.stderr.isatty():
        yield _plain()
        return
    words = TextColumn("{task.description}", markup=False)
    columns = (SpinnerColumn(), TextColumn("{task.fields[service]:<13}"), TimeElapsedColumn(), words)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(service: str, text: str, passing: bool = False) -> None:
            if service not in tasks:
                tasks[service] = bar.add_task("", total=None, service=service)
            bar.update(tasks[service], description=text[: max(20, bar.console.width - 30)])

        yield tell


def _plain() -> "Tell":
    from pipeline.runtime.clock import monotonic

    told: dict[str, float] = {}

    def tell(service: str, text: str, passing: bool = False) -> None:
        if not passing or monotonic() > told.get(service, 0.0) + PASSING_S:
            told[service] = monotonic()
            typer.echo(f"{service}: {text}", err=True)

    return tell
