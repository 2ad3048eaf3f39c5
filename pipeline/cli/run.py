"""`parkpulse run CONFIG`: the roles named, or all, until SIGTERM or Ctrl-C; on a terminal with a screen of its lines.

Rule: where no terminal is, nothing is said but the address of the instruments and what the log says.
"""

import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.roles.start import Park
    from pipeline.view.screen import Watched
    from pipeline.view.words import Words

ConfigFolder = Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder (holds park.toml).")]


def run(
    config: ConfigFolder,
    role: Annotated[list[str] | None, typer.Option(help="gateway, worker, historian or notifier; repeatable.")] = None,
) -> None:
    """Run the roles named, or all, until SIGTERM."""
    from rich.console import Console

    from pipeline.config.read import read_config
    from pipeline.core.errors import ConfigError
    from pipeline.roles.start import ROLES, Park, open_log, started
    from pipeline.runtime.clock import WallClock
    from pipeline.runtime.endpoint import Endpoint
    from pipeline.view.kept_log import logs_kept
    from pipeline.view.screen import can_draw, watched
    from pipeline.view.words import Words

    found = read_config(config)
    unknown = [name for name in role or () if name not in ROLES]
    if unknown:
        raise ConfigError(f"--role: unknown role {unknown[0]!r}; known roles: {', '.join(ROLES)}")
    console, clock, words = Console(), WallClock(), Words(found.language)
    has_screen = can_draw(console)
    with ExitStack() as stack:
        kept = stack.enter_context(logs_kept(console, "WARNING" if has_screen else "INFO", words))
        log = open_log(found, clock)
        park = Park(found, clock, log)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: park.stop.set())
        endpoint = stack.enter_context(
            Endpoint(park.instruments.registry, park.lacks, found.http.host, found.http.port)
        )
        started(stack, park, [name for name in ROLES if not role or name in role])
        address = f"http://{found.http.host}:{endpoint.port}/metrics"
        if not has_screen:
            typer.echo(f"metrics: {address}")
            park.stop.wait()
            return
        view = watched(found, log, clock, words, words["title"])
        foot = f"{words['instruments']} {address} · {words['stop']}"
        view.notes = lambda: [*troubles(park, words), *(kept.notes(words) if kept else ()), foot]
        _watch(view, console, park)


def troubles(park: "Park", words: "Words") -> list[str]:
    """The roles that lack something; what exactly, the log says."""
    rivalled = park.rivalled
    return [
        f"{name}: {words['rival' if name in rivalled else 'trouble']}"
        for name, role in park.roles.items()
        if role.trouble
    ]


def _watch(view: "Watched", console: "Console", park: "Park") -> None:
    from pipeline.view.screen import PICTURE_S, on_screen

    with on_screen(view, console) as screen:
        while not park.stop.wait(PICTURE_S):
            screen.refresh()
