"""`parkpulse query`: results from the store, for people (table) and for programs (csv, json, parquet).

Rule: standard output holds the table and nothing else; how many rows it has, or why nothing matches, is said on
standard error. Programs get UTC, people the time of their clocks. A slip of the user is one line there and exit code
2; a store that is not there or does not answer is one line and exit code 1.
"""

import re
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from pipeline.core.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    import polars as pl

    from pipeline.config.read import Config
    from pipeline.view.tables import ResultStore

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def query(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")],
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="metrics, elements, kpis, anomalies, alerts, states or ledger.")
    ],
    *,
    equipment: Annotated[
        str, typer.Option(metavar="PATH", help="Only this equipment and all below it: its path, or the end of one.")
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            "--from", metavar="T", help="First time: ISO 8601 (timezone of park.toml where none is named) or epoch ms."
        ),
    ] = "",
    until: Annotated[
        str, typer.Option("--to", metavar="T", help="Time before which it ends, given the same way.")
    ] = "",
    window: Annotated[
        str, typer.Option(metavar="W", help="Only windows of this length: 1s, 10s, 1m, 15m; or shift.")
    ] = "",
    format: Annotated[str, typer.Option(help="table, csv, json or parquet.")] = "table",
) -> None:
    """Show results from the store: newest revision of each, in order of time, equipment and name."""
    from pipeline.view.export import FORMATS

    try:
        if format not in FORMATS:
            raise _slip("--format", "unknown", format, "one of " + ", ".join(FORMATS))
        if format == "parquet" and sys.stdout.isatty():
            raise ConfigError("--format: parquet is for files; got a terminal; add > FILE.parquet, or use table")
        found, table, missing = _select(config, what, equipment, (since, until), window)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except Unavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if missing:
        typer.echo(f"{what}: {missing}", err=True)
    _write(table, format, found)


def _select(
    folder: Path, what: str, equipment: str, period: tuple[str, str], window: str
) -> "tuple[Config, pl.DataFrame, str]":
    """The table; where it is empty also why."""
    from pipeline.config.read import read_config
    from pipeline.roles.store import look_at_store
    from pipeline.view.nothing import why_nothing
    from pipeline.view.shift_windows import SHIFT
    from pipeline.view.tables import WHATS, Question, query_table
    from pipeline.view.whole_path import whole_path
    from pipeline.view.words import Words

    measurement = next((known for known in WHATS if known == what), None)
    if measurement is None:
        raise _slip("WHAT", "unknown", what, "one of " + ", ".join(WHATS))
    only_shifts = window == SHIFT
    window_s = None if only_shifts else window_seconds(window)
    config = read_config(folder, ("store",))
    since_ms, until_ms = (
        moment_ms(text, o, config.timezone) for text, o in zip(period, ("--from", "--to"), strict=True)
    )
    if only_shifts and config.calendar is None:
        raise ConfigError("--window: 'shift' needs [[shifts]] in park.toml; got none; add them, or ask for a length")
    with closing(look_at_store(config)) as store:
        known = _known(config, store)
        path = whole_path(equipment, known)
        asked = Question(measurement, path, since_ms, until_ms, window_s, config.calendar, only_shifts)
        table = query_table(store, asked, config.levels)
        words = Words(config.language)
        return config, table, why_nothing(store, asked, known, words, config.timezone) if table.is_empty() else ""


def _known(config: "Config", store: "ResultStore") -> list[str]:
    """Paths of what is declared, and of what samples came from."""
    declared = {path for line in config.lines for path in (line.path, *(f"{line.path}/{u.name}" for u in line.units))}
    found = {path for kind in ("ledger", "metric") for path in store.equipment(kind)}
    return sorted(path for path in declared | found if not path.startswith("_"))


def _slip(where: str, what: str, got: str, expected: str) -> ConfigError:
    return ConfigError(f"{where}: {what}; got {got!r}; expected {expected}")


def moment_ms(text: str, option: str, zone: str) -> int | None:
    """`zone`: that of a time which names none.

    >>> moment_ms("2026-05-28T20:26:40.123Z", "--from", "Asia/Ho_Chi_Minh"), moment_ms("", "--from", "UTC")
    (1780000000123, None)
    >>> moment_ms("2026-05-29T03:26:40.123", "--from", "Asia/Ho_Chi_Minh"), moment_ms("1780000000123", "--to", "UTC")
    (1780000000123, 1780000000123)
    """
    if not text:
        return None
    expected = f"ISO 8601 like '2026-05-28T20:26:40Z' ({zone} where no zone is named) or epoch ms"
    slip = _slip(option, "no time", text, expected)
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        ms = int(text)
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise slip from None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        ms = (aware - _EPOCH) // timedelta(milliseconds=1)
    if not _FIRST_MS <= ms <= _LAST_MS:
        raise slip
    return ms


def window_seconds(text: str) -> int | None:
    """
    >>> window_seconds("15m"), window_seconds("")
    (900, None)
    """
    from pipeline.config.amounts import whole_ms

    if not text:
        return None
    try:
        ms = whole_ms(text)
    except ValueError:
        ms = 0
    if ms <= 0 or ms % 1000:
        raise _slip("--window", "no window length", text, "whole seconds like '10s', '1m', '15m', or shift")
    return ms // 1000


def _write(table: "pl.DataFrame", format: str, config: "Config") -> None:
    """Bytes, so that a terminal's encoding changes no letter of a path."""
    from pipeline.view.export import file_bytes

    if format != "table":
        sys.stdout.buffer.write(file_bytes(table, format))
        sys.stdout.buffer.flush()
        return
    from pipeline.view.drawing import write_drawing
    from pipeline.view.tables import local_times
    from pipeline.view.words import Words

    is_screen, words = sys.stdout.isatty(), Words(config.language)
    if is_screen and table.is_empty():
        return
    out = write_drawing(local_times(table, config.timezone), config.levels, config.language)
    if is_screen:
        left_out = f"; {words['left_out']}: {', '.join(out)}" if out else ""
        typer.echo(f"{words.whole(table.height)} {words['rows']}{left_out}", err=True)
