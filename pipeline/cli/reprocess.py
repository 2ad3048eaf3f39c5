"""`parkpulse reprocess CONFIG --from T`: samples.v1 read again with the present configuration, and what that changes.

Rules: live work goes on and notices nothing; no alert is sent again. Where nothing differs nothing is written. What
differs is corrected in place, with revisions above those there, or all of it goes into a second store (`--into`).
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.core.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from connectors.influx.store import InfluxStore
    from connectors.local_store import LocalStore
    from pipeline.config.read import Config
    from pipeline.core.ports import Log
    from pipeline.roles.reprocess import Reprocess
    from pipeline.view.words import Words

SHOWN = 40


def reprocess(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Configuration folder.")],
    *,
    since: Annotated[
        str,
        typer.Option(
            "--from", metavar="T", help="First window: ISO 8601 (timezone of park.toml where none is named) or ms."
        ),
    ],
    line: Annotated[str, typer.Option(metavar="PATH", help="Only this line: its path, or the end of one.")] = "",
    into: Annotated[
        Path | None, typer.Option(metavar="STORE", help="New folder for a second store; none: the store is corrected.")
    ] = None,
) -> None:
    """Make results again from the log, with the present configuration."""
    from pipeline.cli.log import standing_log
    from pipeline.cli.query import moment_ms
    from pipeline.config.read import read_config
    from pipeline.roles.reprocess import Reprocess
    from pipeline.roles.store import look_at_store
    from pipeline.view.words import Words

    found = read_config(config, ("log", "store"))
    since_ms = moment_ms(since, "--from", found.timezone)
    if since_ms is None:
        raise ConfigError("--from: no time; got ''; expected ISO 8601 like '2026-05-28T20:26:40Z' or epoch ms")
    if into is not None and into.exists():
        raise ConfigError(f"--into: there is something already; got {into}; expected the name of a new folder")
    with closing(look_at_store(found)) as store, closing(standing_log(found)) as log:
        known = {one.path for one in found.lines} | set(store.equipment("ledger"))
        again = Reprocess(found, log, since_ms, _line(line, known))
        with _made(found, into) as made:
            with _bar() as note:
                again.run(made, note)
            comparison = Comparison(found, log, store, made, again, Words(found.language))
            comparison.tell(into)


def _line(asked: str, known: set[str]) -> str:
    from unicodedata import normalize

    path = normalize("NFC", asked).strip("/")
    fitting = sorted(one for one in known if one == path or one.endswith(f"/{path}"))
    if not path or len(fitting) == 1:
        return fitting[0] if path else ""
    raise ConfigError(
        f"--line: {'more than one ends so' if fitting else 'no such line'}; got {asked!r}; "
        f"expected one of {', '.join((fitting or sorted(known))[:5])}"
    )


@contextmanager
def _made(config: "Config", into: Path | None) -> Iterator["LocalStore"]:
    """The store that is filled: the second one, or one for the time of the comparison."""
    from connectors.local_store import LocalStore

    if into is not None:
        with closing(LocalStore(into / "store.sqlite")) as store:
            yield store
        return
    with (
        TemporaryDirectory(prefix="reprocess-", dir=config.data_dir) as folder,
        closing(LocalStore(Path(folder) / "store.sqlite")) as store,
    ):
        yield store


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("samples.v1")
        yield lambda done, total: bar.update(task, completed=done, total=total)


@dataclass(frozen=True)
class Comparison:
    """What is stored, beside what was made again."""

    config: "Config"
    log: "Log"
    store: "InfluxStore | LocalStore"
    made: "LocalStore"
    again: "Reprocess"
    words: "Words"

    def tell(self, into: Path | None) -> None:
        """What differs, then what became of it."""
        from pipeline.roles.correct import correct

        found, words = self._found(), self.words
        typer.echo(self._drawn(found), nl=False)
        if into is not None:
            results, alerts = (words.whole(count) for count in self.made.counts())
            typer.echo(words.said("reprocess_into", results, alerts, into))
        elif written := correct(found, self.again, self.made, self.log, self.store):
            typer.echo(words.said("reprocess_written", words.whole(written)))

    def _found(self) -> "pl.DataFrame":
        import polars as pl

        from pipeline.view.changes import KINDS, SCHEMA, Extent, changes

        parts = [
            changes(self.store, self.made, kind, Extent(path, since, until, clock))
            for path, (clock, _) in sorted(self.again.ends.items())
            for since, until in self.again.spans(clock)
            for kind in KINDS
        ]
        return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])

    def _drawn(self, found: "pl.DataFrame") -> str:
        from pipeline.view.changes import counted, for_people
        from pipeline.view.drawing import write_drawing
        from pipeline.view.tables import local_times

        words, config = self.words, self.config
        if found.is_empty():
            return words.said("reprocess_same", words.whole(self.made.counts()[0])) + "\n"
        shown = for_people(found, config.calendar, SHOWN)
        shown = shown.rename({name: words[name] for name in ("figure", "before", "after")})
        write_drawing(local_times(shown, config.timezone), (), config.language)
        numbers = counted(found)
        more = words.said("reprocess_shown", *map(words.whole, (SHOWN, numbers[0]))) if numbers[0] > SHOWN else ""
        return "\n".join([*filter(None, [more]), words.said("reprocess_end", *map(words.whole, numbers)), ""])
