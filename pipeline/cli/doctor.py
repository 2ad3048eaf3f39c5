"""`parkpulse doctor CONFIG`: a look at all that the roles need of the world, a line each: right, or wrong and the cure.

Rule: nothing is changed by it. Exit 1 where anything is wrong; a service that is away is one line, and the others are
looked at all the same.
"""

from pathlib import Path
from typing import Annotated

import typer


def doctor(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")]) -> None:
    """Look at brokers, log, store, clocks and disk: what is wrong, and the cure."""
    from rich.console import Console

    from pipeline.config.read import read_config
    from pipeline.roles.doctor import checks
    from pipeline.runtime.clock import WallClock
    from pipeline.runtime.examine import examine
    from pipeline.view.findings import finding_line
    from pipeline.view.words import Words

    park = read_config(config)
    words, looks, wrong = Words(park.language), 0, 0
    with Console(stderr=True).status("") as status:
        for finding in examine(checks(park, WallClock()), lambda place: status.update(words.said("looking_at", place))):
            typer.echo(finding_line(finding, words))
            looks, wrong = looks + 1, wrong + (not finding.ok)
    typer.echo(words.said("some_wrong", wrong, looks) if wrong else words.said("all_right", looks))
    raise typer.Exit(1 if wrong else 0)
