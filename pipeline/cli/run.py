"""`parkpulse run CONFIG`: the roles named, or all, until told to stop; on a terminal with a screen of its lines.

Rule: where no terminal is, or each role has a process of its own (`--processes`), nothing is said but the addresses of
the instruments and what the log says.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.ending import Ending

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.config.read import Config
    from pipeline.roles.beginning import Beginning
    from pipeline.roles.start import Park, RoleName
    from pipeline.view.kept_log import KeptLog
    from pipeline.view.words import Words

ConfigFolder = Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder (holds park.toml).")]


def run(
    config: ConfigFolder,
    role: Annotated[list[str] | None, typer.Option(help="gateway, worker, historian or notifier; repeatable.")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="All roles, in processes of their own, with N workers.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Listen there for /metrics, not where park.toml says.")
    ] = None,
) -> None:
    """Run the roles named, or all, until SIGTERM."""
    from pipeline.config.read import read_config

    names, found = _roles(role), read_config(config)
    if processes is not None:
        _in_processes(config, found, role, processes)
    else:
        _in_one(found, names, port or found.http.port)


def _in_one(found: "Config", names: "list[RoleName]", port: int) -> None:
    """These roles in this process."""
    from rich.console import Console

    from pipeline.roles.beginning import Beginning
    from pipeline.runtime.clock import WallClock
    from pipeline.runtime.endpoint import Endpoint
    from pipeline.view.kept_log import logs_kept
    from pipeline.view.screen import can_draw
    from pipeline.view.words import Words

    console, clock = Console(), WallClock()
    with ExitStack() as stack:
        words = Words(found.language)
        kept = stack.enter_context(logs_kept(console, "WARNING" if can_draw(console) else "INFO", words))
        begun = Beginning(found, clock, names)
        ending = Ending(begun.stop)
        http = Endpoint(begun.instruments.registry, begun.lacks, found.http.host, port)
        port = stack.enter_context(http).port
        stack.callback(begun.join)
        begun.start()
        address = f"http://{found.http.host}:{port}/metrics"
        if can_draw(console):
            with ending.watched():
                if park := _begun(begun, words, console):
                    _watch(park, address, kept, console)
        else:
            typer.echo(f"metrics: {address}")
            begun.stop.wait()


def _in_processes(folder: Path, config: "Config", roles: list[str] | None, workers: int) -> None:
    import threading

    from pipeline.core.errors import ConfigError
    from pipeline.roles.processes import Processes
    from pipeline.runtime.logs import setup

    if roles:
        raise ConfigError(f"--processes: runs all roles; got --role {roles[0]} too; leave one of them out")
    setup()
    ending = Ending(threading.Event())
    code = Processes.of(folder, config, workers, typer.echo).run(ending.stop)
    if code:
        raise typer.Exit(code)


def _roles(wanted: list[str] | None) -> "list[RoleName]":
    from pipeline.core.errors import ConfigError
    from pipeline.roles.start import ROLES

    for name in wanted or ():
        if name not in ROLES:
            raise ConfigError(f"--role: unknown role {name!r}; known roles: {', '.join(ROLES)}")
    return [name for name in ROLES if not wanted or name in wanted]


def _begun(begun: "Beginning", words: "Words", console: "Console") -> "Park | None":
    """The roles at work; until then what they wait for is said. None: told to stop before."""
    from pipeline.view.records import safe
    from pipeline.view.screen import PICTURE_S
    from pipeline.view.sentences import sentence

    said = ""
    while not begun.over.wait(PICTURE_S) and not begun.stop.is_set():
        if begun.waiting.what != said:
            said = begun.waiting.what
            console.print(safe(sentence(said, words)), markup=False, highlight=False)
    return begun.park


def _watch(park: "Park", address: str, kept: "KeptLog | None", console: "Console") -> None:
    """The lines on a screen until it is time to stop."""
    from pipeline.view.screen import PICTURE_S, on_screen, watched
    from pipeline.view.troubles import troubles
    from pipeline.view.words import Words

    words = Words(park.config.language)
    view = watched(park.config, park.log, park.clock, words, words["title"])
    foot = f"{words['instruments']} {address} · {words['stop']}"
    view.troubles = lambda: troubles(park, words)
    view.notes = lambda: [*(kept.notes(words) if kept else ()), foot]
    with on_screen(view, console) as screen:
        while not park.stop.wait(PICTURE_S):
            screen.refresh()
