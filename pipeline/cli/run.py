"""`parkpulse run CONFIG`: the roles named, or all, until SIGTERM or Ctrl-C."""

import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

ConfigFolder = Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder (holds park.toml).")]


def run(
    config: ConfigFolder,
    role: Annotated[list[str] | None, typer.Option(help="gateway, worker, historian or notifier; repeatable.")] = None,
) -> None:
    """Run the roles named, or all, until SIGTERM."""
    from pipeline.config.read import read_config
    from pipeline.core.errors import ConfigError
    from pipeline.roles.start import ROLES, Park, open_log, started
    from pipeline.runtime.clock import WallClock
    from pipeline.runtime.endpoint import Endpoint
    from pipeline.runtime.logs import setup

    found = read_config(config)
    unknown = [name for name in role or () if name not in ROLES]
    if unknown:
        raise ConfigError(f"--role: unknown role {unknown[0]!r}; known roles: {', '.join(ROLES)}")
    setup()
    clock = WallClock()
    with ExitStack() as stack:
        log = open_log(found, clock)
        park = Park(found, clock, log)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: park.stop.set())
        endpoint = stack.enter_context(
            Endpoint(park.instruments.registry, park.is_ready, found.http.host, found.http.port)
        )
        started(stack, park, [name for name in ROLES if not role or name in role])
        typer.echo(f"metrics: http://{found.http.host}:{endpoint.port}/metrics")
        park.stop.wait()
