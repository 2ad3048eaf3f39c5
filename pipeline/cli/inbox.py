"""`parkpulse inbox`: metrics nobody declared, states nobody knows, what was seen of them and the lines to paste.

Rule: it looks on: no lock, no commit, nothing is written. Standard output holds the list and, as a table, below it
TOML; what was looked at, what no file can declare, and what sends numbers as text, is said on standard error.
"""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.core.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from pipeline.config.read import Config
    from pipeline.view.inbox import Inbox
    from pipeline.view.inbox_found import Found
    from pipeline.view.recent import Recent
    from pipeline.view.words import Words

BACK_MS = 3_600_000
LONG = 20_000  # records from which a bar is shown


def inbox(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")],
    *,
    equipment: Annotated[str, typer.Option(metavar="PATH", help="Only this equipment and all below it.")] = "",
    format: Annotated[str, typer.Option(help="table, csv or json.")] = "table",
) -> None:
    """Show metrics nobody declared and states nobody knows, seen in the last hour of the log, with lines to paste."""
    from unicodedata import normalize

    from pipeline.cli.log import looking_reader
    from pipeline.config.read import read_config
    from pipeline.view.inbox import Inbox, declared_series, inbox_table, named_series, number_series
    from pipeline.view.inbox_found import found_in, roles_of, with_roles
    from pipeline.view.inbox_paste import line_texts, named_pace, pastes
    from pipeline.view.recent import recent
    from pipeline.view.words import Words

    if format not in ("table", "csv", "json"):
        raise ConfigError(f"--format: unknown; got {format!r}; expected one of table, csv, json")
    park = read_config(config, ("log",))
    words = Words(park.language)
    path = normalize("NFC", equipment).strip("/")
    seen = Inbox(declared_series(park.lines), path, named_series(park.lines), number_series(park.lines))
    with closing(looking_reader(park, "samples.v1")) as reader:
        newest = recent(reader, BACK_MS)
        _read(newest, seen, words)
    table = inbox_table(seen)
    files = line_texts(park.folder)
    found = found_in(table, park.levels, roles_of(park.lines, named_pace(files)), words)
    _write(with_roles(table, found, park.levels), format, park, words)
    if format == "table":
        for paste in pastes(found, files, words):
            sys.stdout.buffer.write(f"\n{paste.shown()}".encode())
        sys.stdout.buffer.flush()
    _say(found, newest, words)


def _read(newest: "Recent", seen: "Inbox", words: "Words") -> None:
    """With a bar where it takes long and somebody sees it."""
    from rich.console import Console
    from rich.progress import Progress

    is_hidden = not sys.stderr.isatty() or newest.total < LONG
    with Progress(console=Console(stderr=True), transient=True, disable=is_hidden) as progress:
        bar = progress.add_task(words["reading"], total=newest.total)
        for records in newest.polls():
            seen.take(records)
            progress.advance(bar, len(records))


def _write(table: "pl.DataFrame", format: str, park: "Config", words: "Words") -> None:
    from pipeline.view.drawing import write_drawing
    from pipeline.view.export import file_bytes
    from pipeline.view.inbox_found import for_screen

    if format != "table":
        sys.stdout.buffer.write(file_bytes(table, format))
        sys.stdout.buffer.flush()
    elif not table.is_empty():
        shown = for_screen(table, park.levels, words) if sys.stdout.isatty() else table
        write_drawing(shown, park.levels, park.language)


def _say(found: "list[Found]", newest: "Recent", words: "Words") -> None:
    from pipeline.view.inbox import NO_NUMBER, UNKNOWN
    from pipeline.view.records import moment, safe

    if newest.period is None:
        typer.echo(f"inbox: {words['no_records']}", err=True)
        return
    begin, end = (moment(ms).replace(".000Z", "Z") for ms in newest.period)
    strange = sum(one.kind == UNKNOWN for one in found)
    texts = sum(one.kind == NO_NUMBER for one in found)
    counts = {"undeclared": len(found) - strange - texts, "strange": strange, "texts_sent": texts}
    parts = ", ".join(words.counted(n, name) for name, n in counts.items() if n)
    said = words.said("inbox_seen", parts, begin, end) if found else words.said("inbox_empty", begin, end)
    typer.echo(f"inbox: {said}", err=True)
    for one in found:
        quoted = safe(one.quoted.strip())
        hint = words.said("quoted", quoted, quoted.replace(",", ".")) if quoted else ""
        place = "/".join(name for name in (one.line, one.unit, one.metric) if name)
        for sentence in filter(None, (one.slip, hint)):
            typer.echo(f"{safe(place)}: {sentence}", err=True)
