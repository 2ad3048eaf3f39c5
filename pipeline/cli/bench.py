"""`parkpulse bench [NAME]`: the benchmarks, each against a named baseline of the same run.

Rule: numbers are printed only when the results behind them are right; a benchmark that loses or invents a sample is
one line on standard error and exit code 1.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.bench.table import Row

BENCHES = {"core": "", "decode": "", "mqtt": "", "worker": "kafka", "store": "influx"}  # name: the extra that it needs
ROUNDS, SHORT_ROUNDS = 9, 5


def bench(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help=f"{', '.join(BENCHES)}; without it the short form of all.")
    ] = "",
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the table there as JSON.")] = None,
) -> None:
    """Measure this machine: median, least and greatest of the rounds, and the ratio to a baseline."""
    from rich.console import Console

    from pipeline.bench.loads import Mismatch
    from pipeline.bench.table import drawing, to_json
    from pipeline.core.errors import ConfigError, Unavailable
    from pipeline.core.spelling import unknown

    if name and name not in BENCHES:
        raise ConfigError(unknown("benchmark", name, BENCHES))
    rounds = ROUNDS if name else SHORT_ROUNDS
    rows: list[Row] = []
    for one in [name] if name else BENCHES:
        try:
            found = _measured(one, rounds)
        except (ConfigError, Unavailable) as error:
            if name:
                raise
            typer.echo(f"{one}: not measured: {error}", err=True)
            continue
        except Mismatch as error:
            typer.echo(f"{one}: {error}", err=True)
            raise typer.Exit(1) from None
        Console(width=None if Console().is_terminal else 160).print(drawing(one, found))
        rows += found
    if json is not None:
        json.write_text(to_json(name or "all", rows), encoding="utf-8")


def _measured(name: str, rounds: int) -> "list[Row]":
    from rich.console import Console
    from rich.progress import Progress

    steps, run = _bench(name)
    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(name, total=steps(rounds))
        return list(run(rounds, lambda text: bar.update(task, advance=1, description=text)))


def _bench(name: str) -> "tuple[Callable[[int], int], Callable[[int, Callable[[str], None]], Iterator[Row]]]":
    """Its number of steps, and itself; a client library that it is measured against may be missing."""
    from pipeline.core.errors import ConfigError

    try:
        match name:
            case "worker":
                from pipeline.bench import worker

                return worker.steps, worker.run
            case "store":
                from pipeline.bench import store

                return store.steps, store.run
    except ModuleNotFoundError as error:
        extra = BENCHES[name]
        raise ConfigError(f"needs the package {error.name}; run pip install 'parkpulse[{extra}]'") from error
    from pipeline.bench import core, decode, mqtt

    built_in = {"core": (core.steps, core.run), "decode": (decode.steps, decode.run), "mqtt": (mqtt.steps, mqtt.run)}
    return built_in[name]
