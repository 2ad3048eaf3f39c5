"""`parkpulse log`: the log for people: frames as tables, results and alerts one a line, rejects with their reason.

Rule: it looks on: no lock, no commit, and nothing is created where no log is yet.
"""

import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.core.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from pipeline.config.read import Config
    from pipeline.core.ports import Log, Reader, Record

WAIT_S = 0.5


def log(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")],
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", help="samples.v1, results.v1, alerts.v1, commands.v1, late.v1, rejects.v1")
    ] = "samples.v1",
    *,
    line: Annotated[str, typer.Option(metavar="PATH", help="Only this line, or all lines below this path.")] = "",
    since: Annotated[
        str, typer.Option("--from", metavar="T", help="First append time: ISO 8601 (UTC) or epoch ms.")
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more until Ctrl-C.")] = False,
) -> None:
    """Show the log: each record with its partition:offset and append time, and what it holds."""
    from unicodedata import normalize

    from pipeline.cli.query import moment_ms
    from pipeline.config.read import read_config
    from pipeline.core.equipment import is_below
    from pipeline.core.spelling import unknown
    from pipeline.roles.start import TOPICS
    from pipeline.view.records import line_of, record_lines

    if topic not in TOPICS:
        raise ConfigError(f"TOPIC: {unknown('topic', topic, TOPICS)}")
    since_ms = moment_ms(since, "--from", "UTC")
    path = normalize("NFC", line).strip("/")
    found = read_config(config, ("log",))
    width = get_terminal_size().columns if sys.stdout.isatty() else 0
    shown, passed = False, Passed()
    with closing(looking_reader(found, topic)) as reader, suppress(*([KeyboardInterrupt] if follow else [])):
        for record in _records(reader, follow):
            if (since_ms is None or record.append_ms >= since_ms) and is_below(line_of(record), path):
                typer.echo(drawn(record_lines(topic, record, found.language), width))
                shown = True
            elif not shown:
                passed.note(line_of(record), record.append_ms)
    if not shown and not follow:
        typer.echo(f"{topic}: {passed.said(found.language)}", err=True)


@dataclass
class Passed:
    """What was there and did not match: the lines, and between which times of append."""

    lines: dict[str, None] = field(default_factory=dict)
    period: tuple[int, int] | None = None

    def note(self, line: str, append_ms: int) -> None:
        self.lines[line] = None
        first, last = self.period or (append_ms, append_ms)
        self.period = (min(first, append_ms), max(last, append_ms))

    def said(self, language: str) -> str:
        from pipeline.view.nothing import nothing_there
        from pipeline.view.words import Words

        words = Words(language)
        return nothing_there(list(self.lines), self.period, words) if self.period else words["no_records"]


def looking_reader(config: "Config", topic: str) -> "Reader":
    """The group "" looks on."""
    return standing_log(config).reader(topic, "")


def standing_log(config: "Config") -> "Log":
    """`open_log` would create what is missing, so the log must be there."""
    from pipeline.roles.start import open_log
    from pipeline.runtime.clock import WallClock

    if config.log.kind == "memory":
        raise Unavailable("park.toml: log.kind: a log in memory is seen by its own process alone; use 'sqlite'")
    folder = config.data_dir / "log"
    if config.log.kind == "sqlite" and not (folder / "meta.sqlite").exists():
        raise Unavailable(f"no log yet at {folder}; start with parkpulse run")
    return open_log(config, WallClock())


def _records(reader: "Reader", follow: bool) -> Iterator["Record"]:
    """All that is there now, by append time within a poll; with `follow`, what comes later too."""
    left = {partition: reader.end_offset(partition) for partition in reader.partitions}
    while follow or left:
        records = reader.poll(WAIT_S if follow else 0)
        if not records and not follow:
            return
        for record in sorted(records, key=lambda one: (one.append_ms, one.partition, one.offset)):
            if follow or record.offset < left.get(record.partition, 0):
                yield record
            if record.offset + 1 >= left.get(record.partition, 0):
                left.pop(record.partition, None)


def drawn(lines: list[str], width: int) -> bytes:
    """Folded under its own indent where a screen is narrower; bytes, so that an encoding changes no letter."""
    folded = [part for line in lines for part in (_folded(line, width) if 0 < width < len(line) else [line])]
    return "\n".join(folded).encode()


def _folded(line: str, width: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) if width > len(indent) + 10 else [line]
