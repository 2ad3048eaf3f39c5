"""`parkpulse check CONFIG`: is this configuration whole and consistent?

Rule: no connection is made; every slip is its own line.
"""

from pathlib import Path
from typing import Annotated

import typer


def check(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")]) -> None:
    """Check a configuration; no connection is made."""
    from pipeline.config.read import read_config

    lines = read_config(config).lines
    units = sum(len(line.units) for line in lines)
    alarms = sum(len(line.alarms) for line in lines)
    typer.echo(f"ok: {len(lines)} lines, {units} units, {alarms} alarms")
