"""`parkpulse check CONFIG`: is this configuration whole and consistent?

Rule: no connection is made; every slip is its own line. A hint is no failure: it says where figures will be missing.
"""

from pathlib import Path
from typing import Annotated

import typer


def check(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")]) -> None:
    """Check a configuration; no connection is made."""
    from pipeline.config.read import read_config
    from pipeline.view.words import Words

    park = read_config(config)
    counts = {
        "lines": len(park.lines),
        "machines": sum(len(line.units) for line in park.lines),
        "alarms": sum(len(line.alarms) for line in park.lines),
    }
    words = Words(park.language)
    for hint in park.hints:
        typer.echo(f"hint: {hint}", err=True)
    typer.echo(words.said("check_ok", *(words.counted(n, name) for name, n in counts.items())))
