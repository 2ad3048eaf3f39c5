"""`parkpulse demo`: bundled factory lines, all roles and a view, from nothing."""

import sys
import threading
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.ending import Ending

if TYPE_CHECKING:
    from pipeline.view.kept_log import KeptLog
    from pipeline.view.screen import View, Watched
    from simulators.demo import Demo

FIXED_START_MS = 1_780_000_000_000
DAY_MS = 86_400_000
LOOK_S = 0.05
"""How exactly latencies are measured."""


def demo(
    seconds: Annotated[float | None, typer.Option(help="Simulated seconds to run; without it until Ctrl-C.")] = None,
    speed: Annotated[float, typer.Option(help="Upper limit of speed; 1 = live.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the plant.")] = 1,
    start: Annotated[str | None, typer.Option(help="First event time: ISO 8601 or epoch ms.")] = None,
    data: Annotated[Path, typer.Option(help="Folder for configuration, log and store.")] = Path("parkpulse-data"),
    summary: Annotated[Path | None, typer.Option(help="Write the summary of the run there (JSON).")] = None,
    lang: Annotated[str, typer.Option(help="Language of the screen: vi or en.")] = "en",
    port: Annotated[int, typer.Option(help="Port of the embedded MQTT broker; 0: a free one.")] = 0,
) -> None:
    """Run the bundled plant on this machine: no broker, no account, nothing to configure."""
    from rich.console import Console

    from pipeline.view.kept_log import logs_kept
    from pipeline.view.screen import shown
    from pipeline.view.words import Words
    from simulators.bundled import bundled_lines
    from simulators.demo import Demo, is_whole, write_summary
    from simulators.plant import Plant

    _check(lang, seconds, speed)
    console, ending = Console(), Ending(threading.Event())
    first = start_ms(start, speed, seed)
    run = Demo(data, first, lambda begin: Plant(bundled_lines(), seed, begin), speed, lang, port)
    with logs_kept(console, "WARNING", Words(lang)) as kept, run:
        _greet(run, lang, data)
        with shown(_watched(run, lang, data, kept), console, typer.echo) as view, ending.watched():
            _drive(run, seconds, ending.stop, view)
        run.finish()
        found = run.summary()
    if summary is not None:
        write_summary(found, summary)
    say_end(found, lang)
    if not is_whole(found):
        raise typer.Exit(1)


def _check(lang: str, seconds: float | None, speed: float) -> None:
    from pipeline.core.errors import ConfigError

    if lang not in ("vi", "en"):
        raise ConfigError(f"--lang: unknown language {lang!r}; expected vi or en")
    for option, number in (("--seconds", seconds), ("--speed", speed)):
        if number is not None and number <= 0:
            raise ConfigError(f"{option}: got {number:g}; expected a number above 0")


def start_ms(text: str | None, speed: float, seed: int) -> int:
    """First event time, on the grid of 100 ms: what was asked, else now when live, else fixed by the seed."""
    from pipeline.core.errors import ConfigError
    from pipeline.runtime.clock import WallClock

    if text is None:
        now = WallClock().now_ms()
        return (now if speed == 1 else FIXED_START_MS + seed * DAY_MS) // 100 * 100
    try:
        if text.isdecimal():
            return int(text) // 100 * 100
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000) // 100 * 100
    except ValueError:
        raise ConfigError(f"--start: no time; got {text!r}; expected ISO 8601 or epoch ms") from None


def _greet(run: "Demo", lang: str, data: Path) -> None:
    from pipeline.view.words import Words

    w = Words(lang)
    if run.took_up:
        typer.echo(w["took_up"])
    typer.echo(f"{w['demo']}  {w['broker']}: {run.broker.url} ({run.broker.kind})  {w['data']}: {data}")
    typer.echo(f"{w['watch']}: mosquitto_sub -h 127.0.0.1 -p {run.broker.port} -v -t 'parkpulse/v1/alerts/#'")
    typer.echo(f"{w['query']}: {sys.argv[0]} query {data}/config kpis")


def _watched(run: "Demo", lang: str, data: Path, kept: "KeptLog | None") -> "Watched":
    """The run on the screen; its latency is that of the newest second, measured by the wall."""
    from pipeline.view.screen import watched
    from pipeline.view.troubles import troubles
    from pipeline.view.words import Words
    from simulators.demo import LATENESS_MS
    from simulators.summary import latency

    def delay_ms() -> float | None:
        newest = dict(islice(reversed(run.live.results_seen.items()), 20))
        return latency(run.drive.sent_at, newest, LATENESS_MS)["p50"]

    w = Words(lang)
    found = watched(run.config, run.log, run.clock, w, w["demo"])
    foot = f"{w['broker']} {run.broker.url} · {w['data']} {data} · {w['stop']}"
    found.troubles = lambda: troubles(run.park, w)
    found.notes = lambda: [*(kept.notes(w) if kept else ()), foot]
    found.delay_ms = delay_ms
    return found


def _drive(run: "Demo", seconds: float | None, stop: threading.Event, view: "View") -> None:
    from pipeline.runtime.clock import monotonic

    until = None if seconds is None else run.start_ms + round(seconds * 1000)
    looked = monotonic()

    def goes_on() -> bool:
        """Looks and shows, also while nothing can be written."""
        nonlocal looked
        if monotonic() - looked >= LOOK_S:
            run.live.look()
            looked = monotonic()
        view.refresh()
        return not stop.is_set()

    while goes_on() and (until is None or run.drive.now_ms < until):
        run.tick(goes_on)


def say_end(found: dict[str, object], lang: str) -> None:
    from pipeline.view.words import Words
    from simulators.demo import is_whole

    w = Words(lang)
    counted = found["samples"]
    text = ", ".join(f"{w[name]} {w.whole(n)}" for name, n in counted.items()) if isinstance(counted, dict) else ""
    typer.echo(f"{w['end']}: {text}")
    if is_whole(found):
        typer.echo(w["whole"])
    else:
        typer.echo(w["failed"], err=True)
