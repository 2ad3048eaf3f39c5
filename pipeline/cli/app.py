"""The command: picks the verb, imports only that one, and turns every expected failure into one line and an exit code.

Rule: 0 done, 1 failed while running, 2 wrong configuration or usage, 130 interrupted; no traceback for any of these.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import NamedTuple

import typer

from pipeline.core.errors import ConfigError, Unavailable, plain


class Verb(NamedTuple):
    """`module` holds a function with the verb's name; the sentence is here so that --help imports nothing."""

    name: str
    module: str
    sentence: str


VERBS = (
    Verb("demo", "pipeline.cli.demo", "Bundled factory lines, all roles and a live view, from nothing."),
    Verb("run", "pipeline.cli.run", "The roles of a configuration, until SIGTERM."),
    Verb("check", "pipeline.cli.check", "Check a configuration; no connection is made."),
    Verb("doctor", "pipeline.cli.doctor", "Brokers, log, store, clocks, disk: what is wrong, and the cure."),
    Verb(
        "explain", "pipeline.cli.explain", "Commented sample of a configuration file or an alarm rule; what a KPI is."
    ),
    Verb("query", "pipeline.cli.query", "Results from the store: table, csv, json or parquet."),
    Verb("simulate", "pipeline.cli.simulate", "The bundled lines to a real broker, with their truth book."),
    Verb("replay", "pipeline.cli.replay", "Recorded files to the broker as if live."),
    Verb("reprocess", "pipeline.cli.reprocess", "Results made again from the log, with the present configuration."),
    Verb("inbox", "pipeline.cli.inbox", "Metrics nobody declared, states nobody knows, and the lines to paste."),
    Verb("log", "pipeline.cli.log", "The log for people: frames as tables, rejects with their reason."),
    Verb("services", "pipeline.cli.services", "Real Mosquitto, Kafka, InfluxDB, ... as plain processes for tests."),
    Verb("topics", "pipeline.cli.topics", "Topics of Kafka: made where missing, verified where there."),
    Verb("boards", "pipeline.cli.boards", "Boards for Grafana, from what a configuration declares."),
    Verb("bench", "pipeline.cli.bench", "Benchmarks, each against a named baseline of the same run."),
)


def main() -> None:
    """The entry point `parkpulse`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code."""
    first = next((word for word in arguments if not word.startswith("-")), "")
    return exit_code(lambda: build_app(first)(arguments, prog_name="parkpulse"), lambda: language_of(arguments))


def language_of(arguments: list[str]) -> str:
    """That of `--lang`, else of the configuration that is named, else English."""
    import tomllib
    from pathlib import Path

    told = dict(pairwise(arguments)).get("--lang")
    if told is not None:
        return told if told in ("en", "vi") else "en"
    for folder in map(Path, arguments):
        try:
            found = tomllib.loads((folder / "park.toml").read_text("utf-8-sig")).get("language", "vi")
        except (OSError, ValueError):
            continue
        return found if found in ("en", "vi") else "en"
    return "en"


def exit_code(command: Callable[[], None], language: Callable[[], str] = lambda: "en") -> int:
    """Runs a command; an expected failure becomes its lines on standard error, in this language, and its code."""
    try:
        command()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except ConfigError as error:
        print(*error.slips, sep="\n", file=sys.stderr)
        return 2
    except Unavailable as error:
        print(_spoken(str(error), language()), file=sys.stderr)
        return 1
    except OSError as error:
        text = f"{error.filename or 'system'}: {plain(error)}; mend it and start again"
        print(_spoken(text, language()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _spoken(text: str, language: str) -> str:
    from pipeline.view.sentences import sentence
    from pipeline.view.words import Words

    return sentence(text, Words(language))


def build_app(wanted: str) -> typer.Typer:
    """All verbs by name and sentence; only the wanted one is imported."""
    app = typer.Typer(
        help="ParkPulse: from MQTT samples to KPIs, anomalies and alarms you can trust.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_no_options)
    for verb in VERBS:
        if find_spec(verb.module) is None:
            continue
        if verb.name == wanted:
            app.command(verb.name)(getattr(import_module(verb.module), verb.name))
        else:
            app.command(verb.name, help=verb.sentence)(_no_options)
    return app


def _no_options() -> None:
    """Stands in for what is not imported; a callback keeps Typer from running a single verb without its name."""
