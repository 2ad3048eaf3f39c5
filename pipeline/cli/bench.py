"""`parkpulse bench [NAME]`: the benchmarks, each against a named baseline of the same run.

Rule: numbers are printed only when the results behind them are right; a benchmark that loses or invents a sample is
one line on standard error and exit code 1.
"""

from pathlib import Path
from typing import Annotated

import typer

ROUNDS, SHORT_ROUNDS = 9, 5


def bench(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="core; without it the short form of all.")] = "",
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the table there as JSON.")] = None,
) -> None:
    """Measure this machine: median, least and greatest of the rounds, and the ratio to a baseline."""
    from rich.console import Console
    from rich.progress import Progress

    from pipeline.bench import core
    from pipeline.bench.loads import Mismatch
    from pipeline.bench.table import drawing, to_json
    from pipeline.core.errors import ConfigError
    from pipeline.core.spelling import unknown

    if name not in ("", "core"):
        raise ConfigError(unknown("benchmark", name, ["core"]))
    rounds = ROUNDS if name else SHORT_ROUNDS
    screen = Console(stderr=True)
    try:
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
            task = bar.add_task("core", total=core.steps(rounds))
            rows = list(core.run(rounds, lambda text: bar.update(task, advance=1, description=text)))
    except Mismatch as error:
        typer.echo(f"core: {error}", err=True)
        raise typer.Exit(1) from None
    Console(width=None if Console().is_terminal else 160).print(drawing("core", rows))
    if json is not None:
        json.write_text(to_json("core", rows), encoding="utf-8")
