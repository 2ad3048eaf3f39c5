"""`parkpulse bench [NAME]`: the benchmarks, each against a named baseline of the same run.

Rule: numbers are printed only when the results behind them are right; a benchmark that loses or invents a sample is
one line on standard error and exit code 1. Without a name all of them make one table.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.bench.catalogue import BENCHES

if TYPE_CHECKING:
    from pipeline.bench.table import Row

ROUNDS, SHORT_ROUNDS = 9, 5


def bench(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help=f"{', '.join(BENCHES)}; without it the short form of all.")
    ] = "",
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the table there as JSON.")] = None,
    doc: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figures into this document and the JSON beside it.")
    ] = None,
) -> None:
    """Measure this machine: median, least and greatest of the rounds, and the ratio to a baseline."""
    from rich.console import Console

    from pipeline.bench.document import write_document
    from pipeline.bench.services import serving
    from pipeline.bench.table import drawing, to_json
    from pipeline.core.errors import ConfigError
    from pipeline.core.spelling import unknown

    if name and name not in BENCHES:
        raise ConfigError(unknown("benchmark", name, BENCHES))
    wanted = [name] if name else list(BENCHES)
    with serving([service for one in wanted for service in BENCHES[one].services]) as missing:
        found = {one: rows for one in wanted if (rows := _timed(one, missing, alone=bool(name)))}
    Console(width=None if Console().is_terminal else 160).print(drawing(found))
    if json is not None:
        json.write_text(to_json(name or "all", [row for rows in found.values() for row in rows]), encoding="utf-8")
    if doc is not None:
        write_document(doc, found)


def _timed(name: str, missing: dict[str, str], alone: bool) -> "list[Row]":
    """Says how long it took where no bar shows it."""
    import sys

    from pipeline.runtime.clock import monotonic

    began = monotonic()
    rows = _measured(name, missing, alone)
    if not sys.stderr.isatty():
        typer.echo(f"{name}: {monotonic() - began:.0f} s", err=True)
    return rows


def _measured(name: str, missing: dict[str, str], alone: bool) -> "list[Row]":
    """Nothing where something is missing, said in a line; alone that is a failure."""
    from pipeline.bench.loads import Mismatch
    from pipeline.core.errors import ConfigError, Unavailable

    try:
        lacking = [f"{service}: {missing[service]}" for service in BENCHES[name].services if service in missing]
        if lacking:
            raise Unavailable("; ".join(lacking))
        return _rows(name, ROUNDS if alone else SHORT_ROUNDS)
    except (ConfigError, Unavailable) as error:
        if alone:
            raise
        typer.echo(f"{name}: not measured: {error}", err=True)
        return []
    except Mismatch as error:
        typer.echo(f"{name}: {error}", err=True)
        raise typer.Exit(1) from None


def _rows(name: str, rounds: int) -> "list[Row]":
    from rich.console import Console
    from rich.progress import Progress

    from pipeline.core.errors import ConfigError

    try:
        module = import_module(f"pipeline.bench.{name}")
    except ModuleNotFoundError as error:  # a client library that it is measured against
        extras = BENCHES[name].extras
        raise ConfigError(f"needs the package {error.name}; run pip install 'parkpulse[{extras}]'") from error
    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(name, total=module.steps(rounds))
        return list(module.run(rounds, lambda text: bar.update(task, advance=1, description=text)))
