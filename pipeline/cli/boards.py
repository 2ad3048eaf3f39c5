"""`parkpulse boards CONFIG DIR`: the boards for Grafana, made from what CONFIG and the program declare.

Rule: no connection is made; a file that says the same already is left as it is.
"""

from pathlib import Path
from typing import Annotated

import typer


def boards(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder (holds park.toml).")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that Grafana reads boards from.")],
) -> None:
    """Write the boards for Grafana, in Vietnamese and English."""
    from pipeline.config.read import read_config
    from pipeline.view.boards.made import board_files

    changed = False
    for name, text in board_files(read_config(config, ())):
        file = folder / name
        if file.exists() and file.read_text("utf-8") == text:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        changed = True
        typer.echo(f"{file}")
    if not changed:
        typer.echo(f"ok: {folder}")
